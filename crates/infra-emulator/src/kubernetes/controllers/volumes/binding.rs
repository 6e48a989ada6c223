//! Which volume fits a claim, and how the two are bound to each other.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kubernetes::controllers::objects::{is_going, items, name, namespace, pair, text, uid};
use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Client, Quantity, now, time_text};

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// The class of a claim or a volume; empty for none.
pub(super) fn class_of(object: &Value) -> &str {
    object["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"]
        .as_str()
        .unwrap_or_else(|| text(object, "/spec/storageClassName"))
}

fn asked(claim: &Value) -> Quantity {
    Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]).unwrap_or_default()
}

/// Whether a volume was made for a claim, or is bound to it.
fn is_reserved_for(volume: &Value, claim: &Value) -> bool {
    let reference = &volume["spec"]["claimRef"];
    let same_uid = match text(reference, "/uid") {
        "" => true,
        own => own == uid(claim),
    };
    text(reference, "/name") == name(claim)
        && text(reference, "/namespace") == namespace(claim)
        && same_uid
}

/// The smallest volume that fits a claim; one that is reserved for it comes first.
pub(super) fn fitting(client: &Client, claim: &Value) -> Option<Arc<Value>> {
    let wanted_name = text(claim, "/spec/volumeName");
    let selector = claim["spec"].get("selector").map(LabelSelector::from_object);
    let mut fitting: Vec<Arc<Value>> = client
        .list("persistentvolumes", None)
        .into_iter()
        .filter(|volume| {
            if !volume["spec"]["claimRef"].is_null() {
                return is_reserved_for(volume, claim);
            }
            if !wanted_name.is_empty() {
                return name(volume) == wanted_name;
            }
            let mode = |object: &Value| match text(object, "/spec/volumeMode") {
                "" => "Filesystem".to_owned(),
                mode => mode.to_owned(),
            };
            class_of(volume) == class_of(claim)
                && selector.as_ref().is_none_or(|selector| selector.matches(volume))
                && mode(volume) == mode(claim)
                && !is_going(volume)
                && matches!(text(volume, "/status/phase"), "Available" | "Pending" | "")
        })
        .filter(|volume| {
            let modes: Vec<&Value> = items(volume, "/spec/accessModes").collect();
            items(claim, "/spec/accessModes").all(|mode| modes.contains(&mode))
                && Quantity::of(&volume["spec"]["capacity"]["storage"])
                    .is_some_and(|capacity| capacity >= asked(claim))
        })
        .collect();
    fitting.sort_by_key(|volume| {
        let reserved = !volume["spec"]["claimRef"].is_null();
        (!reserved, Quantity::of(&volume["spec"]["capacity"]["storage"]), name(volume).to_owned())
    });
    fitting.into_iter().next()
}

/// Binds a claim and a volume to each other.
pub(super) async fn bind(client: &Client, claim: &Value, volume: &Value) -> Result<(), Status> {
    let reference = json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": namespace(claim),
        "name": name(claim),
        "uid": uid(claim),
        "resourceVersion": claim["metadata"]["resourceVersion"],
    });
    let bound = client
        .modify("persistentvolumes", "", pair(volume), |volume| {
            if volume["spec"]["claimRef"]["uid"] == *uid(claim) {
                return;
            }
            let by_user = !volume["spec"]["claimRef"].is_null();
            volume["spec"]["claimRef"] = reference.clone();
            if !by_user {
                annotate(volume, BOUND_BY_CONTROLLER, "yes");
            }
        })
        .await?;
    let Some(volume) = bound else { return Ok(()) };
    set_phase(client, &volume, "Bound").await?;
    client
        .modify("persistentvolumeclaims", "", pair(claim), |claim| {
            if text(claim, "/spec/volumeName").is_empty() {
                claim["spec"]["volumeName"] = json!(name(&volume));
                annotate(claim, BOUND_BY_CONTROLLER, "yes");
            }
            annotate(claim, BIND_COMPLETED, "yes");
        })
        .await?;
    client
        .modify("persistentvolumeclaims", "status", pair(claim), |claim| {
            claim["status"]["phase"] = json!("Bound");
            claim["status"]["accessModes"] = volume["spec"]["accessModes"].clone();
            claim["status"]["capacity"] = json!({"storage": volume["spec"]["capacity"]["storage"]});
        })
        .await
        .map(|_| ())
}

/// Sets an annotation.
pub(super) fn annotate(object: &mut Value, key: &str, value: &str) {
    if !object["metadata"]["annotations"].is_object() {
        object["metadata"]["annotations"] = json!({});
    }
    object["metadata"]["annotations"][key] = json!(value);
}

/// Sets the phase of a volume.
pub(super) async fn set_phase(client: &Client, volume: &Value, phase: &str) -> Result<(), Status> {
    client
        .modify("persistentvolumes", "status", pair(volume), |volume| {
            if text(volume, "/status/phase") == phase {
                return;
            }
            if !volume["status"].is_object() {
                volume["status"] = json!({});
            }
            volume["status"]["phase"] = json!(phase);
            volume["status"]["lastPhaseTransitionTime"] = json!(time_text(now()));
        })
        .await
        .map(|_| ())
}
