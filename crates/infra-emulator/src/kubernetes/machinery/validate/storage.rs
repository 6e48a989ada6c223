//! Claims, volumes, storage classes, drivers.

use serde_json::Value;

use super::errors::Errors;
use super::names;
use crate::kubernetes::machinery::schema::Quantity;

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub(super) fn claim(object: &Value, errors: &mut Errors) {
    claim_spec(&object["spec"], "spec", errors);
}

pub(super) fn claim_spec(spec: &Value, field: &str, errors: &mut Errors) {
    access_modes(spec, field, errors);
    match spec["resources"]["requests"].get("storage") {
        None => errors.required(format!("{field}.resources[storage]"), ""),
        Some(size) if Quantity::of(size).is_none_or(|quantity| quantity.sign() <= 0) => {
            errors.invalid(
                format!("{field}.resources[storage]"),
                size,
                "must be greater than zero",
            );
        }
        Some(_) => {}
    }
    if let Some(class) = spec["storageClassName"].as_str().filter(|class| !class.is_empty()) {
        for error in names::subdomain(class) {
            errors.invalid_text(format!("{field}.storageClassName"), class, &error);
        }
    }
    let mode = spec["volumeMode"].as_str().unwrap_or("Filesystem");
    if !matches!(mode, "Block" | "Filesystem") {
        errors.unsupported(format!("{field}.volumeMode"), mode, &["Block", "Filesystem"]);
    }
}

fn access_modes(spec: &Value, field: &str, errors: &mut Errors) {
    let modes = spec["accessModes"].as_array().map_or(&[][..], Vec::as_slice);
    let field = format!("{field}.accessModes");
    if modes.is_empty() {
        errors.required(&field, "at least 1 access mode is required");
    }
    for mode in modes.iter().filter_map(Value::as_str) {
        if !MODES.contains(&mode) {
            errors.unsupported(&field, mode, &MODES);
        }
    }
    if modes.len() > 1 && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        errors.forbidden(&field, "may not use ReadWriteOncePod with other access modes");
    }
}

/// Of a claim only the size may change: grow, once it is bound.
pub(super) fn claim_update(object: &Value, old: &Value, errors: &mut Errors) {
    let bound = old["status"]["phase"].as_str() == Some("Bound");
    let strip = |claim: &Value| {
        let mut spec = claim["spec"].clone();
        if let Some(map) = spec.as_object_mut() {
            map.shift_remove("volumeAttributesClassName");
            if bound && let Some(resources) = map.get_mut("resources") {
                *resources = Value::Null;
            }
        }
        spec
    };
    let (mut new, before) = (strip(object), strip(old));
    if before["volumeName"].is_null()
        && let Some(map) = new.as_object_mut()
    {
        map.shift_remove("volumeName");
    }
    if new != before {
        errors.forbidden(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
        );
        return;
    }
    let size = |claim: &Value| Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]);
    if let (Some(new), Some(before)) = (size(object), size(old))
        && new < before
    {
        errors.forbidden(
            "spec.resources.requests.storage",
            "field can not be less than status.capacity",
        );
    }
}

pub(super) fn volume(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let modes = spec["accessModes"].as_array().is_none_or(Vec::is_empty);
    if modes {
        errors.required("spec.accessModes", "");
    } else {
        access_modes(spec, "spec", errors);
    }
    let capacity = spec["capacity"].as_object();
    if capacity.is_none_or(|map| map.is_empty()) {
        errors.required("spec.capacity", "");
    }
    if capacity.is_none_or(|map| map.len() != 1 || !map.contains_key("storage")) {
        errors.unsupported("spec.capacity", "", &["storage"]);
    } else if Quantity::of(&spec["capacity"]["storage"]).is_none_or(|size| size.sign() <= 0) {
        errors.invalid(
            "spec.capacity[storage]",
            &spec["capacity"]["storage"],
            "must be greater than zero",
        );
    }
    let policy = spec["persistentVolumeReclaimPolicy"].as_str().unwrap_or_default();
    if !policy.is_empty() && !matches!(policy, "Delete" | "Recycle" | "Retain") {
        errors.unsupported(
            "spec.persistentVolumeReclaimPolicy",
            policy,
            &["Delete", "Recycle", "Retain"],
        );
    }
    let known = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    let sources: Vec<&String> = spec
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .filter(|key| !known.contains(&key.as_str()))
        .collect();
    match sources.len() {
        0 => errors.required("spec", "must specify a volume type"),
        1 => source(spec, sources[0], errors),
        _ => errors
            .forbidden(format!("spec.{}", sources[1]), "may not specify more than 1 volume type"),
    }
}

