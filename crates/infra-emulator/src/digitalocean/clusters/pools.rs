//! Node pools: the calls, and the checks of their bodies.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::model::{Cluster, Pool, Taint};
use super::{credentials, nodes};
use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::{regions, sizes};
use crate::digitalocean::events::Effect;
use crate::digitalocean::fields::{self, Fields, has_form};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;

/// What a body says about a pool.
pub(in crate::digitalocean) struct PoolSpec {
    pub(in crate::digitalocean) name: String,
    pub(in crate::digitalocean) size: String,
    pub(in crate::digitalocean) count: u64,
    tags: Vec<String>,
    labels: Option<IndexMap<String, String>>,
    taints: Vec<Taint>,
    auto_scale: bool,
    min_nodes: u64,
    max_nodes: u64,
}

const GREATEST_POOL: u64 = 512;

impl PoolSpec {
    /// Reads a pool of a create; `region` decides which sizes there are.
    pub(in crate::digitalocean) fn read(
        fields: &Fields<'_>,
        region: &str,
    ) -> Result<Self, ApiError> {
        let name = pool_name(fields)?;
        let size = fields.required_text("size")?.to_owned();
        check_size(&size, region)?;
        let (auto_scale, min_nodes, max_nodes) = scaling(fields)?;
        let count = match fields.count("count")? {
            Some(count) => count,
            None if auto_scale => min_nodes,
            None => return Err(fields::missing("count")),
        };
        let spec = Self {
            name,
            size,
            count: if auto_scale { count.clamp(min_nodes, max_nodes) } else { count },
            tags: fields::tags(fields)?,
            labels: labels(fields)?,
            taints: taints(fields)?,
            auto_scale,
            min_nodes,
            max_nodes,
        };
        spec.check_count()?;
        Ok(spec)
    }

    fn check_count(&self) -> Result<(), ApiError> {
        if self.count > GREATEST_POOL {
            return Err(ApiError::unprocessable(format!(
                "validation error: node pool count must be at most {GREATEST_POOL}"
            )));
        }
        Ok(())
    }

    /// Droplets that the account's limit must have left for it.
    pub(in crate::digitalocean) fn counted_nodes(&self) -> u64 {
        if self.auto_scale { self.max_nodes.max(self.count) } else { self.count }
    }

    /// The pool with nodes that are not there yet.
    pub(in crate::digitalocean) fn build(self, state: &mut State, cluster_id: &str) -> Pool {
        let id = state.uuid("node pool", &format!("{cluster_id}/{}", self.name));
        let blank = (0..self.count).map(|_| nodes::blank(state, &id)).collect();
        let mut tags: Vec<String> =
            vec!["k8s".into(), format!("k8s:{cluster_id}"), "k8s:worker".into()];
        tags.extend(self.tags.into_iter().filter(|tag| !tag.starts_with("k8s")));
        state.ensure_tags(&tags);
        Pool {
            id,
            name: self.name,
            size: self.size,
            count: self.count,
            tags,
            labels: self.labels,
            taints: self.taints,
            auto_scale: self.auto_scale,
            min_nodes: self.min_nodes,
            max_nodes: self.max_nodes,
            nodes: blank,
            deleting: false,
        }
    }
}

