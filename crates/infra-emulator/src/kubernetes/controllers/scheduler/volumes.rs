//! What a pod's claims mean for its place.

use std::sync::Arc;

use serde_json::{Value, json};

use super::affinity::term_matches_any;
use crate::kubernetes::controllers::objects::{items, name, namespace, pair, text};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::Client;

const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// How the claims of a pod stand.
pub(super) enum Claims {
    /// All bound; a node must suit all of these volumes.
    Bound(Vec<Arc<Value>>),
    /// These wait for a node to be chosen.
    Waiting(Vec<Arc<Value>>),
    /// The pod cannot be placed, in the scheduler's words.
    Blocked(String),
}

/// Looks the claims of a pod up.
pub(super) fn claims(client: &Client, pod: &Value, nodes: usize) -> Claims {
    let (mut bound, mut waiting) = (Vec::new(), Vec::new());
    for volume in items(pod, "/spec/volumes") {
        let wanted = match text(volume, "/persistentVolumeClaim/claimName") {
            "" if volume.get("ephemeral").is_some() => {
                format!("{}-{}", name(pod), text(volume, "/name"))
            }
            "" => continue,
            wanted => wanted.to_owned(),
        };
        let claim = client.get("persistentvolumeclaims", namespace(pod), &wanted);
        let Some(claim) = claim else {
            return Claims::Blocked(format!(
                "0/{nodes} nodes are available: persistentvolumeclaim {wanted:?} not found. not found"
            ));
        };
        if !claim["metadata"]["deletionTimestamp"].is_null() {
            return Claims::Blocked(format!(
                "0/{nodes} nodes are available: persistentvolumeclaim {wanted:?} is being deleted. not found"
            ));
        }
        if text(&claim, "/status/phase") == "Bound" {
            bound.extend(client.get("persistentvolumes", "", text(&claim, "/spec/volumeName")));
            continue;
        }
        let class =
            client.get("storage.k8s.io/storageclasses", "", text(&claim, "/spec/storageClassName"));
        let waits = class
            .as_ref()
            .is_some_and(|class| text(class, "/volumeBindingMode") == "WaitForFirstConsumer");
        if !waits {
            return Claims::Blocked(format!(
                "0/{nodes} nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"
            ));
        }
        waiting.push(claim);
    }
    if waiting.is_empty() { Claims::Bound(bound) } else { Claims::Waiting(waiting) }
}

/// Whether the volumes can be reached from a node.
pub(super) fn reachable(volumes: &[Arc<Value>], node: &Value) -> bool {
    volumes.iter().all(|volume| {
        let required = &volume["spec"]["nodeAffinity"]["required"];
        required.is_null() || term_matches_any(required, node)
    })
}

/// Asks for the volumes of claims that waited for a node.
pub(super) async fn select_node(
    client: &Client,
    claims: &[Arc<Value>],
    node: &str,
) -> Result<(), Status> {
    for claim in claims {
        client
            .modify("persistentvolumeclaims", "", pair(claim), |claim| {
                if claim["metadata"]["annotations"].get(SELECTED_NODE).is_some() {
                    return;
                }
                if !claim["metadata"]["annotations"].is_object() {
                    claim["metadata"]["annotations"] = json!({});
                }
                claim["metadata"]["annotations"][SELECTED_NODE] = json!(node);
            })
            .await?;
    }
    Ok(())
}