fn source(spec: &Value, name: &str, errors: &mut Errors) {
    let field = format!("spec.{name}");
    let needed: &[&str] = match name {
        "nfs" => &["server", "path"],
        "hostPath" | "local" => &["path"],
        "csi" => &["driver", "volumeHandle"],
        _ => &[],
    };
    for key in needed {
        if spec[name][*key].as_str().unwrap_or_default().is_empty() {
            errors.required(format!("{field}.{key}"), "");
        }
    }
    if name == "local" && spec["nodeAffinity"].is_null() {
        errors.required("spec.nodeAffinity", "Local volume requires node affinity");
    }
}

pub(super) fn volume_update(object: &Value, old: &Value, errors: &mut Errors) {
    let mutable = [
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    let source = |volume: &Value| -> Value {
        let mut spec = volume["spec"].as_object().cloned().unwrap_or_default();
        spec.retain(|key, _| !mutable.contains(&key.as_str()));
        Value::Object(spec)
    };
    if source(object) != source(old) {
        errors.forbidden(
            "spec.persistentvolumesource",
            "spec.persistentvolumesource is immutable after creation",
        );
    }
    errors.immutable("spec.volumeMode", &object["spec"]["volumeMode"], &old["spec"]["volumeMode"]);
    if !old["spec"]["nodeAffinity"].is_null() {
        errors.immutable(
            "spec.nodeAffinity",
            &object["spec"]["nodeAffinity"],
            &old["spec"]["nodeAffinity"],
        );
    }
}

pub(super) fn class(object: &Value, errors: &mut Errors) {
    let provisioner = object["provisioner"].as_str().unwrap_or_default();
    if provisioner.is_empty() {
        errors.required("provisioner", "");
    } else {
        for error in names::qualified(&provisioner.to_lowercase()) {
            errors.invalid_text("provisioner", provisioner, &error);
        }
    }
    for key in object["parameters"].as_object().into_iter().flat_map(|map| map.keys()) {
        if key.is_empty() {
            errors.invalid_text("parameters", key, "field must not be empty.");
        }
    }
    let policy = object["reclaimPolicy"].as_str().unwrap_or_default();
    if !policy.is_empty() && !matches!(policy, "Delete" | "Retain") {
        errors.unsupported("reclaimPolicy", policy, &["Delete", "Retain"]);
    }
    match object["volumeBindingMode"].as_str() {
        None => errors.required("volumeBindingMode", ""),
        Some("Immediate" | "WaitForFirstConsumer") => {}
        Some(other) => {
            errors.unsupported("volumeBindingMode", other, &["Immediate", "WaitForFirstConsumer"])
        }
    }
}

pub(super) fn class_update(object: &Value, old: &Value, errors: &mut Errors) {
    if object["parameters"] != old["parameters"] {
        errors.forbidden("parameters", "updates to parameters are forbidden.");
    }
    if object["provisioner"] != old["provisioner"] {
        errors.forbidden("provisioner", "updates to provisioner are forbidden.");
    }
    if object["reclaimPolicy"] != old["reclaimPolicy"] {
        errors.forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.");
    }
    errors.immutable("volumeBindingMode", &object["volumeBindingMode"], &old["volumeBindingMode"]);
}

pub(super) fn driver(object: &Value, errors: &mut Errors) {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if name.len() > 63 {
        errors.too_long("metadata.name", 63);
    }
    let policy = object["spec"]["fsGroupPolicy"].as_str().unwrap_or_default();
    let allowed = ["File", "None", "ReadWriteOnceWithFSType"];
    if !policy.is_empty() && !allowed.contains(&policy) {
        errors.unsupported("spec.fsGroupPolicy", policy, &allowed);
    }
    for mode in object["spec"]["volumeLifecycleModes"].as_array().into_iter().flatten() {
        let mode = mode.as_str().unwrap_or_default();
        if !matches!(mode, "Persistent" | "Ephemeral") {
            errors.unsupported("spec.volumeLifecycleModes", mode, &["Ephemeral", "Persistent"]);
        }
    }
}