fn pool_name(fields: &Fields<'_>) -> Result<String, ApiError> {
    let name = fields.required_text("name")?;
    if has_form(name, r"^[a-z0-9]([-a-z0-9.]{0,253}[a-z0-9])?$") {
        return Ok(name.to_owned());
    }
    Err(ApiError::unprocessable(
        "validation error: node pool name must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    ))
}

fn check_size(slug: &str, region: &str) -> Result<(), ApiError> {
    let offered = sizes::find(slug)
        .filter(|size| size.kubernetes)
        .is_some_and(|size| regions::find(region).is_some_and(|region| size.is_in(region)));
    if offered {
        Ok(())
    } else {
        Err(ApiError::unprocessable("validation error: invalid droplet size"))
    }
}

fn scaling(fields: &Fields<'_>) -> Result<(bool, u64, u64), ApiError> {
    let auto_scale = fields.boolean("auto_scale")?.unwrap_or(false);
    let (least, most) = (fields.count("min_nodes")?, fields.count("max_nodes")?);
    if !auto_scale {
        return Ok((false, 0, 0));
    }
    let (least, most) = (least.unwrap_or(0), most.unwrap_or(0));
    if least == 0 {
        return Err(ApiError::unprocessable(
            "validation error: min_nodes must be greater than 0 when auto_scale is enabled",
        ));
    }
    if most < least {
        return Err(ApiError::unprocessable(
            "validation error: max_nodes must be greater than or equal to min_nodes",
        ));
    }
    Ok((true, least, most))
}

fn labels(fields: &Fields<'_>) -> Result<Option<IndexMap<String, String>>, ApiError> {
    let Some(Value::Object(map)) = fields.value("labels") else {
        return match fields.value("labels") {
            None => Ok(None),
            Some(_) => Err(ApiError::bad_request("cannot unmarshal labels: expected an object")),
        };
    };
    let mut labels = IndexMap::new();
    for (key, value) in map {
        let text = value.as_str().ok_or_else(|| {
            ApiError::bad_request(format!("cannot unmarshal label {key}: expected a string"))
        })?;
        check_key("label", key)?;
        if !text.is_empty() && !has_form(text, r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$") {
            return Err(ApiError::unprocessable(format!(
                "validation error: invalid value for label {key}"
            )));
        }
        labels.insert(key.clone(), text.to_owned());
    }
    Ok(Some(labels))
}

fn taints(fields: &Fields<'_>) -> Result<Vec<Taint>, ApiError> {
    let mut taints = Vec::new();
    for value in fields.list("taints")?.into_iter().flatten() {
        let taint = Fields::of(value)?;
        let key = taint.required_text("key")?;
        check_key("taint", key)?;
        let effect = taint.choice("effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"])?;
        taints.push(Taint {
            key: key.to_owned(),
            value: taint.text("value")?.unwrap_or_default().to_owned(),
            effect: effect.ok_or_else(|| fields::missing("effect"))?.to_owned(),
        });
    }
    Ok(taints)
}

fn check_key(what: &str, key: &str) -> Result<(), ApiError> {
    let form =
        r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
    if !has_form(key, form) {
        return Err(ApiError::unprocessable(format!("validation error: invalid {what} key {key}")));
    }
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    if domain == "digitalocean.com" || domain.ends_with(".digitalocean.com") {
        return Err(ApiError::unprocessable(format!(
            "validation error: {what} key {key} uses the reserved domain digitalocean.com"
        )));
    }
    Ok(())
}

pub(in crate::digitalocean) fn list(call: &mut Call<'_>, cluster_id: &str) -> Outcome {
    let pools: Vec<Value> = call.cluster(cluster_id)?.pools.iter().map(Pool::json).collect();
    Reply::ok(json!({ "node_pools": pools }))
}

pub(in crate::digitalocean) fn get(call: &mut Call<'_>, cluster_id: &str, id: &str) -> Outcome {
    let pool = call.cluster(cluster_id)?.pool(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "node_pool": pool.json() }))
}

/// `POST .../node_pools`.
pub(in crate::digitalocean) fn create(call: &mut Call<'_>, cluster_id: &str) -> Outcome {
    let body = call.body()?;
    let cluster = call.live_cluster(cluster_id)?;
    let spec = PoolSpec::read(&Fields::of(&body)?, &cluster.region)?;
    if cluster.pools.iter().any(|pool| pool.name == spec.name) {
        return Err(ApiError::unprocessable(
            "validation error: a node pool with this name already exists in the cluster",
        ));
    }
    call.check_droplet_limit(spec.counted_nodes())?;
    let (count, mut pool) = (spec.count, spec.build(call.state, cluster_id));
    pool.nodes.clear();
    let id = pool.id.clone();
    if let Some(cluster) = call.state.clusters.get_mut(cluster_id) {
        cluster.pools.push(pool);
        cluster.touch();
    }
    nodes::add(call.state, call.context, call.now, cluster_id, &id, count);
    let pool = call.cluster(cluster_id)?.pool(&id).map(Pool::json);
    Reply::created(json!({ "node_pool": pool }))
}

/// `PUT .../node_pools/{id}`: what is absent stays, but the size cannot change.
pub(in crate::digitalocean) fn update(call: &mut Call<'_>, cluster_id: &str, id: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let cluster = call.live_cluster(cluster_id)?;
    let old =
        cluster.pool(id).filter(|pool| !pool.deleting).ok_or_else(ApiError::not_found)?.clone();
    let name = pool_name(&fields)?;
    if cluster.pools.iter().any(|pool| pool.id != id && pool.name == name) {
        return Err(ApiError::unprocessable(
            "validation error: a node pool with this name already exists in the cluster",
        ));
    }
    let new = changed(&fields, &old, cluster_id, name)?;
    if new.count < old.count {
        nodes::last_node(cluster, id, old.count - new.count)?;
    }
    let more = new.counted_nodes().saturating_sub(old.counted_nodes());
    if more > 0 {
        call.check_droplet_limit(more)?;
    }
    let relabelled = new.labels != old.labels || new.taints != old.taints;
    call.state.ensure_tags(&new.tags);
    let wanted = new.count;
    if let Some(cluster) = call.state.clusters.get_mut(cluster_id) {
        if let Some(pool) = cluster.pool_mut(id) {
            *pool = new;
        }
        cluster.touch();
    }
    if relabelled {
        let (cluster, pool) = (cluster_id.to_owned(), id.to_owned());
        call.effects.push(Effect::UpdateNodes { cluster, pool });
    }
    scale(call, cluster_id, id, wanted);
    let pool = call.cluster(cluster_id)?.pool(id).map(Pool::json);
    Reply::accepted(json!({ "node_pool": pool }))
}

