//! Secrets, namespaces, nodes, limits, bindings and other small kinds.

use serde_json::{Map, Value, json};

use super::fill::{each, make, set, set_zero, text, with};

/// The type; and texts become data, as they do when the server reads a secret.
pub(super) fn secret(object: &mut Value) {
    use base64::Engine as _;
    set_zero(object, "type", json!("Opaque"));
    let texts = object.as_object_mut().and_then(|map| map.shift_remove("stringData"));
    for (key, value) in texts.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        make(object, "data")[key] = json!(encoded);
    }
}

/// The label of the name, and the phase.
pub(super) fn namespace(object: &mut Value) {
    let name = text(&object["metadata"], "name").to_owned();
    if !name.is_empty() {
        with(object, "metadata", |metadata| {
            make(metadata, "labels")["kubernetes.io/metadata.name"] = json!(name);
        });
    }
    with(object, "status", |status| set_zero(status, "phase", json!("Active")));
}

pub(super) fn node(object: &mut Value) {
    with(object, "status", |status| {
        if let Some(capacity) = status.get("capacity").cloned() {
            set(status, "allocatable", capacity);
        }
    });
}

/// Limits of containers: the default limit is the maximum, the default request the default limit or the minimum.
pub(super) fn limit_range(object: &mut Value) {
    with(object, "spec", |spec| {
        each(spec, "limits", |item| {
            if text(item, "type") != "Container" {
                return;
            }
            let map = |item: &Value, key: &str| -> Map<String, Value> {
                item.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
            };
            let mut default = map(item, "default");
            for (name, value) in map(item, "max") {
                default.entry(name).or_insert(value);
            }
            let mut request = map(item, "defaultRequest");
            for (name, value) in default.iter().map(|(k, v)| (k.clone(), v.clone())) {
                request.entry(name).or_insert(value);
            }
            for (name, value) in map(item, "min") {
                request.entry(name).or_insert(value);
            }
            for (key, map) in [("default", default), ("defaultRequest", request)] {
                if !map.is_empty() {
                    item[key] = Value::Object(map);
                }
            }
        });
    });
}

pub(super) fn binding(object: &mut Value) {
    with(object, "roleRef", |reference| {
        set_zero(reference, "apiGroup", json!("rbac.authorization.k8s.io"));
    });
    each(object, "subjects", |subject| {
        if matches!(text(subject, "kind"), "User" | "Group") {
            set_zero(subject, "apiGroup", json!("rbac.authorization.k8s.io"));
        }
    });
}

pub(super) fn priority_class(object: &mut Value) {
    set(object, "preemptionPolicy", json!("PreemptLowerPriority"));
}

pub(super) fn signing_request(object: &mut Value) {
    with(object, "spec", |spec| {
        set(spec, "usages", json!(["digital signature", "key encipherment"]));
    });
    with(object, "status", |status| {
        each(status, "conditions", |condition| set_zero(condition, "status", json!("True")));
    });
}
