//! Load balancers: made by the API or by the cloud controller of a cluster, active after a minute or so.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::catalogue::regions;
use super::context::Context;
use super::events::Event;
use super::fields::{self, Fields, has_form};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{LoadBalancer, State};
use crate::runtime::Dates;

const LIMIT: u64 = 50;

impl LoadBalancer {
    pub(super) fn json(&self) -> Value {
        let mut value = json!({
            "id": self.id,
            "name": self.name,
            "ip": self.ip,
            "status": self.status,
            "created_at": self.created_at,
            "region": regions::json_of(&self.region),
            "vpc_uuid": self.vpc_uuid,
            "project_id": self.project_id,
            "droplet_ids": self.droplet_ids,
            "tag": self.tag.clone().unwrap_or_default(),
        });
        for (name, setting) in &self.settings {
            value[name] = setting.clone();
        }
        value
    }
}

/// A load balancer that is to be made.
pub(super) struct NewLoadBalancer {
    pub(super) name: String,
    pub(super) region: String,
    pub(super) vpc_uuid: String,
    pub(super) project_id: String,
    pub(super) droplet_ids: Vec<u64>,
    pub(super) tag: Option<String>,
    pub(super) settings: Map<String, Value>,
    pub(super) cluster: Option<String>,
    pub(super) service_uid: Option<String>,
}

/// Makes it, with its future; its id.
pub(super) fn make(state: &mut State, context: &Context, now: u64, new: NewLoadBalancer) -> String {
    let id = state.uuid("load balancer", &new.name);
    let fault = context.faults.create("load_balancer", &new.name);
    let takes = state.takes("load balancer", &id, (60, 90)) + fault.slow;
    let balancer = LoadBalancer {
        id: id.clone(),
        name: new.name,
        region: new.region,
        status: "new".into(),
        ip: String::new(),
        created_at: Dates::date_now(),
        vpc_uuid: new.vpc_uuid,
        project_id: new.project_id,
        droplet_ids: new.droplet_ids,
        tag: new.tag,
        settings: new.settings,
        cluster: new.cluster,
        service_uid: new.service_uid,
        message: String::new(),
        deleting: false,
    };
    state.load_balancers.insert(id.clone(), balancer);
    let load_balancer = id.clone();
    let event = match fault.fail {
        Some(message) => Event::LoadBalancerErrored { load_balancer, message },
        None => Event::LoadBalancerActive { load_balancer },
    };
    state.after(now, takes, event);
    id
}

pub(super) fn active(state: &mut State, id: &str) {
    let ip = state.address("203.0.113", &format!("load balancer/{id}"));
    if let Some(balancer) = state.load_balancers.get_mut(id) {
        (balancer.status, balancer.ip) = ("active".into(), ip);
    }
}

pub(super) fn errored(state: &mut State, id: &str, message: &str) {
    if let Some(balancer) = state.load_balancers.get_mut(id) {
        (balancer.status, balancer.message) = ("errored".into(), message.to_owned());
    }
}

pub(super) fn gone(state: &mut State, id: &str) {
    state.load_balancers.shift_remove(id);
}

/// Starts to delete it; it is listed for some seconds more.
pub(super) fn start_deletion(state: &mut State, now: u64, id: &str) {
    let takes = state.takes("load balancer deletion", id, (3, 8));
    state.cancel(|event| match event {
        Event::LoadBalancerActive { load_balancer }
        | Event::LoadBalancerErrored { load_balancer, .. } => load_balancer == id,
        _ => false,
    });
    let Some(balancer) = state.load_balancers.get_mut(id) else { return };
    if !balancer.deleting {
        balancer.deleting = true;
        state.after(now, takes, Event::LoadBalancerGone { load_balancer: id.to_owned() });
    }
}