fn changed(
    fields: &Fields<'_>,
    old: &Pool,
    cluster_id: &str,
    name: String,
) -> Result<Pool, ApiError> {
    let mut new = Pool { name, ..old.clone() };
    if fields.has("auto_scale") {
        (new.auto_scale, new.min_nodes, new.max_nodes) = scaling(fields)?;
    } else if old.auto_scale {
        new.min_nodes = fields.count("min_nodes")?.unwrap_or(old.min_nodes);
        new.max_nodes = fields.count("max_nodes")?.unwrap_or(old.max_nodes);
    }
    new.count = fields.count("count")?.unwrap_or(old.count);
    if new.auto_scale {
        new.count = new.count.clamp(new.min_nodes, new.max_nodes.max(new.min_nodes));
    }
    if new.count > GREATEST_POOL {
        return Err(ApiError::unprocessable("validation error: node pool count is too large"));
    }
    if fields.has("labels") {
        new.labels = labels(fields)?;
    }
    if fields.has("taints") {
        new.taints = taints(fields)?;
    }
    if fields.has("tags") {
        let own = ["k8s".to_owned(), format!("k8s:{cluster_id}"), "k8s:worker".to_owned()];
        let given = fields::tags(fields)?;
        new.tags =
            own.iter().cloned().chain(given.into_iter().filter(|tag| !own.contains(tag))).collect();
    }
    Ok(new)
}

fn scale(call: &mut Call<'_>, cluster_id: &str, id: &str, wanted: u64) {
    let Some(pool) = call.state.clusters.get(cluster_id).and_then(|cluster| cluster.pool(id))
    else {
        return;
    };
    let staying = pool.staying();
    if wanted > staying {
        nodes::add(call.state, call.context, call.now, cluster_id, id, wanted - staying);
        return;
    }
    let fewer = usize::try_from(staying - wanted).unwrap_or(usize::MAX);
    // The youngest go first.
    let leaving: Vec<String> = pool
        .nodes
        .iter()
        .rev()
        .filter(|node| !node.leaves())
        .take(fewer)
        .map(|node| node.id.clone())
        .collect();
    for node in leaving {
        let removed =
            nodes::remove(call.state, call.context, call.now, cluster_id, &node, false, true);
        call.effects.extend(removed.unwrap_or_default());
    }
}

/// `DELETE .../node_pools/{id}`.
pub(in crate::digitalocean) fn delete(call: &mut Call<'_>, cluster_id: &str, id: &str) -> Outcome {
    let cluster = call.live_cluster(cluster_id)?;
    let pool = cluster.pool(id).ok_or_else(ApiError::not_found)?;
    nodes::last_node(cluster, id, pool.count)?;
    let leaving: Vec<String> = pool.nodes.iter().map(|node| node.id.clone()).collect();
    if let Some(cluster) = call.state.clusters.get_mut(cluster_id) {
        if leaving.is_empty() {
            cluster.pools.retain(|pool| pool.id != id);
        } else if let Some(pool) = cluster.pool_mut(id) {
            (pool.deleting, pool.count) = (true, 0);
        }
        cluster.touch();
    }
    for node in leaving {
        let removed =
            nodes::remove(call.state, call.context, call.now, cluster_id, &node, false, true);
        call.effects.extend(removed.unwrap_or_default());
    }
    Reply::nothing()
}

/// `GET .../node_pools_template/{name}`: the form of a node for the autoscaler.
pub(in crate::digitalocean) fn template(
    call: &mut Call<'_>,
    cluster_id: &str,
    name: &str,
) -> Outcome {
    let cluster: &Cluster = call.cluster(cluster_id)?;
    let pool =
        cluster.pools.iter().find(|pool| pool.name == name).ok_or_else(ApiError::not_found)?;
    let size = sizes::find(&pool.size).ok_or_else(ApiError::not_found)?;
    let mut labels = credentials::node_labels(cluster, pool, None);
    labels.retain(|(key, _)| !key.ends_with("node-id"));
    let labels: serde_json::Map<String, Value> =
        labels.into_iter().map(|(key, value)| (key, value.into())).collect();
    Reply::ok(json!({
        "cluster_uuid": cluster.id,
        "name": pool.name,
        "slug": pool.size,
        "template": {
            "labels": labels,
            "taints": pool.taints,
            "capacity": { "cpu": size.vcpus, "memory": format!("{}Mi", size.memory), "pods": 110 },
        },
    }))
}
