//! What clusters leave behind, and the two ways of deleting it together with the cluster.

use serde_json::{Value, json};

use super::lifecycle;
use crate::digitalocean::call::Call;
use crate::digitalocean::fields::Fields;
use crate::digitalocean::load_balancers;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};

/// Ids with names of load balancers, volumes and volume snapshots that a cluster made.
struct Associated {
    load_balancers: Vec<(String, String)>,
    volumes: Vec<(String, String)>,
    volume_snapshots: Vec<(String, String)>,
}

fn of(call: &Call<'_>, cluster: &str) -> Associated {
    let own = |made_by: &Option<String>| made_by.as_deref() == Some(cluster);
    let state = &call.state;
    Associated {
        load_balancers: state
            .load_balancers
            .values()
            .filter(|balancer| own(&balancer.cluster) && !balancer.deleting)
            .map(|balancer| (balancer.id.clone(), balancer.name.clone()))
            .collect(),
        volumes: state
            .volumes
            .values()
            .filter(|volume| own(&volume.cluster))
            .map(|volume| (volume.id.clone(), volume.name.clone()))
            .collect(),
        volume_snapshots: state
            .snapshots
            .values()
            .filter(|snapshot| own(&snapshot.cluster))
            .map(|snapshot| (snapshot.id.clone(), snapshot.name.clone()))
            .collect(),
    }
}

pub(in crate::digitalocean) fn list(call: &mut Call<'_>, id: &str) -> Outcome {
    call.cluster(id)?;
    let found = of(call, id);
    let list = |pairs: Vec<(String, String)>| -> Vec<Value> {
        pairs.into_iter().map(|(id, name)| json!({ "id": id, "name": name })).collect()
    };
    Reply::ok(json!({
        "load_balancers": list(found.load_balancers),
        "volumes": list(found.volumes),
        "volume_snapshots": list(found.volume_snapshots),
    }))
}

/// `DELETE .../selective` with the ids to delete.
pub(in crate::digitalocean) fn selective(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body_or_empty();
    let fields = Fields::of(&body)?;
    call.live_cluster(id)?;
    let found = of(call, id);
    let chosen = |name: &str, known: Vec<(String, String)>| -> Result<Vec<String>, ApiError> {
        let asked = fields.texts(name)?.unwrap_or_default();
        match asked.iter().find(|id| !known.iter().any(|(known, _)| known == *id)) {
            None => Ok(asked),
            Some(id) => Err(ApiError::unprocessable(format!(
                "{name}: {id} is not associated with the cluster"
            ))),
        }
    };
    let load_balancers = chosen("load_balancers", found.load_balancers)?;
    let volumes = chosen("volumes", found.volumes)?;
    let snapshots = chosen("volume_snapshots", found.volume_snapshots)?;
    destroy(call, id, &load_balancers, &volumes, &snapshots)
}

/// `DELETE .../dangerous`: everything.
pub(in crate::digitalocean) fn dangerous(call: &mut Call<'_>, id: &str) -> Outcome {
    call.live_cluster(id)?;
    let found = of(call, id);
    let ids = |pairs: Vec<(String, String)>| pairs.into_iter().map(|(id, _)| id).collect();
    let load_balancers: Vec<String> = ids(found.load_balancers);
    let volumes: Vec<String> = ids(found.volumes);
    let snapshots: Vec<String> = ids(found.volume_snapshots);
    destroy(call, id, &load_balancers, &volumes, &snapshots)
}

fn destroy(
    call: &mut Call<'_>,
    id: &str,
    balancers: &[String],
    volumes: &[String],
    snapshots: &[String],
) -> Outcome {
    lifecycle::delete(call.state, call.now, id);
    for balancer in balancers {
        load_balancers::start_deletion(call.state, call.now, balancer);
    }
    for snapshot in snapshots {
        call.state.snapshots.shift_remove(snapshot);
    }
    // The nodes go first, so the volumes are no longer attached.
    for volume in volumes {
        call.state.volumes.shift_remove(volume);
    }
    Reply::nothing()
}
