//! Creation and update: what the strategies of the kinds keep, clear and count.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{kinds, service};
use crate::kubernetes::machinery::schema::{self, time_text};
use crate::kubernetes::machinery::scheme::Resource;

/// Longest base of a generated name; five characters follow.
const MAX_GENERATED_BASE: usize = 58;

/// What a new object gets from its surroundings.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A new UUID.
    pub uid: String,
    /// Five characters for `generateName`.
    pub suffix: String,
    /// `creationTimestamp`.
    pub now: Timestamp,
}

/// Makes an object ready to be stored for the first time: name, uid, times, generation, cleared status.
pub fn prepare_create(resource: &Resource, object: &mut Value, identity: &Identity) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for key in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"] {
            metadata.shift_remove(key);
        }
        let named = metadata.get("name").and_then(Value::as_str).is_some_and(|n| !n.is_empty());
        let base = metadata.get("generateName").and_then(Value::as_str).unwrap_or_default();
        if !named && !base.is_empty() {
            let base: String = base.chars().take(MAX_GENERATED_BASE).collect();
            metadata.insert("name".into(), json!(format!("{base}{}", identity.suffix)));
        }
        metadata.insert("uid".into(), json!(identity.uid));
        metadata.insert("creationTimestamp".into(), json!(time_text(identity.now, false)));
        if kinds::counts_generations(resource) {
            metadata.insert("generation".into(), json!(1));
        }
    }
    if resource.has_status() && resource.kind.kind != "Node" {
        reset_status(resource, object);
    }
    kinds::prepare_create(resource, object, identity);
    finish(resource, object);
}

fn reset_status(resource: &Resource, object: &mut Value) {
    if let Some(map) = object.as_object_mut() {
        map.shift_remove("status");
    }
    if resource.custom.is_none()
        && let Some(status) = resource.schema.child("status")
    {
        object["status"] = schema::normalise(status, &json!({}));
    }
}

/// Makes a change ready to be stored: what the subresource may not touch is taken from the old object, and the generation counts
/// changes of the specification.
pub fn prepare_update(resource: &Resource, subresource: &str, object: &mut Value, old: &Value) {
    keep_metadata(object, old);
    if resource.has_status() {
        match subresource {
            "status" => keep_all_but_status(resource, object, old),
            _ => keep(object, old, "status"),
        }
    }
    match (resource.kind.kind.as_str(), subresource) {
        ("Namespace", "finalize") => {}
        ("Namespace", _) => keep(object, old, "spec"),
        ("DaemonSet", "") => kinds::count_templates(object, old),
        ("Service", "") => service::keep_allocations(object, old),
        ("Pod", "ephemeralcontainers") => keep_spec_but(object, old, "ephemeralContainers"),
        _ => {}
    }
    finish(resource, object);
    let changed = subresource != "status" && kinds::is_new_generation(resource, object, old);
    let generation = old["metadata"].get("generation").and_then(Value::as_i64);
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("generation");
        if kinds::counts_generations(resource) || generation.is_some() {
            let number = generation.unwrap_or(0) + i64::from(changed);
            if number > 0 {
                metadata.insert("generation".into(), json!(number));
            }
        }
    }
}

/// Identity and deletion are not the writer's to change.
fn keep_metadata(object: &mut Value, old: &Value) {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    for key in ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        keep(&mut object["metadata"], &old["metadata"], key);
    }
    for key in ["uid", "name", "namespace", "resourceVersion"] {
        let given = object["metadata"].get(key).and_then(Value::as_str).unwrap_or_default();
        if given.is_empty() {
            keep(&mut object["metadata"], &old["metadata"], key);
        }
    }
}

/// Gives the object the old value of a field, or none.
fn keep(object: &mut Value, old: &Value, key: &str) {
    let Some(map) = object.as_object_mut() else { return };
    match old.get(key) {
        Some(value) => {
            map.insert(key.into(), value.clone());
        }
        None => {
            map.shift_remove(key);
        }
    }
}

fn keep_spec_but(object: &mut Value, old: &Value, field: &str) {
    let given = object["spec"].get(field).cloned();
    keep(object, old, "spec");
    if let (Some(value), Some(spec)) = (given, object["spec"].as_object_mut()) {
        spec.insert(field.into(), value);
    }
}

fn keep_all_but_status(resource: &Resource, object: &mut Value, old: &Value) {
    if resource.custom.is_some() {
        let status = object.get("status").cloned();
        let entries = object["metadata"].get("managedFields").cloned();
        let version = object["metadata"].get("resourceVersion").cloned();
        *object = old.clone();
        set_or_remove(object, "status", status);
        set_or_remove(&mut object["metadata"], "managedFields", entries);
        set_or_remove(&mut object["metadata"], "resourceVersion", version);
        return;
    }
    for key in old.as_object().into_iter().flat_map(Map::keys) {
        if !matches!(key.as_str(), "kind" | "apiVersion" | "metadata" | "status") {
            keep(object, old, key);
        }
    }
    let metadata: &[&str] = match resource.kind.kind.as_str() {
        "Deployment" => &["labels"],
        "Pod" => &["ownerReferences"],
        "CustomResourceDefinition" | "APIService" | "ValidatingAdmissionPolicy" => {
            &["labels", "annotations", "finalizers", "ownerReferences"]
        }
        _ => &[],
    };
    for key in metadata {
        keep(&mut object["metadata"], &old["metadata"], key);
    }
}

fn set_or_remove(object: &mut Value, key: &str, value: Option<Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => {
            map.insert(key.into(), value);
        }
        None => {
            map.shift_remove(key);
        }
    }
}

/// The form in which the server encodes the object.
fn finish(resource: &Resource, object: &mut Value) {
    if resource.custom.is_none() {
        *object = schema::normalise(&resource.schema, object);
    }
}