/// Whether the account may have one more.
pub(super) fn refusal(state: &State, context: &Context) -> Option<String> {
    let limit = context.faults.quotas().load_balancer_limit.unwrap_or(LIMIT);
    let used = u64::try_from(state.load_balancers.len()).unwrap_or(u64::MAX);
    (used >= limit).then(|| {
        format!("creating this load balancer would exceed your load balancer limit of {limit}")
    })
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let balancers = call.state.load_balancers.values().map(LoadBalancer::json).collect();
    Reply::ok(page(&call.address(), &call.query, "load_balancers", balancers)?)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let balancer = call.state.load_balancers.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "load_balancer": balancer.json() }))
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = name(&fields)?;
    if call.state.load_balancers.values().any(|balancer| balancer.name == name) {
        return Err(ApiError::unprocessable("load balancer name must be unique in your account"));
    }
    if let Some(refusal) = refusal(call.state, call.context) {
        return Err(ApiError::unprocessable(refusal));
    }
    let region = fields.required_text("region")?;
    regions::find(region).ok_or_else(|| ApiError::unprocessable("region is invalid"))?;
    let settings = settings(&fields)?;
    let (droplet_ids, tag) = backends(call, &fields)?;
    let vpc_uuid = match fields.text("vpc_uuid")?.filter(|id| !id.is_empty()) {
        None => call.state.default_vpc(region),
        Some(id) if call.state.vpcs.get(id).is_some_and(|vpc| vpc.region == region) => {
            id.to_owned()
        }
        Some(_) => return Err(ApiError::unprocessable("vpc_uuid is invalid")),
    };
    let project_id = match fields.text("project_id")?.filter(|id| !id.is_empty()) {
        None => call.state.default_project(),
        Some(id) if call.state.projects.contains_key(id) => id.to_owned(),
        Some(_) => return Err(ApiError::unprocessable("project_id is invalid")),
    };
    let region = region.to_owned();
    let new = NewLoadBalancer {
        name,
        region,
        vpc_uuid,
        project_id,
        droplet_ids,
        tag,
        settings,
        cluster: None,
        service_uid: None,
    };
    let id = make(call.state, call.context, call.now, new);
    let made = call.state.load_balancers.get(&id).map(LoadBalancer::json);
    Reply::accepted(json!({ "load_balancer": made }))
}

fn name(fields: &Fields<'_>) -> Result<String, ApiError> {
    let name = fields.required_text("name")?;
    if has_form(name, "^[a-zA-Z0-9]([-a-zA-Z0-9.]{0,253}[a-zA-Z0-9])?$") {
        return Ok(name.to_owned());
    }
    Err(ApiError::unprocessable("name is invalid: only letters, numbers, dashes and periods"))
}

fn backends(
    call: &mut Call<'_>,
    fields: &Fields<'_>,
) -> Result<(Vec<u64>, Option<String>), ApiError> {
    let ids = fields.ids("droplet_ids")?.unwrap_or_default();
    let tag = fields.text("tag")?.filter(|tag| !tag.is_empty()).map(str::to_owned);
    if tag.is_some() && !ids.is_empty() {
        return Err(ApiError::unprocessable("droplet_ids and tag are mutually exclusive"));
    }
    if let Some(unknown) = ids.iter().find(|id| !call.state.droplets.contains_key(*id)) {
        return Err(ApiError::unprocessable(format!("droplet {unknown} not found")));
    }
    if let Some(tag) = &tag {
        if !fields::is_tag(tag) {
            return Err(ApiError::unprocessable("tag is invalid"));
        }
        call.state.ensure_tags(std::slice::from_ref(tag));
    }
    Ok((ids, tag))
}

