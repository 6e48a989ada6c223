//! What is wrong with a definition: names, versions, and schemas that are not structural.

use serde_json::Value;

use super::schema_check::Checker;
use super::structural::flag;
use crate::kubernetes::machinery::status::Cause;

/// What is wrong with a definition.
pub fn validate_definition(definition: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (plural, group) = (text(&spec["names"]["plural"]), text(&spec["group"]));
    let name = text(&definition["metadata"]["name"]);
    if name != format!("{plural}.{group}") {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(invalid("metadata.name", &Value::from(name), detail));
    }
    for (field, value) in [
        ("spec.group", &group),
        ("spec.names.plural", &plural),
        ("spec.names.singular", &text(&spec["names"]["singular"])),
        ("spec.names.kind", &text(&spec["names"]["kind"])),
        ("spec.names.listKind", &text(&spec["names"]["listKind"])),
    ] {
        if value.is_empty() {
            causes.push(required(field, ""));
        }
    }
    if !group.is_empty() && group.split('.').count() < 2 {
        let detail = "should be a domain with at least one dot";
        causes.push(invalid("spec.group", &Value::from(group), detail));
    }
    match spec["scope"].as_str().unwrap_or_default() {
        "Cluster" | "Namespaced" => {}
        "" => causes.push(required("spec.scope", "")),
        other => causes.push(Cause {
            reason: "FieldValueNotSupported".into(),
            field: "spec.scope".into(),
            message: format!(
                "Unsupported value: {other:?}: supported values: \"Cluster\", \"Namespaced\""
            ),
        }),
    }
    versions(spec, &mut causes);
    causes
}

fn versions(spec: &Value, causes: &mut Vec<Cause>) {
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let storage = versions.iter().filter(|version| flag(version, "storage")).count();
    if storage != 1 {
        let detail = "must have exactly one version marked as storage version";
        causes.push(invalid("spec.versions", &spec["versions"], detail));
    }
    let schema = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
    // One schema for all versions is reported where it stood in the first form of the API.
    let same = versions.windows(2).all(|pair| schema(&pair[0]) == schema(&pair[1]));
    for (index, version) in versions.iter().enumerate() {
        let field = if same {
            "spec.validation.openAPIV3Schema".to_owned()
        } else {
            format!("spec.versions[{index}].schema.openAPIV3Schema")
        };
        let open_api = schema(version);
        if open_api.is_null() {
            let place = format!("spec.versions[{index}].schema.openAPIV3Schema");
            causes.push(required(&place, "schemas are required"));
            continue;
        }
        if same && index > 0 {
            continue;
        }
        if open_api["type"].as_str().is_some_and(|kind| kind != "object") {
            let place = format!("{field}.type");
            causes.push(invalid(&place, &open_api["type"], "must be object at the root"));
        } else {
            structural(&open_api, &field, true, causes);
        }
    }
}

fn structural(open_api: &Value, field: &str, root: bool, causes: &mut Vec<Cause>) {
    let kind = open_api["type"].as_str().unwrap_or_default();
    let untyped = flag(open_api, "x-kubernetes-int-or-string")
        || flag(open_api, "x-kubernetes-preserve-unknown-fields");
    if kind.is_empty() && (root || !untyped) {
        let detail = if root {
            "must not be empty at the root"
        } else {
            "must not be empty for specified object fields"
        };
        causes.push(required(&format!("{field}.type"), detail));
    }
    if kind == "array" {
        list(open_api, field, causes);
    }
    if !open_api["properties"].is_null() && open_api["additionalProperties"].is_object() {
        causes.push(Cause {
            reason: "FieldValueForbidden".into(),
            field: format!("{field}.additionalProperties"),
            message: "Forbidden: additionalProperties and properties are mutual exclusive".into(),
        });
    }
    if let Some(default) = open_api.get("default") {
        let mut checker = Checker::default();
        checker.value(open_api, default, &format!("{field}.default"));
        causes.extend(checker.causes);
    }
    for (name, property) in open_api["properties"].as_object().into_iter().flatten() {
        structural(property, &format!("{field}.properties[{name}]"), false, causes);
    }
    if open_api["items"].is_object() {
        structural(&open_api["items"], &format!("{field}.items"), false, causes);
    }
    if open_api["additionalProperties"].is_object() {
        structural(
            &open_api["additionalProperties"],
            &format!("{field}.additionalProperties"),
            false,
            causes,
        );
    }
}

fn list(open_api: &Value, field: &str, causes: &mut Vec<Cause>) {
    let items = &open_api["items"];
    if !items.is_object() {
        causes.push(required(&format!("{field}.items"), "must be specified"));
        return;
    }
    if open_api["x-kubernetes-list-type"].as_str() != Some("map") {
        return;
    }
    let keys: Vec<&str> = open_api["x-kubernetes-list-map-keys"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if keys.is_empty() {
        let place = format!("{field}.x-kubernetes-list-map-keys");
        causes.push(required(&place, "must not be empty if x-kubernetes-list-type is map"));
    }
    if items["type"].as_str() != Some("object") {
        let place = format!("{field}.items.type");
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        causes.push(invalid(&place, &items["type"], detail));
        return;
    }
    for (index, key) in keys.iter().enumerate() {
        let property = &items["properties"][*key];
        if property.is_null() {
            let place = format!("{field}.x-kubernetes-list-map-keys[{index}]");
            let detail = "entries must all be names of item properties";
            causes.push(invalid(&place, &Value::from(*key), detail));
            continue;
        }
        let needed = items["required"].as_array().is_some_and(|r| r.iter().any(|own| own == key));
        if !needed && property.get("default").is_none() {
            let place = format!("{field}.items.properties[{key}].default");
            causes.push(required(
                &place,
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
            ));
        }
    }
}

fn invalid(field: &str, value: &Value, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueInvalid".into(),
        field: field.into(),
        message: format!("Invalid value: {value}: {detail}"),
    }
}

fn required(field: &str, detail: &str) -> Cause {
    let message = if detail.is_empty() {
        "Required value".to_owned()
    } else {
        format!("Required value: {detail}")
    };
    Cause { reason: "FieldValueRequired".into(), field: field.into(), message }
}
