//! The replica sets of a deployment: which one is new, how they are made and scaled.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::controller::{COMPONENT, DEPLOYMENTS, Deployments, SETS};
use super::rolling;
use crate::kubernetes::controllers::objects::{
    condition, controller_reference, name, namespace, number, pair, set_condition, text,
};
use crate::kubernetes::machinery::status::Status;

/// The label that tells the pods of revisions apart.
const HASH_LABEL: &str = "pod-template-hash";
/// The annotation with the number of a revision.
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAXIMUM: &str = "deployment.kubernetes.io/max-replicas";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Annotations of a deployment that are not passed on.
const OWN_ANNOTATIONS: [&str; 5] =
    ["kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAXIMUM];
/// What hashes are written with.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The replica sets of a deployment.
pub(super) struct Sets {
    /// The one of the present template.
    pub(super) new: Option<Arc<Value>>,
    /// All others.
    pub(super) old: Vec<Arc<Value>>,
}

impl Sets {
    /// Sorts the replica sets; of several with the present template the oldest counts.
    pub(super) fn of(deployment: &Value, mut all: Vec<Arc<Value>>) -> Self {
        all.sort_by_key(|set| text(set, "/metadata/creationTimestamp").to_owned());
        let wanted = without_hash(&deployment["spec"]["template"]);
        let position = all.iter().position(|set| without_hash(&set["spec"]["template"]) == wanted);
        let new = position.map(|position| all.remove(position));
        Self { new, old: all }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.new.iter().chain(&self.old)
    }
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
        labels.shift_remove(HASH_LABEL);
    }
    template
}

/// `spec.replicas` of a set.
pub(super) fn wanted(set: &Value) -> i64 {
    number(set, "/spec/replicas").unwrap_or(0)
}

