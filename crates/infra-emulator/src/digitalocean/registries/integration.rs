//! Integration of clusters with registries: DOKS then keeps a pull secret in every namespace.

use super::crud::only;
use super::docker_credentials;
use crate::digitalocean::call::Call;
use crate::digitalocean::events::Effect;
use crate::digitalocean::fields::{self, Fields};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;

/// `POST` and `DELETE /v2/kubernetes/registries`, and with `old` `/v2/kubernetes/registry`, which means the only one.
pub(in crate::digitalocean) fn change(call: &mut Call<'_>, add: bool, old: bool) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let clusters = fields.texts("cluster_uuids")?.filter(|list| !list.is_empty());
    let clusters = clusters.ok_or_else(|| fields::missing("cluster_uuids"))?;
    let registries = match fields.texts("registries")?.filter(|list| !list.is_empty() && !old) {
        Some(named) => named,
        None => vec![only(call)?],
    };
    for registry in &registries {
        super::crud::existing(call, registry)?;
    }
    for cluster in &clusters {
        call.live_cluster(cluster)?;
    }
    for id in clusters {
        let Some(cluster) = call.state.clusters.get_mut(&id) else {
            return Err(ApiError::not_found());
        };
        let before = cluster.registries.clone();
        cluster.registries.retain(|own| !registries.contains(own));
        if add {
            cluster.registries.extend(registries.iter().cloned());
        }
        cluster.touch();
        let now_has = cluster.registries.clone();
        for registry in &now_has {
            credential(call.state, &id, registry);
        }
        let removed: Vec<String> =
            before.into_iter().filter(|registry| !now_has.contains(registry)).collect();
        call.state.docker_credentials.retain(|credential| {
            credential.cluster.as_deref() != Some(&id) || !removed.contains(&credential.registry)
        });
        call.effects.push(Effect::SyncRegistries { cluster: id });
    }
    Reply::nothing()
}

/// The credential in a cluster's pull secret for a registry.
pub(in crate::digitalocean) fn credential(
    state: &mut State,
    cluster: &str,
    registry: &str,
) -> String {
    let known = state.docker_credentials.iter().find(|credential| {
        credential.cluster.as_deref() == Some(cluster) && credential.registry == registry
    });
    match known {
        Some(known) => known.token.clone(),
        None => docker_credentials::issue(state, registry, false, None, Some(cluster.to_owned())),
    }
}
