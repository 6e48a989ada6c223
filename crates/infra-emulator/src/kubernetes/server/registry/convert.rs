//! One object, several versions: what is stored is given in the version of the request.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::kubernetes::machinery::scheme::Resource;

/// The object in the version of `resource`; borrowed when it is stored in that version.
pub(crate) fn presented<'a>(resource: &Resource, object: &'a Value) -> Cow<'a, Value> {
    let version = resource.kind.api_version();
    if object.get("apiVersion").and_then(Value::as_str) == Some(version.as_str()) {
        return Cow::Borrowed(object);
    }
    let mut copy = object.clone();
    match (resource.kind.group.as_str(), resource.kind.version.as_str()) {
        ("events.k8s.io", "v1") => new_event(&mut copy),
        ("", "v1") if resource.plural == "events" => old_event(&mut copy),
        ("autoscaling", "v1") => scaler_to_v1(&mut copy),
        ("autoscaling", "v2") => scaler_to_v2(&mut copy),
        _ => {}
    }
    if let Some(map) = copy.as_object_mut() {
        map.insert("apiVersion".into(), json!(version));
    }
    Cow::Owned(copy)
}

fn rename(map: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = map.shift_remove(from) {
        map.insert(to.to_owned(), value);
    }
}

const EVENT_FIELDS: [(&str, &str); 6] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn new_event(event: &mut Value) {
    let Some(map) = event.as_object_mut() else { return };
    for (old, new) in EVENT_FIELDS {
        rename(map, old, new);
    }
    rename(map, "reportingComponent", "reportingController");
}

fn old_event(event: &mut Value) {
    let Some(map) = event.as_object_mut() else { return };
    for (old, new) in EVENT_FIELDS {
        rename(map, new, old);
    }
    rename(map, "reportingController", "reportingComponent");
}

fn scaler_to_v1(scaler: &mut Value) {
    let Some(spec) = scaler.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(Value::Array(metrics)) = spec.shift_remove("metrics") else { return };
    let cpu = metrics.iter().find_map(|metric| {
        let resource = metric.get("resource")?;
        (resource.get("name")?.as_str()? == "cpu")
            .then(|| resource.get("target")?.get("averageUtilization").cloned())?
    });
    if let Some(cpu) = cpu {
        spec.insert("targetCPUUtilizationPercentage".into(), cpu);
    }
}

fn scaler_to_v2(scaler: &mut Value) {
    let Some(spec) = scaler.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(cpu) = spec.shift_remove("targetCPUUtilizationPercentage") else { return };
    let target = json!({"type": "Utilization", "averageUtilization": cpu});
    spec.insert(
        "metrics".into(),
        json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]),
    );
}