/// The settings with their defaults, as the API writes them back.
fn settings(fields: &Fields<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut settings = Map::new();
    let kind = fields.choice("type", &["REGIONAL", "REGIONAL_NETWORK", "GLOBAL"])?;
    let size_unit = fields.count("size_unit")?.unwrap_or(1);
    if !(1..=100).contains(&size_unit) {
        return Err(ApiError::unprocessable("size_unit must be between 1 and 100"));
    }
    let idle = fields.count("http_idle_timeout_seconds")?.unwrap_or(60);
    if !(30..=600).contains(&idle) {
        return Err(ApiError::unprocessable(
            "http_idle_timeout_seconds must be between 30 and 600",
        ));
    }
    let algorithm = fields.choice("algorithm", &["round_robin", "least_connections"])?;
    let network = fields.choice("network", &["EXTERNAL", "INTERNAL"])?;
    let stack = fields.choice("network_stack", &["IPV4", "DUALSTACK"])?;
    let ciphers = fields.choice("tls_cipher_policy", &["DEFAULT", "STRONG"])?;
    settings.insert("type".into(), kind.unwrap_or("REGIONAL").into());
    settings.insert("size_unit".into(), size_unit.into());
    settings.insert("size".into(), "lb-small".into());
    settings.insert("algorithm".into(), algorithm.unwrap_or("round_robin").into());
    settings.insert("network".into(), network.unwrap_or("EXTERNAL").into());
    settings.insert("network_stack".into(), stack.unwrap_or("IPV4").into());
    settings.insert("tls_cipher_policy".into(), ciphers.unwrap_or("DEFAULT").into());
    settings.insert("http_idle_timeout_seconds".into(), idle.into());
    settings.insert("forwarding_rules".into(), forwarding_rules(fields)?);
    settings.insert("health_check".into(), health_check(fields)?);
    settings.insert("sticky_sessions".into(), sticky_sessions(fields)?);
    settings.insert("firewall".into(), firewall(fields)?);
    for name in [
        "redirect_http_to_https",
        "enable_proxy_protocol",
        "enable_backend_keepalive",
        "disable_lets_encrypt_dns_records",
    ] {
        settings.insert(name.into(), fields.boolean(name)?.unwrap_or(false).into());
    }
    Ok(settings)
}

pub(super) fn forwarding_rules(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let list = fields.list("forwarding_rules")?.map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return Err(ApiError::unprocessable("forwarding_rules must have at least one rule"));
    }
    let rules = list.iter().map(|value| {
        let rule = Fields::of(value)?;
        let entry =
            rule.choice("entry_protocol", &["http", "https", "http2", "http3", "tcp", "udp"])?;
        let target = rule.choice("target_protocol", &["http", "https", "http2", "tcp", "udp"])?;
        let port = |name: &str| match rule.required_count(name)? {
            port @ 1..=65535 => Ok(port),
            _ => Err(ApiError::unprocessable(format!("{name} must be between 1 and 65535"))),
        };
        Ok(json!({
            "entry_protocol": entry.ok_or_else(|| fields::missing("entry_protocol"))?,
            "entry_port": port("entry_port")?,
            "target_protocol": target.ok_or_else(|| fields::missing("target_protocol"))?,
            "target_port": port("target_port")?,
            "certificate_id": rule.text("certificate_id")?.unwrap_or_default(),
            "tls_passthrough": rule.boolean("tls_passthrough")?.unwrap_or(false),
        }))
    });
    rules.collect::<Result<Vec<_>, _>>().map(Value::from)
}

fn health_check(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let empty = json!({});
    let check = match fields.object("health_check")? {
        Some(check) => check,
        None => Fields::of(&empty)?,
    };
    let protocol = check.choice("protocol", &["http", "https", "tcp"])?.unwrap_or("http");
    let number = |name: &str, default: u64| check.count(name).map(|given| given.unwrap_or(default));
    Ok(json!({
        "protocol": protocol,
        "port": number("port", 80)?,
        "path": check.text("path")?.unwrap_or("/"),
        "check_interval_seconds": number("check_interval_seconds", 10)?,
        "response_timeout_seconds": number("response_timeout_seconds", 5)?,
        "unhealthy_threshold": number("unhealthy_threshold", 5)?,
        "healthy_threshold": number("healthy_threshold", 3)?,
    }))
}

