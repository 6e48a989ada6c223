//! Config maps, secrets, quotas, limits, events and other small kinds.

use base64::Engine as _;
use serde_json::{Value, json};

use super::errors::Errors;
use super::names;
use crate::kubernetes::machinery::schema::Quantity;

/// Bytes of all values of a config map or secret.
const MAX_DATA: usize = 1024 * 1024;

pub(super) fn config_map(object: &Value, errors: &mut Errors) {
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in object[field].as_object().into_iter().flatten() {
            for error in names::key(key) {
                errors.invalid_text(format!("{field}[{key}]"), key, &error);
            }
            if field == "data" && object["binaryData"].get(key).is_some() {
                errors.invalid_text(
                    format!("data[{key}]"),
                    key,
                    "duplicate of key present in binaryData",
                );
            }
            size += value.as_str().unwrap_or_default().len();
        }
    }
    if size > MAX_DATA {
        errors.too_long("", MAX_DATA);
    }
}

pub(super) fn secret(object: &Value, errors: &mut Errors) {
    for key in object["data"].as_object().into_iter().flat_map(|map| map.keys()) {
        for error in names::key(key) {
            errors.invalid_text(format!("data[{key}]"), key, &error);
        }
    }
    let has = |key: &str| object["data"].get(key).is_some();
    match object["type"].as_str().unwrap_or_default() {
        "kubernetes.io/dockerconfigjson" => json_data(object, ".dockerconfigjson", errors),
        "kubernetes.io/dockercfg" => json_data(object, ".dockercfg", errors),
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"] {
                if !has(key) {
                    errors.required(format!("data[{key}]"), "");
                }
            }
        }
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            errors.required("data[username]", "");
            errors.required("data[password]", "");
        }
        "kubernetes.io/ssh-auth" => {
            let key = object["data"]["ssh-privatekey"].as_str().unwrap_or_default();
            if key.is_empty() {
                errors.required("data[ssh-privatekey]", "");
            }
        }
        "kubernetes.io/service-account-token" => {
            let name = &object["metadata"]["annotations"]["kubernetes.io/service-account.name"];
            if name.as_str().unwrap_or_default().is_empty() {
                errors.required("metadata.annotations[kubernetes.io/service-account.name]", "");
            }
        }
        _ => {}
    }
}

fn json_data(object: &Value, key: &str, errors: &mut Errors) {
    let field = format!("data[{key}]");
    let Some(text) = object["data"].get(key).and_then(Value::as_str) else {
        errors.required(field, "");
        return;
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    if !serde_json::from_slice::<Value>(&bytes).is_ok_and(|value| value.is_object()) {
        errors.invalid_text(field, "<secret contents redacted>", "invalid character");
    }
}

/// Immutable config maps and secrets, and the type of secrets.
pub(super) fn data_update(object: &Value, old: &Value, errors: &mut Errors) {
    if object.get("type").is_some() || old.get("type").is_some() {
        errors.immutable("type", &object["type"], &old["type"]);
    }
    if old["immutable"].as_bool() != Some(true) {
        return;
    }
    if object["immutable"].as_bool() != Some(true) {
        errors.forbidden("immutable", "field is immutable when `immutable` is set");
    }
    for field in ["data", "binaryData"] {
        if object[field] != old[field] {
            errors.forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}

pub(super) fn resource_quota(object: &Value, errors: &mut Errors) {
    for (name, value) in object["spec"]["hard"].as_object().into_iter().flatten() {
        let field = format!("spec.hard[{name}]");
        for error in names::qualified(name) {
            errors.invalid_text(&field, name, &error);
        }
        if !name.contains('/') && !is_quota_resource(name) {
            errors.invalid_text(&field, name, "must be a standard resource for quota");
        }
        if Quantity::of(value).is_some_and(|quantity| quantity.sign() < 0) {
            errors.invalid(field, value, "must be greater than or equal to 0");
        }
    }
}

/// Resources that quotas count by names without a domain.
fn is_quota_resource(name: &str) -> bool {
    const STANDARD: [&str; 17] = [
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "persistentvolumeclaims",
        "configmaps",
    ];
    STANDARD.contains(&name)
        || ["services.", "count/", "hugepages-", "requests.hugepages-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

pub(super) fn limit_range(object: &Value, errors: &mut Errors) {
    for (index, item) in object["spec"]["limits"].as_array().into_iter().flatten().enumerate() {
        let field = format!("spec.limits[{index}]");
        if item["type"].as_str().unwrap_or_default().is_empty() {
            errors.required(format!("{field}.type"), "");
        }
        let get = |kind: &str, name: &str| Quantity::of(&item[kind][name]);
        for name in item["min"].as_object().into_iter().flat_map(|map| map.keys()) {
            if let (Some(min), Some(max)) = (get("min", name), get("max", name))
                && min > max
            {
                let detail = format!(
                    "min value {} is greater than max value {}",
                    min.canonical(),
                    max.canonical()
                );
                errors.invalid(format!("{field}.min[{name}]"), &json!(min.canonical()), &detail);
            }
        }
    }
}

pub(super) fn event(object: &Value, errors: &mut Errors) {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let involved = object["involvedObject"]["namespace"].as_str().unwrap_or_default();
    let cluster_scoped = involved.is_empty() && namespace == "default";
    if object.get("involvedObject").is_some() && !cluster_scoped && involved != namespace {
        errors.invalid_text("involvedObject.namespace", involved, "does not match event.namespace");
    }
}

pub(super) fn runtime_class(object: &Value, errors: &mut Errors) {
    let handler = object["handler"].as_str().unwrap_or_default();
    if handler.is_empty() {
        errors.required("handler", "");
        return;
    }
    for error in names::label(handler) {
        errors.invalid_text("handler", handler, &error);
    }
}

pub(super) fn priority_class(object: &Value, errors: &mut Errors) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let value = object["value"].as_i64().unwrap_or(0);
    if value > 1_000_000_000 && !name.starts_with("system-") {
        errors.forbidden("value", "maximum allowed value of a user defined priority is 1000000000");
    }
    let policy = object["preemptionPolicy"].as_str().unwrap_or_default();
    errors.one_of("preemptionPolicy", policy, &["Never", "PreemptLowerPriority"]);
}

pub(super) fn lease(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    if spec["leaseDurationSeconds"].as_i64().is_some_and(|seconds| seconds <= 0) {
        errors.invalid(
            "spec.leaseDurationSeconds",
            &spec["leaseDurationSeconds"],
            "must be greater than 0",
        );
    }
    errors.not_negative("spec.leaseTransitions", &spec["leaseTransitions"]);
}