/// The revision of a set or of a deployment.
pub(super) fn revision(object: &Value) -> i64 {
    object["metadata"]["annotations"][REVISION]
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// How many replicas a set was last scaled for.
pub(super) fn desired_annotation(set: &Value) -> Option<i64> {
    set["metadata"]["annotations"][DESIRED].as_str()?.parse().ok()
}

/// A number that follows from the template and nothing else.
fn hash(deployment: &Value) -> String {
    let collisions = number(deployment, "/status/collisionCount").unwrap_or(0);
    let text = format!("{}{collisions}", deployment["spec"]["template"]);
    let digest = Sha256::digest(text.as_bytes());
    digest[..10]
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
        .collect()
}

/// Makes the replica set of the present template if it is missing, and gives it the highest revision.
pub(super) async fn ensure_new(
    controller: &Deployments,
    deployment: &Arc<Value>,
    sets: Sets,
) -> Result<Sets, Status> {
    let highest = sets.old.iter().map(|set| revision(set)).max().unwrap_or(0);
    let next = (highest + 1).to_string();
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    let bounds = rolling::Bounds::of(deployment);
    let maximum = (replicas + bounds.surge).to_string();
    let client = &controller.client;
    let new = match &sets.new {
        Some(present) => {
            let seen = revision(present).max(highest + 1).to_string();
            client
                .modify(SETS, "", pair(present), |set| {
                    annotate(deployment, set, &seen, replicas, &maximum);
                    let least = deployment["spec"].get("minReadySeconds").cloned();
                    if let Some(least) = least {
                        set["spec"]["minReadySeconds"] = least;
                    }
                })
                .await?
        }
        None => {
            let set = fresh(deployment, &sets, &next, replicas, &maximum);
            let made = client.create(SETS, set).await?;
            tell_scaled(controller, deployment, &made, 0, wanted(&made)).await;
            Some(made)
        }
    };
    let made = sets.new.is_none();
    let seen = new.as_ref().map_or_else(|| next.clone(), |set| revision(set).to_string());
    if let Some(set) = &new {
        note_revision(controller, deployment, &seen).await?;
        note_new_set(controller, deployment, set, made).await?;
    }
    Ok(Sets { new, old: sets.old })
}

async fn note_revision(
    controller: &Deployments,
    deployment: &Value,
    seen: &str,
) -> Result<(), Status> {
    controller
        .client
        .modify(DEPLOYMENTS, "status", pair(deployment), |deployment| {
            if deployment["metadata"]["annotations"][REVISION] == *seen {
                return;
            }
            if !deployment["metadata"]["annotations"].is_object() {
                deployment["metadata"]["annotations"] = json!({});
            }
            deployment["metadata"]["annotations"][REVISION] = json!(seen);
        })
        .await
        .map(|_| ())
}

/// Says in the conditions that there is a new set, once.
async fn note_new_set(
    controller: &Deployments,
    deployment: &Value,
    set: &Value,
    made: bool,
) -> Result<(), Status> {
    let missing = condition(deployment, "Progressing").is_none();
    if !made && !missing {
        return Ok(());
    }
    controller.progress.restart(deployment, controller.client.api.clock.now());
    let (reason, message) = if made {
        ("NewReplicaSetCreated", format!("Created new replica set {:?}", name(set)))
    } else {
        ("FoundNewReplicaSet", format!("Found new replica set {:?}", name(set)))
    };
    controller
        .client
        .modify(DEPLOYMENTS, "status", pair(deployment), |deployment| {
            set_condition(deployment, "Progressing", "True", reason, &message, true);
        })
        .await
        .map(|_| ())
}

fn annotate(deployment: &Value, set: &mut Value, seen: &str, replicas: i64, maximum: &str) {
    if !set["metadata"]["annotations"].is_object() {
        set["metadata"]["annotations"] = json!({});
    }
    let before = revision(set);
    let annotations = &mut set["metadata"]["annotations"];
    for (key, value) in deployment["metadata"]["annotations"].as_object().into_iter().flatten() {
        if !OWN_ANNOTATIONS.contains(&key.as_str()) {
            annotations[key] = value.clone();
        }
    }
    if before > 0 && before.to_string() != seen {
        let history = annotations[HISTORY].as_str().map(|past| format!("{past},{before}"));
        annotations[HISTORY] = json!(history.unwrap_or_else(|| before.to_string()));
    }
    annotations[REVISION] = json!(seen);
    annotations[DESIRED] = json!(replicas.to_string());
    annotations[MAXIMUM] = json!(maximum);
}

fn fresh(deployment: &Value, sets: &Sets, seen: &str, replicas: i64, maximum: &str) -> Value {
    let hash = hash(deployment);
    let mut template = deployment["spec"]["template"].clone();
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    template["metadata"]["labels"][HASH_LABEL] = json!(hash);
    let mut selector = deployment["spec"]["selector"].clone();
    if !selector["matchLabels"].is_object() {
        selector["matchLabels"] = json!({});
    }
    selector["matchLabels"][HASH_LABEL] = json!(hash);
    let least = deployment["spec"].get("minReadySeconds").cloned().unwrap_or(json!(0));
    let mut set = json!({
        "metadata": {
            "name": format!("{}-{hash}", name(deployment)),
            "namespace": namespace(deployment),
            "labels": template["metadata"]["labels"],
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": {
            "replicas": rolling::first_size(deployment, sets),
            "minReadySeconds": least,
            "selector": selector,
            "template": template,
        },
    });
    annotate(deployment, &mut set, seen, replicas, maximum);
    set
}

/// Scales a set and tells so.
pub(super) async fn scale(
    controller: &Deployments,
    deployment: &Value,
    set: &Arc<Value>,
    replicas: i64,
) -> Result<Arc<Value>, Status> {
    let before = wanted(set);
    let desired = number(deployment, "/spec/replicas").unwrap_or(1);
    let maximum = desired + rolling::Bounds::of(deployment).surge;
    let scaled = controller
        .client
        .modify(SETS, "", pair(set), |set| {
            set["spec"]["replicas"] = json!(replicas);
            if !set["metadata"]["annotations"].is_object() {
                set["metadata"]["annotations"] = json!({});
            }
            set["metadata"]["annotations"][DESIRED] = json!(desired.to_string());
            set["metadata"]["annotations"][MAXIMUM] = json!(maximum.to_string());
        })
        .await?;
    let Some(scaled) = scaled else { return Ok(set.clone()) };
    if before != replicas {
        tell_scaled(controller, deployment, &scaled, before, replicas).await;
    }
    Ok(scaled)
}

async fn tell_scaled(
    controller: &Deployments,
    deployment: &Value,
    set: &Value,
    from: i64,
    to: i64,
) {
    let direction = if to >= from { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {} from {from} to {to}", name(set));
    let client = &controller.client;
    client.event_from(COMPONENT, deployment, "Normal", "ScalingReplicaSet", &message).await;
}
