//! `metadata` of every object.

use serde_json::{Map, Value};

use super::errors::Errors;
use super::names;
use crate::kubernetes::machinery::scheme::Resource;

/// Bytes that all annotations of an object may have together.
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// Checks the metadata of a new or changed object.
pub(super) fn metadata(resource: &Resource, object: &Value, errors: &mut Errors) {
    let metadata = &object["metadata"];
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default();
    let generated = text("generateName");
    if !generated.is_empty() {
        let base = generated.trim_end_matches('-');
        for error in name_errors(resource, if base.is_empty() { generated } else { base }) {
            errors.invalid_text("metadata.generateName", generated, &error);
        }
    }
    let name = text("name");
    if name.is_empty() {
        errors.required("metadata.name", "name or generateName is required");
    } else {
        for error in name_errors(resource, name) {
            errors.invalid_text("metadata.name", name, &error);
        }
    }
    if resource.namespaced {
        if text("namespace").is_empty() {
            errors.required("metadata.namespace", "");
        } else {
            for error in names::label(text("namespace")) {
                errors.invalid_text("metadata.namespace", text("namespace"), &error);
            }
        }
    }
    labels(metadata.get("labels"), "metadata.labels", errors);
    annotations(metadata.get("annotations"), "metadata.annotations", errors);
    owners(metadata, errors);
    for finalizer in list(metadata, "finalizers") {
        let finalizer = finalizer.as_str().unwrap_or_default();
        let found = names::qualified(finalizer);
        for error in &found {
            errors.invalid_text("metadata.finalizers", finalizer, error);
        }
        let known = ["orphan", "foregroundDeletion", "kubernetes"].contains(&finalizer);
        if found.is_empty() && !finalizer.contains('/') && !known {
            errors.invalid_text(
                "metadata.finalizers",
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            );
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn name_errors(resource: &Resource, name: &str) -> Vec<String> {
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("rbac.authorization.k8s.io", _) => names::path_segment(name),
        ("", "Namespace" | "Service") | ("apps", "StatefulSet") => names::label(name),
        ("batch", "CronJob") => {
            let mut errors = names::subdomain(name);
            if name.len() > 52 {
                errors.push("must be no more than 52 characters".into());
            }
            errors
        }
        _ => names::subdomain(name),
    }
}

/// Checks labels.
pub(super) fn labels(labels: Option<&Value>, field: &str, errors: &mut Errors) {
    for (key, value) in labels.and_then(Value::as_object).into_iter().flatten() {
        for error in names::qualified(key) {
            errors.invalid_text(field, key, &error);
        }
        let value = value.as_str().unwrap_or_default();
        for error in names::label_value(value) {
            errors.invalid_text(field, value, &error);
        }
    }
}

/// Checks annotations.
pub(super) fn annotations(annotations: Option<&Value>, field: &str, errors: &mut Errors) {
    let Some(map) = annotations.and_then(Value::as_object) else { return };
    for key in map.keys() {
        for error in names::qualified(&key.to_lowercase()) {
            errors.invalid_text(field, key, &error);
        }
    }
    let size = |map: &Map<String, Value>| -> usize {
        map.iter().map(|(key, value)| key.len() + value.as_str().unwrap_or_default().len()).sum()
    };
    if size(map) > MAX_ANNOTATIONS {
        errors.too_long(field, MAX_ANNOTATIONS);
    }
}

fn owners(metadata: &Value, errors: &mut Errors) {
    let mut controllers = 0;
    for owner in list(metadata, "ownerReferences") {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let field = "metadata.ownerReferences";
        if text("apiVersion").is_empty() {
            errors.invalid_text(format!("{field}.apiVersion"), "", "version must not be empty");
        }
        for key in ["kind", "name", "uid"] {
            if text(key).is_empty() {
                errors.invalid_text(format!("{field}.{key}"), "", "must not be empty");
            }
        }
        controllers += usize::from(owner.get("controller").and_then(Value::as_bool) == Some(true));
    }
    if controllers > 1 {
        errors.invalid(
            "metadata.ownerReferences",
            &metadata["ownerReferences"],
            "Only one reference can have Controller set to true",
        );
    }
}

/// Checks that a change leaves identity alone.
pub(super) fn metadata_update(object: &Value, old: &Value, errors: &mut Errors) {
    let (new, old) = (&object["metadata"], &old["metadata"]);
    if !old["deletionTimestamp"].is_null() {
        let added: Vec<&Value> = list(new, "finalizers")
            .iter()
            .filter(|finalizer| !list(old, "finalizers").contains(finalizer))
            .collect();
        if !added.is_empty() {
            let names: Vec<String> = added.iter().map(|value| value.to_string()).collect();
            errors.forbidden(
                "metadata.finalizers",
                &format!(
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                    names.join(", ")
                ),
            );
        }
    }
    for key in ["name", "namespace", "uid"] {
        errors.immutable(format!("metadata.{key}"), &new[key], &old[key]);
    }
}
