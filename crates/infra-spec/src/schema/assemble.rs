//! Puts the schema together: that of the file, and those of provider blocks in their place.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::root_form::FileForm;

/// The JSON schema (draft 2020-12) of the file.
///
/// `provider_schemas` maps provider types to the schemas of their blocks; blocks of other types are left open.
pub fn json_schema(provider_schemas: &BTreeMap<String, Value>) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<FileForm>().to_value();
    rename_references(&mut schema, &plain_name);
    let mut definitions = Map::new();
    let blocks: BTreeMap<&str, Value> = provider_schemas
        .iter()
        .map(|(kind, block)| (kind.as_str(), embed(kind, block, &mut definitions)))
        .collect();
    if let Some(all) = schema.pointer_mut("/$defs").and_then(Value::as_object_mut) {
        let own = std::mem::take(all);
        all.extend(own.into_iter().map(|(name, value)| (plain_name(&name), value)));
        all.extend(definitions);
    }
    if let Some(providers) =
        schema.pointer_mut("/properties/providers").and_then(Value::as_object_mut)
    {
        let description = providers.get("description").cloned();
        providers.clear();
        providers.extend(description.map(|text| ("description".to_owned(), text)));
        providers.extend(provider_map(&blocks));
    }
    schema
}

/// The map of provider blocks: the type of a block is its `type`, or else its name.
fn provider_map(blocks: &BTreeMap<&str, Value>) -> Map<String, Value> {
    let open = json!({
        "type": ["object", "null"],
        "properties": { "type": { "type": "string", "description": "The provider's type." } },
    });
    let by_type: Vec<Value> = blocks
        .iter()
        .map(|(kind, block)| {
            json!({
                "if": { "properties": { "type": { "const": kind } }, "required": ["type"] },
                "then": block,
            })
        })
        .collect();
    let mut typed = open.clone();
    if let (Some(typed), false) = (typed.as_object_mut(), by_type.is_empty()) {
        typed.insert("allOf".to_owned(), Value::Array(by_type));
    }
    let named: Map<String, Value> = blocks
        .iter()
        .map(|(kind, block)| {
            let schema = json!({ "if": { "required": ["type"] }, "then": typed, "else": block });
            ((*kind).to_owned(), schema)
        })
        .collect();
    let mut map = Map::new();
    map.insert("type".to_owned(), json!(["object", "null"]));
    map.insert("properties".to_owned(), Value::Object(named));
    map.insert("additionalProperties".to_owned(), typed);
    map
}

/// Makes a provider's schema part of ours: its definitions move to the root under names of their own, and `type` becomes
/// one of its keys.
fn embed(kind: &str, schema: &Value, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    rename_references(&mut schema, &|name| format!("{kind}.{name}"));
    let Some(object) = schema.as_object_mut() else { return schema };
    object.remove("$schema");
    if let Some(Value::Object(own)) = object.remove("$defs") {
        definitions.extend(own.into_iter().map(|(name, value)| (format!("{kind}.{name}"), value)));
    }
    // A block without content is written `name:`; that is enough where nothing is required.
    let required = object.get("required").and_then(Value::as_array);
    if required.is_none_or(Vec::is_empty) && object.get("type") == Some(&json!("object")) {
        object.insert("type".to_owned(), json!(["object", "null"]));
    }
    if let Some(properties) =
        object.entry("properties").or_insert_with(|| json!({})).as_object_mut()
    {
        let own_type = json!({ "const": kind, "description": "The provider's type." });
        properties.entry("type").or_insert(own_type);
    }
    schema
}

/// `PoolForm` is a name of ours; a reader of the schema sees `Pool`.
fn plain_name(name: &str) -> String {
    name.strip_suffix("Form").unwrap_or(name).to_owned()
}

fn rename_references(schema: &mut Value, rename: &dyn Fn(&str) -> String) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                let name = value.as_str().and_then(|text| text.strip_prefix("#/$defs/"));
                if let (true, Some(name)) = (key == "$ref", name) {
                    *value = Value::String(format!("#/$defs/{}", rename(name)));
                } else {
                    rename_references(value, rename);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rename_references(value, rename)),
        _ => {}
    }
}
