//! Reading objects: names, owners, conditions, the state of pods.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::queue::WorkKey;
use crate::kubernetes::server::{Client, now, time_text};

/// Text at a JSON pointer, empty if there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Number at a JSON pointer.
pub(super) fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// Items of the list at a JSON pointer.
pub(super) fn items<'a>(
    object: &'a Value,
    pointer: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// `metadata.name`.
pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`.
pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// The key of an object.
pub(super) fn key_of(object: &Value) -> WorkKey {
    WorkKey::new(namespace(object), name(object))
}

/// Namespace and name.
pub(super) fn pair(object: &Value) -> (&str, &str) {
    (namespace(object), name(object))
}

/// Whether an object is being deleted.
pub(super) fn is_going(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// Whether an object has a finalizer.
pub(super) fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    items(object, "/metadata/finalizers").any(|one| one == finalizer)
}

/// Adds or removes a finalizer.
pub(super) fn set_finalizer(object: &mut Value, finalizer: &str, wanted: bool) {
    let present = has_finalizer(object, finalizer);
    if wanted && !present {
        match object["metadata"].get_mut("finalizers").and_then(Value::as_array_mut) {
            Some(all) => all.push(json!(finalizer)),
            None => object["metadata"]["finalizers"] = json!([finalizer]),
        }
    }
    if !wanted
        && present
        && let Some(all) = object["metadata"]["finalizers"].as_array_mut()
    {
        all.retain(|one| one != finalizer);
    }
}

/// The owner that controls an object.
pub(super) fn controller_of(object: &Value) -> Option<&Value> {
    items(object, "/metadata/ownerReferences").find(|owner| owner["controller"] == true)
}

/// The name of the controlling owner if it is of a kind.
pub(super) fn controlled_by<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    controller_of(object).filter(|owner| owner["kind"] == *kind)?["name"].as_str()
}

/// The reference by which an object says that another one controls it.
pub(super) fn controller_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The objects of a resource that an owner controls.
pub(super) fn controlled(client: &Client, resource: &str, owner: &Value) -> Vec<Arc<Value>> {
    let mut all = client.list(resource, Some(namespace(owner)));
    all.retain(|object| {
        controller_of(object).is_some_and(|reference| reference["uid"] == *uid(owner))
    });
    all
}

/// Whether a condition of a type is true.
pub(super) fn is_true(object: &Value, condition: &str) -> bool {
    items(object, "/status/conditions")
        .any(|one| one["type"] == *condition && one["status"] == "True")
}

/// A condition by its type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, "/status/conditions").find(|one| one["type"] == *kind)
}

/// Sets a condition; its transition time changes with its status alone, and an equal one is left untouched.
pub(super) fn set_condition(
    object: &mut Value,
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    with_update_time: bool,
) {
    let time = time_text(now());
    let mut fresh = json!({"type": kind, "status": status});
    if with_update_time {
        fresh["lastUpdateTime"] = json!(time);
    }
    fresh["lastTransitionTime"] = json!(time);
    for (key, value) in [("reason", reason), ("message", message)] {
        if !value.is_empty() {
            fresh[key] = json!(value);
        }
    }
    if !object["status"].is_object() {
        object["status"] = json!({});
    }
    let conditions = &mut object["status"]["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(all) = conditions.as_array_mut() else { return };
    let Some(present) = all.iter_mut().find(|one| one["type"] == *kind) else {
        all.push(fresh);
        return;
    };
    let same = present["status"] == *status
        && present["reason"].as_str().unwrap_or_default() == reason
        && present["message"].as_str().unwrap_or_default() == message;
    if same {
        return;
    }
    if present["status"] == *status {
        fresh["lastTransitionTime"] = present["lastTransitionTime"].clone();
    }
    *present = fresh;
}

/// Whether a pod has run to its end.
pub(super) fn is_finished(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether a pod counts for its controller: neither finished nor going away.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_finished(pod) && !is_going(pod)
}

/// Whether a pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    is_true(pod, "Ready")
}

/// Sets a number of a status, leaving zero out as the real controllers' encoding does.
pub(super) fn set_count(status: &mut Value, key: &str, count: usize) {
    let Some(map) = status.as_object_mut() else { return };
    if count == 0 {
        map.shift_remove(key);
    } else {
        map.insert(key.to_owned(), json!(count));
    }
}

/// Since when pods have been ready, in world time, for `minReadySeconds`.
#[derive(Debug, Default)]
pub(super) struct ReadySince {
    seen: Mutex<HashMap<String, WorldTime>>,
}

impl ReadySince {
    /// How many of the pods have been ready for long enough, and when the next one will have been.
    pub(super) fn available(
        &self,
        pods: &[Arc<Value>],
        least: i64,
        at: WorldTime,
    ) -> (usize, Option<Duration>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let least = Duration::from_secs(u64::try_from(least).unwrap_or_default());
        let (mut count, mut next) = (0, None::<Duration>);
        for pod in pods {
            if !is_ready(pod) {
                seen.remove(uid(pod));
                continue;
            }
            if least.is_zero() {
                count += 1;
                continue;
            }
            let since = *seen.entry(uid(pod).to_owned()).or_insert(at);
            let waited = at.since(since);
            if waited >= least {
                count += 1;
            } else {
                let left = least - waited;
                next = Some(next.map_or(left, |next| next.min(left)));
            }
        }
        (count, next)
    }
}
