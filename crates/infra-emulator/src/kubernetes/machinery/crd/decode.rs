//! Decoding of custom objects: metadata as of any object, unknown fields pruned, nulls dropped, defaults filled in.

use serde_json::{Map, Value};

use super::definition::CustomResource;
use super::structural::{flag, metadata};
use crate::kubernetes::machinery::schema::{self, Decoded};

/// Decodes an object of a custom kind. Types of its fields are checked with the rules, not here.
///
/// # Errors
/// The decoder's text for what is no object, and for metadata of a wrong form.
pub fn decode(custom: &CustomResource, value: &Value) -> Result<Decoded, String> {
    let mut unknown = Vec::new();
    let Some(given) = value.as_object().cloned() else {
        return Err(
            "json: cannot unmarshal value into Go value of type map[string]interface {}".into()
        );
    };
    let mut out = Map::new();
    for key in ["apiVersion", "kind"] {
        if let Some(text) = given.get(key) {
            out.insert(key.into(), text.clone());
        }
    }
    let meta = given.get("metadata").cloned().unwrap_or_else(|| serde_json::json!({}));
    let decoded = schema::decode(&metadata(), &meta)?;
    unknown.extend(decoded.unknown.into_iter().map(|path| format!("metadata.{path}")));
    out.insert("metadata".into(), decoded.value);
    let mut rest: Map<String, Value> = given
        .into_iter()
        .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
        .collect();
    prune_fields(&mut rest, custom.schema(), "", &mut unknown);
    let mut body = Value::Object(rest);
    default(&mut body, custom.schema());
    if let Value::Object(rest) = body {
        let names = ["apiVersion", "kind", "metadata"];
        out.extend(rest.into_iter().filter(|(key, _)| !names.contains(&key.as_str())));
    }
    unknown.sort();
    Ok(Decoded { value: Value::Object(out), unknown })
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn prune(value: &mut Value, open_api: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(fields) => prune_fields(fields, open_api, path, unknown),
        Value::Array(list) => {
            if let Some(items) = open_api.get("items") {
                for (index, item) in list.iter_mut().enumerate() {
                    prune(item, items, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        _ => {}
    }
}

fn prune_fields(
    fields: &mut Map<String, Value>,
    open_api: &Value,
    path: &str,
    unknown: &mut Vec<String>,
) {
    let preserves = flag(open_api, "x-kubernetes-preserve-unknown-fields");
    let embedded = flag(open_api, "x-kubernetes-embedded-resource");
    let values = open_api.get("additionalProperties");
    let any = values == Some(&Value::Bool(true));
    fields.retain(|key, value| {
        let place = join(path, key);
        if let Some(property) = open_api["properties"].get(key) {
            prune(value, property, &place, unknown);
            return true;
        }
        if let Some(values) = values.filter(|values| values.is_object()) {
            prune(value, values, &place, unknown);
            return true;
        }
        let kept = preserves
            || any
            || (embedded && matches!(key.as_str(), "apiVersion" | "kind" | "metadata"));
        if !kept {
            unknown.push(place);
        }
        kept
    });
}

/// Drops nulls where none is allowed and fills in defaults, from the outside in.
fn default(value: &mut Value, open_api: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, property) in open_api["properties"].as_object().into_iter().flatten() {
                let null = fields.get(key).is_some_and(Value::is_null);
                if null && !flag(property, "nullable") {
                    fields.shift_remove(key);
                }
                if let Some(own) = property.get("default")
                    && !fields.contains_key(key)
                {
                    fields.insert(key.clone(), own.clone());
                }
            }
            let values = open_api.get("additionalProperties");
            for (key, inner) in fields.iter_mut() {
                match open_api["properties"].get(key).or(values) {
                    Some(property) => default(inner, property),
                    None => continue,
                }
            }
        }
        Value::Array(list) => {
            for item in list {
                default(item, &open_api["items"]);
            }
        }
        _ => {}
    }
}
