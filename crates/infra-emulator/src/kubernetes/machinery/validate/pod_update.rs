//! What may change in a running pod.

use serde_json::Value;

use super::errors::Errors;
use super::pod;

/// Only images, the deadline, added tolerations and a shortened negative grace period may change.
pub(super) fn pod(object: &Value, old: &Value, errors: &mut Errors) {
    let before = errors.causes.len();
    pod::pod(object, errors);
    if errors.causes.len() > before {
        return;
    }
    let count = |pod: &Value, list: &str| pod["spec"][list].as_array().map_or(0, Vec::len);
    for list in ["containers", "initContainers"] {
        if count(object, list) != count(old, list) {
            errors
                .forbidden(format!("spec.{list}"), "pod updates may not add or remove containers");
            return;
        }
    }
    let added = |pod: &Value| pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    let (new, was) = (added(object), added(old));
    if was.iter().any(|toleration| !new.contains(toleration)) {
        errors.forbidden(
            "spec.tolerations",
            "existing toleration can not be modified except its tolerationSeconds",
        );
    }
    if fixed(object) != fixed(old) {
        errors.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        );
    }
}

/// The specification without what may change.
fn fixed(pod: &Value) -> Value {
    let mut spec = pod["spec"].clone();
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(map) = container.as_object_mut() {
                map.shift_remove("image");
            }
        }
    }
    if let Some(map) = spec.as_object_mut() {
        for key in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            map.shift_remove(key);
        }
        let negative = map
            .get("terminationGracePeriodSeconds")
            .and_then(Value::as_i64)
            .is_some_and(|seconds| seconds < 0);
        if negative {
            map.insert("terminationGracePeriodSeconds".into(), Value::from(1));
        }
    }
    spec
}
