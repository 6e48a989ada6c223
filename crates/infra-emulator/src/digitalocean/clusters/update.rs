//! Reading, updating, upgrading and deleting clusters.

use serde_json::{Value, json};

use super::create::cluster_name;
use super::lifecycle;
use super::model::Cluster;
use super::settings;
use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::versions;
use crate::digitalocean::events::Event;
use crate::digitalocean::fields::{self, Fields};
use crate::digitalocean::paging::page;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};

pub(in crate::digitalocean) fn list(call: &mut Call<'_>) -> Outcome {
    let clusters = call.state.clusters.values().map(Cluster::json).collect();
    Reply::ok(page(&call.address(), &call.query, "kubernetes_clusters", clusters)?)
}

pub(in crate::digitalocean) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    Reply::ok(json!({ "kubernetes_cluster": call.cluster(id)?.json() }))
}

/// `PUT /v2/kubernetes/clusters/{id}`: `name` is required, the rest stays if absent.
pub(in crate::digitalocean) fn update(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let old = call.live_cluster(id)?;
    let name = cluster_name(&fields)?;
    let taken = |cluster: &&Cluster| cluster.id != id && cluster.name == name;
    if call.state.clusters.values().any(|cluster| taken(&cluster)) {
        return Err(ApiError::unprocessable(
            "validation error: a cluster with this name already exists",
        ));
    }
    let ha = fields.boolean("ha")?;
    if old.ha && ha == Some(false) {
        return Err(ApiError::unprocessable(
            "validation error: high availability cannot be disabled once it is enabled",
        ));
    }
    let auto_upgrade = fields.boolean("auto_upgrade")?;
    let surge_upgrade = fields.boolean("surge_upgrade")?;
    let new_settings = settings::read(&fields)?;
    let tags = if fields.has("tags") { Some(fields::tags(&fields)?) } else { None };
    let tags = tags.map(|given| {
        let own = ["k8s".to_owned(), format!("k8s:{id}")];
        let rest = given.into_iter().filter(|tag| !own.contains(tag));
        own.iter().cloned().chain(rest).collect::<Vec<String>>()
    });
    call.state.ensure_tags(tags.as_deref().unwrap_or_default());
    let cluster = call.state.clusters.get_mut(id).ok_or_else(ApiError::not_found)?;
    cluster.name = name;
    cluster.ha |= ha.unwrap_or(false);
    cluster.auto_upgrade = auto_upgrade.unwrap_or(cluster.auto_upgrade);
    cluster.surge_upgrade = surge_upgrade.unwrap_or(cluster.surge_upgrade);
    cluster.settings.extend(new_settings);
    if let Some(tags) = tags {
        cluster.tags = tags;
    }
    cluster.touch();
    Reply::accepted(json!({ "kubernetes_cluster": cluster.json() }))
}

pub(in crate::digitalocean) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    if call.cluster(id)?.state != "deleting" {
        lifecycle::delete(call.state, call.now, id);
    }
    Reply::nothing()
}

pub(in crate::digitalocean) fn upgrades(call: &mut Call<'_>, id: &str) -> Outcome {
    let reachable = versions::upgrades(&call.cluster(id)?.version);
    let list: Vec<Value> = reachable.into_iter().map(versions::json_of).collect();
    let list = if list.is_empty() { Value::Null } else { Value::from(list) };
    Reply::ok(json!({ "available_upgrade_versions": list }))
}

/// `POST /v2/kubernetes/clusters/{id}/upgrade`.
pub(in crate::digitalocean) fn upgrade(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body()?;
    let wanted = Fields::of(&body)?.required_text("version")?;
    let cluster = call.live_cluster(id)?;
    if cluster.state != "running" {
        return Err(ApiError::unprocessable(format!(
            "validation error: cluster cannot be upgraded while it is {}",
            cluster.state
        )));
    }
    if !versions::upgrades(&cluster.version).contains(&wanted) {
        return Err(ApiError::unprocessable("validation error: invalid version slug"));
    }
    let takes = call.state.takes("control plane upgrade", id, (90, 150));
    if let Some(cluster) = call.state.clusters.get_mut(id) {
        cluster.state = "upgrading".into();
        cluster.message = format!("upgrading to {}", versions::upstream(wanted));
        cluster.say(format!("Upgrade to {} has begun", versions::upstream(wanted)));
        cluster.touch();
    }
    let (cluster, version) = (id.to_owned(), wanted.to_owned());
    call.state.after(call.now, takes, Event::ControlPlaneUpgraded { cluster, version });
    Reply::accepted_nothing()
}

/// `GET .../status_messages?since`.
pub(in crate::digitalocean) fn status_messages(call: &mut Call<'_>, id: &str) -> Outcome {
    let since = call.query.get("since").map(str::parse::<jiff::Timestamp>).transpose();
    let since =
        since.map_err(|_| ApiError::bad_request("invalid value for query parameter since"))?;
    let later = |timestamp: &str| {
        since.is_none_or(|since| timestamp.parse().is_ok_and(|at: jiff::Timestamp| at >= since))
    };
    let messages: Vec<_> =
        call.cluster(id)?.messages.iter().filter(|message| later(&message.timestamp)).collect();
    Reply::ok(json!({ "messages": messages }))
}
