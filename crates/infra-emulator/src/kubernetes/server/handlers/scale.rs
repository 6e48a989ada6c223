//! The `scale` subresource: a small object that reads and writes the replica count of a bigger one.

use std::sync::Arc;

use serde_json::{Value, json};

use super::dispatch::Call;
use super::objects::{check_patch_options, check_write_options, patch_kind};
use crate::kubernetes::machinery::managed_fields::{self, Tracking};
use crate::kubernetes::machinery::patch::{json_patch, merge_patch};
use crate::kubernetes::machinery::status::{Cause, Status};
use crate::kubernetes::machinery::write::PatchType;
use crate::kubernetes::server::http::{Answer, json_response};
use crate::kubernetes::server::registry::{PatchKind, Target};

/// Where a kind keeps what its scale shows.
struct Paths {
    spec: String,
    status: String,
    selector: Option<String>,
}

impl Paths {
    fn of(target: &Target) -> Self {
        let pointer = |path: &Value| path.as_str().map(|path| path.replace('.', "/"));
        if let Some(custom) = &target.resource.custom {
            let scale = &custom.version["subresources"]["scale"];
            return Self {
                spec: pointer(&scale["specReplicasPath"]).unwrap_or_default(),
                status: pointer(&scale["statusReplicasPath"]).unwrap_or_default(),
                selector: pointer(&scale["labelSelectorPath"]),
            };
        }
        Self { spec: "/spec/replicas".into(), status: "/status/replicas".into(), selector: None }
    }
}

/// Answers `get`, `update` and `patch` of a scale.
pub(super) async fn answer(call: &Call, target: &Target, verb: &str, body: &[u8]) -> Answer {
    let live = call.api.store.get(&target.key(&target.name)).ok_or_else(|| target.not_found())?;
    let paths = Paths::of(target);
    let scale = scale_of(target, &live, &paths);
    match verb {
        "get" => Ok(json_response(200, &scale, &[])),
        "update" => {
            check_write_options(call, "UpdateOptions")?;
            let wanted = serde_json::from_slice(body)
                .map_err(|error| Status::bad_request(error.to_string()))?;
            write(call, target, &live, &paths, &wanted).await
        }
        "patch" => {
            let kind = patch_kind(call, target)?;
            check_patch_options(call, kind)?;
            let patch: Value = if kind == PatchKind::Apply {
                serde_saphyr::from_slice(body)
                    .map_err(|error| Status::bad_request(error.to_string()))?
            } else {
                serde_json::from_slice(body)
                    .map_err(|error| Status::bad_request(error.to_string()))?
            };
            let wanted = match kind {
                PatchKind::Of(PatchType::Json) => json_patch(&scale, &patch)?,
                _ => merge_patch(&scale, &patch),
            };
            write(call, target, &live, &paths, &wanted).await
        }
        _ => Err(Status::no_such_method()),
    }
}

fn scale_of(target: &Target, object: &Value, paths: &Paths) -> Value {
    let metadata = &object["metadata"];
    let mut own = json!({"name": metadata["name"]});
    for key in ["namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(key) {
            own[key] = value.clone();
        }
    }
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let mut spec = json!({});
    if let Some(replicas) = number(&paths.spec).filter(|replicas| *replicas != 0) {
        spec["replicas"] = json!(replicas);
    }
    let mut status = json!({"replicas": number(&paths.status).unwrap_or(0)});
    let selector = match &paths.selector {
        Some(pointer) => object.pointer(pointer).and_then(Value::as_str).map(str::to_owned),
        None => selector_text(target, &object["spec"]["selector"]),
    };
    if let Some(selector) = selector {
        status["selector"] = json!(selector);
    }
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": own,
        "spec": spec,
        "status": status,
    })
}

/// A label selector as text, in the order that the real formatter gives.
fn selector_text(target: &Target, selector: &Value) -> Option<String> {
    let labels = if target.resource.plural == "replicationcontrollers" {
        selector
    } else {
        &selector["matchLabels"]
    };
    let mut parts: Vec<String> = labels
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> = expression["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match expression["operator"].as_str().unwrap_or_default() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    parts.sort();
    (!parts.is_empty()).then(|| parts.join(","))
}

async fn write(
    call: &Call,
    target: &Target,
    live: &Arc<Value>,
    paths: &Paths,
    wanted: &Value,
) -> Answer {
    let caller = call.caller()?;
    let replicas = wanted["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let cause = Cause {
            reason: "FieldValueInvalid".into(),
            field: "spec.replicas".into(),
            message: format!("Invalid value: {replicas}: must be greater than or equal to 0"),
        };
        return Err(Status::invalid("autoscaling", "Scale", &target.name, &[cause]));
    }
    let version = wanted["metadata"]["resourceVersion"].as_str().unwrap_or_default();
    if !version.is_empty() && live["metadata"]["resourceVersion"] != *version {
        return Err(target.modified());
    }
    let mut live = live.clone();
    for _ in 0..16 {
        let mut changed = Value::clone(&live);
        set(&mut changed, &paths.spec, json!(replicas));
        let now = caller.now();
        let manager = caller.manager.as_str();
        let tracking = Tracking { resource: &target.resource, subresource: "scale", manager, now };
        let object = managed_fields::track(Some(&live), changed, tracking);
        let whole = target.sub("");
        if let Some(written) = call.api.write_tracked(&whole, &live, object, &caller).await? {
            let scale = scale_of(target, &written.object, paths);
            return Ok(json_response(200, &scale, &written.warnings));
        }
        live = call.api.store.get(&target.key(&target.name)).ok_or_else(|| target.not_found())?;
    }
    Err(target.modified())
}

/// Sets the value at a pointer, making the objects on the way.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for part in pointer.split('/').filter(|part| !part.is_empty()) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[part];
    }
    *place = value;
}
