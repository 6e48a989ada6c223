//! The Kubernetes extensions of OpenAPI schemas: list types, map keys, patch strategies.

use serde_json::{Value, json};

use super::builtin::short_name;
use super::facts;

/// The schema of a type with what clients read from its extensions. References become `prefix` and the name of the type.
pub(crate) fn with_extensions(name: &str, definition: &Value, prefix: &str) -> Value {
    let mut out = definition.clone();
    let short = short_name(name);
    for (_, field, list, patch) in facts::LISTS.iter().filter(|(kind, ..)| *kind == short) {
        if let Some(property) = out["properties"].get_mut(*field) {
            extend(property, list, patch);
        }
    }
    for (_, fields) in facts::ATOMIC_FIELDS.iter().filter(|(kind, _)| *kind == short) {
        for field in fields.split(' ') {
            if let Some(property) = out["properties"].get_mut(field) {
                property["x-kubernetes-map-type"] = json!("atomic");
            }
        }
    }
    for (_, field, extension, value) in facts::EXTENSIONS.iter().filter(|(kind, ..)| *kind == short)
    {
        if let Some(property) = out["properties"].get_mut(*field) {
            property[*extension] = json!(value);
        }
    }
    optional(&short, &mut out);
    if facts::ATOMIC_TYPES.contains(&short.as_str()) {
        out["x-kubernetes-map-type"] = json!("atomic");
    }
    if short == "intstr.IntOrString" {
        out = json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }], "format": "int-or-string" });
    }
    if short == "resource.Quantity" {
        out = json!({ "oneOf": [{ "type": "string" }, { "type": "number" }] });
    }
    references(&mut out, prefix);
    out
}

/// Takes out of `required` what the types that the schemas are made from always have, and the API does not ask for.
fn optional(short: &str, schema: &mut Value) {
    if short == "events.v1.Event" {
        schema["required"] = json!(["eventTime"]);
    }
    // Events are the one kind whose metadata the API asks for.
    if short == "core.v1.Event" {
        return;
    }
    let named = facts::NAME_IS_OPTIONAL.contains(&short);
    let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) else { return };
    required.retain(|field| field != "metadata" && !(named && field == "name"));
    if required.is_empty()
        && let Some(schema) = schema.as_object_mut()
    {
        schema.shift_remove("required");
    }
}

fn extend(property: &mut Value, list: &str, patch: &str) {
    match list {
        "atomic" | "set" => property["x-kubernetes-list-type"] = json!(list),
        keys => {
            property["x-kubernetes-list-type"] = json!("map");
            property["x-kubernetes-list-map-keys"] = keys.split(',').collect();
        }
    }
    let (key, retain) = patch.split_once(' ').unwrap_or((patch, ""));
    if key.is_empty() {
        return;
    }
    let strategy = if retain.is_empty() { "merge" } else { "merge,retainKeys" };
    property["x-kubernetes-patch-strategy"] = json!(strategy);
    if key != "*" {
        property["x-kubernetes-patch-merge-key"] = json!(key);
    }
}

/// References beside other keywords stand in `allOf`, as the form of the API asks.
fn references(value: &mut Value, prefix: &str) {
    match value {
        Value::Object(map) => {
            // A field of that name is no reference.
            let is_reference = map.get("$ref").is_some_and(Value::is_string);
            if let Some(Value::String(target)) =
                is_reference.then(|| map.shift_remove("$ref")).flatten()
            {
                let name = target.rsplit('/').next().unwrap_or_default();
                let reference = json!({ "$ref": format!("{prefix}{name}") });
                if map.is_empty() {
                    *value = reference;
                } else {
                    map.insert("allOf".into(), json!([reference]));
                }
                return;
            }
            for inner in map.values_mut() {
                references(inner, prefix);
            }
        }
        Value::Array(list) => {
            for inner in list {
                references(inner, prefix);
            }
        }
        _ => {}
    }
}
