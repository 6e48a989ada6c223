//! Reserved IPv4 addresses, which sit on a Droplet or on nothing.

use serde_json::{Value, json};

use super::actions::{self, NewAction};
use super::call::Call;
use super::catalogue::regions;
use super::fields::{self, Fields};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{Action, ReservedIp, State};

pub(super) const LIMIT: u64 = 3;

fn json_of(state: &State, address: &ReservedIp) -> Value {
    let droplet = address.droplet.and_then(|id| state.droplets.get(&id));
    json!({
        "ip": address.ip,
        "region": regions::json_of(&address.region),
        "droplet": droplet.map(super::state::Droplet::json),
        "locked": !address.pending.is_empty(),
        "project_id": address.project_id,
    })
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let state = &call.state;
    let list = state.reserved_ips.values().map(|address| json_of(state, address)).collect();
    Reply::ok(page(&call.address(), &call.query, "reserved_ips", list)?)
}

pub(super) fn get(call: &mut Call<'_>, ip: &str) -> Outcome {
    let address = call.state.reserved_ips.get(ip).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "reserved_ip": json_of(call.state, address) }))
}

/// `POST`: exactly one of `droplet_id` and `region`.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let droplet = fields.count("droplet_id")?;
    let region = fields.text("region")?.filter(|region| !region.is_empty());
    let region = match (droplet, region) {
        (Some(id), None) => free_droplet(call, id)?.1,
        (None, Some(slug)) if regions::find(slug).is_some() => slug.to_owned(),
        (None, Some(_)) => return Err(ApiError::unprocessable("Region is invalid")),
        (Some(_), Some(_)) => {
            return Err(ApiError::unprocessable("only one of droplet_id and region may be given"));
        }
        (None, None) => return Err(ApiError::unprocessable("droplet_id or region is required")),
    };
    let project_id = match fields.text("project_id")?.filter(|id| !id.is_empty()) {
        None => call.state.default_project(),
        Some(id) if call.state.projects.contains_key(id) => id.to_owned(),
        Some(_) => return Err(ApiError::unprocessable("project_id is invalid")),
    };
    let limit = call.context.faults.quotas().reserved_ip_limit.unwrap_or(LIMIT);
    if u64::try_from(call.state.reserved_ips.len()).unwrap_or(u64::MAX) >= limit {
        return Err(ApiError::unprocessable(format!(
            "creating this reserved IP would exceed your reserved IP limit of {limit}"
        )));
    }
    let fault = call.context.faults.create("reserved_ip", &region);
    if let Some(message) = fault.fail {
        return Err(ApiError::unprocessable(message));
    }
    call.takes += fault.slow;
    let ip = call.state.address("192.0.2", "reserved ip");
    let pending = Vec::new();
    let address = ReservedIp { ip: ip.clone(), region, droplet: None, project_id, pending };
    call.state.reserved_ips.insert(ip.clone(), address);
    let mut links = json!({});
    if let Some(id) = droplet {
        let action = begin(call, &ip, "assign_ip", Some(id));
        let base = call.base;
        links = json!({
            "droplets": [{ "id": id, "rel": "droplet", "href": format!("{base}/v2/droplets/{id}") }],
            "actions": [{
                "id": action.id,
                "rel": "assign_ip",
                "href": format!("{base}/v2/actions/{}", action.id),
            }],
        });
    }
    let address = call.state.reserved_ips.get(&ip).ok_or_else(ApiError::not_found)?;
    Reply::accepted(json!({ "reserved_ip": json_of(call.state, address), "links": links }))
}

/// A Droplet that has no reserved IP yet, with its region.
fn free_droplet(call: &Call<'_>, id: u64) -> Result<(u64, String), ApiError> {
    let droplet = call.state.droplets.get(&id);
    let droplet = droplet.ok_or_else(|| ApiError::unprocessable("Droplet not found"))?;
    if call.state.reserved_ips.values().any(|address| address.droplet == Some(id)) {
        return Err(ApiError::unprocessable("The droplet already has a reserved IP."));
    }
    Ok((id, droplet.region.clone()))
}

fn begin(call: &mut Call<'_>, ip: &str, kind: &str, droplet: Option<u64>) -> Action {
    let region =
        call.state.reserved_ips.get(ip).map(|address| address.region.clone()).unwrap_or_default();
    let new = NewAction {
        kind,
        resource_type: "reserved_ip",
        resource: ip,
        region: &region,
        droplet,
        size_gigabytes: None,
    };
    let action = actions::begin(call.state, call.now, &new);
    if let Some(address) = call.state.reserved_ips.get_mut(ip) {
        address.pending.push(action.id);
    }
    action
}

/// The end of an assignment or of its removal.
pub(super) fn action_done(state: &mut State, action: &Action) {
    let droplet = action.droplet.filter(|id| state.droplets.contains_key(id));
    if let Some(address) = state.reserved_ips.get_mut(&action.resource) {
        address.pending.retain(|pending| *pending != action.id);
        address.droplet = if action.kind == "assign_ip" { droplet } else { None };
    }
}

/// `POST .../actions`.
pub(super) fn act(call: &mut Call<'_>, ip: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let address = call.state.reserved_ips.get(ip).ok_or_else(ApiError::not_found)?;
    let kind = fields.choice("type", &["assign", "unassign"])?;
    let kind = kind.ok_or_else(|| fields::missing("type"))?;
    if !address.pending.is_empty() {
        return Err(ApiError::unprocessable("The reserved IP already has a pending event."));
    }
    let action = if kind == "assign" {
        let (region, now_on) = (address.region.clone(), address.droplet);
        let id = fields.required_count("droplet_id")?;
        if now_on == Some(id) {
            return Err(ApiError::unprocessable(
                "The reserved IP is already assigned to this droplet.",
            ));
        }
        let (id, droplet_region) = free_droplet(call, id)?;
        if droplet_region != region {
            return Err(ApiError::unprocessable(
                "The droplet is not in the region of the reserved IP.",
            ));
        }
        begin(call, ip, "assign_ip", Some(id))
    } else if address.droplet.is_none() {
        return Err(ApiError::unprocessable("The reserved IP is not assigned."));
    } else {
        begin(call, ip, "unassign_ip", None)
    };
    Reply::created(json!({ "action": action.json() }))
}

pub(super) fn delete(call: &mut Call<'_>, ip: &str) -> Outcome {
    let address = call.state.reserved_ips.get(ip).ok_or_else(ApiError::not_found)?;
    if !address.pending.is_empty() {
        return Err(ApiError::unprocessable("The reserved IP already has a pending event."));
    }
    call.state.reserved_ips.shift_remove(ip);
    Reply::nothing()
}