fn sticky_sessions(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let Some(sticky) = fields.object("sticky_sessions")? else {
        return Ok(json!({ "type": "none" }));
    };
    let kind = sticky.choice("type", &["cookies", "none"])?.unwrap_or("none");
    if kind == "none" {
        return Ok(json!({ "type": "none" }));
    }
    Ok(json!({
        "type": kind,
        "cookie_name": sticky.required_text("cookie_name")?,
        "cookie_ttl_seconds": sticky.required_count("cookie_ttl_seconds")?,
    }))
}

fn firewall(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let Some(firewall) = fields.object("firewall")? else {
        return Ok(json!({ "deny": [], "allow": [] }));
    };
    let side = |name: &str| -> Result<Vec<String>, ApiError> {
        let rules = firewall.texts(name)?.unwrap_or_default();
        if rules.iter().all(|rule| rule.starts_with("ip:") || rule.starts_with("cidr:")) {
            return Ok(rules);
        }
        Err(ApiError::unprocessable(format!("firewall.{name}: rules have the form ip:X or cidr:X")))
    };
    Ok(json!({ "deny": side("deny")?, "allow": side("allow")? }))
}

/// `PUT`: a full replacement; what is absent falls back to its default.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let old = call.state.load_balancers.get(id).ok_or_else(ApiError::not_found)?;
    let region = fields.text("region")?;
    if region.is_some_and(|region| region != old.region) {
        return Err(ApiError::unprocessable("the region of a load balancer cannot be changed"));
    }
    let (name, settings) = (name(&fields)?, settings(&fields)?);
    let (droplet_ids, tag) = backends(call, &fields)?;
    let balancer = call.state.load_balancers.get_mut(id).ok_or_else(ApiError::not_found)?;
    balancer.name = name;
    balancer.settings = settings;
    (balancer.droplet_ids, balancer.tag) = (droplet_ids, tag);
    Reply::ok(json!({ "load_balancer": balancer.json() }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    let balancer = call.state.load_balancers.get(id).ok_or_else(ApiError::not_found)?;
    if !balancer.deleting {
        start_deletion(call.state, call.now, id);
    }
    Reply::nothing()
}

/// `DELETE .../cache`: only global load balancers have one.
pub(super) fn delete_cache(call: &mut Call<'_>, id: &str) -> Outcome {
    let balancer = call.state.load_balancers.get(id).ok_or_else(ApiError::not_found)?;
    if balancer.settings.get("type").and_then(Value::as_str) == Some("GLOBAL") {
        return Reply::nothing();
    }
    Err(ApiError::unprocessable("the CDN cache can only be purged on global load balancers"))
}

/// `POST` and `DELETE .../droplets`.
pub(super) fn droplets(call: &mut Call<'_>, id: &str, add: bool) -> Outcome {
    let body = call.body()?;
    let ids =
        Fields::of(&body)?.ids("droplet_ids")?.ok_or_else(|| fields::missing("droplet_ids"))?;
    if add && !ids.iter().all(|id| call.state.droplets.contains_key(id)) {
        return Err(ApiError::unprocessable("droplet not found"));
    }
    let balancer = call.state.load_balancers.get_mut(id).ok_or_else(ApiError::not_found)?;
    balancer.droplet_ids.retain(|known| !ids.contains(known));
    if add {
        balancer.droplet_ids.extend(ids);
    }
    Reply::nothing()
}

/// `POST` and `DELETE .../forwarding_rules`.
pub(super) fn change_rules(call: &mut Call<'_>, id: &str, add: bool) -> Outcome {
    let body = call.body()?;
    let given = forwarding_rules(&Fields::of(&body)?)?;
    let given = given.as_array().cloned().unwrap_or_default();
    let balancer = call.state.load_balancers.get_mut(id).ok_or_else(ApiError::not_found)?;
    if let Some(Value::Array(rules)) = balancer.settings.get_mut("forwarding_rules") {
        let entry = |rule: &Value| (rule["entry_protocol"].clone(), rule["entry_port"].clone());
        rules.retain(|rule| !given.iter().any(|other| entry(other) == entry(rule)));
        if add {
            rules.extend(given);
        }
    }
    Reply::nothing()
}
