//! Ownership of the replica count through the `scale` subresource.

use serde_json::{Value, json};

use super::entries::{self, Managers, Operation, Owned};
use super::field_set::FieldSet;
use super::path::PathElement;
use super::tracking::{Tracking, set_entries};
use crate::kubernetes::machinery::status::Status;

const SCALE_VERSION: &str = "autoscaling/v1";

/// The entries that the `Scale` of an object has: those that own the replica count.
pub fn to_scale(object: &Value, replicas: &[&str]) -> Value {
    let scale = scale_managers(&managers_of(object), &path(replicas));
    Value::Array(entries::encode(&scale))
}

/// The object after its replica count was written through `scale` to `count`.
///
/// `replicas` is the path of the count in the object. For server-side apply give `force`.
///
/// # Errors
/// 409 if another manager applied another count and force is false.
pub fn from_scale(
    object: &Value,
    replicas: &[&str],
    count: i64,
    tracking: Tracking<'_>,
    force: Option<bool>,
) -> Result<Value, Status> {
    let target = path(replicas);
    let parent = managers_of(object);
    let mut scale = scale_managers(&parent, &target);
    let old = replicas.iter().try_fold(object, |value, key| value.get(key));
    let changed = old.and_then(Value::as_i64).unwrap_or(0) != count;
    let operation = if force.is_some() { Operation::Apply } else { Operation::Update };
    let identity = entries::identity(tracking.manager, operation, SCALE_VERSION, "scale");
    if changed {
        if force == Some(false)
            && let Some((other, owned)) = scale.iter().find(|(other, _)| **other != identity)
        {
            let manager = entries::described(other, owned);
            let mut status = Status::new(
                409,
                "Conflict",
                format!("Apply failed with 1 conflict: conflict with {manager}: .spec.replicas"),
            );
            status.details = Some(json!({ "causes": [{
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {manager}"),
                "field": ".spec.replicas",
            }]}));
            return Err(status);
        }
        scale.clear();
    }
    if changed || force.is_some() {
        scale.insert(identity, owned(&path(&["spec", "replicas"]), SCALE_VERSION));
    }
    let mut out = object.clone();
    write(&mut out, replicas, json!(count));
    let merged = to_parent(parent, scale, &target, &tracking.resource.kind.api_version());
    set_entries(&mut out, Some(&merged));
    Ok(out)
}

fn to_parent(
    parent: Managers,
    mut scale: Managers,
    target: &[PathElement],
    version: &str,
) -> Managers {
    let mut out = Managers::new();
    let times: Vec<_> = parent.iter().map(|(id, own)| (id.clone(), own.time.clone())).collect();
    let mut only = FieldSet::default();
    only.insert(target);
    for (identity, mut own) in parent {
        if own.set.has(target) && scale.remove(&identity).is_none() {
            own.set = own.set.difference(&only);
        }
        if !own.set.is_empty() {
            out.insert(identity, own);
        }
    }
    for (identity, _) in scale {
        let time =
            times.iter().find(|(own, _)| *own == identity).and_then(|(_, time)| time.clone());
        out.insert(identity, Owned { time, ..owned(target, version) });
    }
    out
}

fn managers_of(object: &Value) -> Managers {
    entries::decode(&object["metadata"]["managedFields"]).unwrap_or_default()
}

fn scale_managers(parent: &Managers, target: &[PathElement]) -> Managers {
    parent
        .iter()
        .filter(|(_, own)| own.set.has(target))
        .map(|(id, own)| {
            let scaled =
                entries::identity(&id.manager, id.operation, SCALE_VERSION, &id.subresource);
            let time = own.time.clone();
            (scaled, Owned { time, ..owned(&path(&["spec", "replicas"]), SCALE_VERSION) })
        })
        .collect()
}

fn owned(path: &[PathElement], version: &str) -> Owned {
    let mut set = FieldSet::default();
    set.insert(path);
    Owned { set, api_version: version.to_owned(), time: None }
}

fn path(names: &[&str]) -> Vec<PathElement> {
    names.iter().map(|name| PathElement::field(name)).collect()
}

fn write(object: &mut Value, path: &[&str], value: Value) {
    let mut place = object;
    for key in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[*key];
    }
    *place = value;
}
