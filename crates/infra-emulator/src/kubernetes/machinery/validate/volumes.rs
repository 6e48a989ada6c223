//! Volumes of pods.

use serde_json::Value;

use super::errors::Errors;
use super::{names, storage};

/// Checks volumes and gives their names.
pub(super) fn volumes<'a>(list: &'a [Value], field: &str, errors: &mut Errors) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for (index, volume) in list.iter().enumerate() {
        let field = format!("{field}[{index}]");
        source(volume, &field, errors);
        let name = volume["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            errors.required(format!("{field}.name"), "");
        } else {
            for error in names::label(name) {
                errors.invalid_text(format!("{field}.name"), name, &error);
            }
            if seen.contains(&name) {
                errors.duplicate(format!("{field}.name"), &format!("{name:?}"));
            }
        }
        seen.push(name);
    }
    seen
}

fn source(volume: &Value, field: &str, errors: &mut Errors) {
    let kinds: Vec<&String> = volume
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .filter(|key| *key != "name")
        .collect();
    let Some(kind) = kinds.first() else {
        errors.required(field, "must specify a volume type");
        return;
    };
    if let Some(second) = kinds.get(1) {
        errors.forbidden(format!("{field}.{second}"), "may not specify more than 1 volume type");
    }
    let field = format!("{field}.{kind}");
    let needed: &[&str] = match kind.as_str() {
        "nfs" => &["server", "path"],
        "hostPath" => &["path"],
        "persistentVolumeClaim" => &["claimName"],
        "secret" => &["secretName"],
        "configMap" => &["name"],
        "csi" => &["driver"],
        _ => &[],
    };
    let own = &volume[kind.as_str()];
    for key in needed {
        if own[*key].as_str().unwrap_or_default().is_empty() {
            errors.required(format!("{field}.{key}"), "");
        }
    }
    let mode = &own["defaultMode"];
    if mode.as_i64().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        errors.invalid(
            format!("{field}.defaultMode"),
            mode,
            "must be a number between 0 and 0777 (octal), both inclusive",
        );
    }
    if let Some(template) = own.get("volumeClaimTemplate") {
        storage::claim_spec(
            &template["spec"],
            &format!("{field}.volumeClaimTemplate.spec"),
            errors,
        );
    }
}
