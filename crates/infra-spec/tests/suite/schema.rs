//! The JSON schema and the parser agree: on every valid file, on every key, on every unknown key.

use std::collections::{BTreeMap, BTreeSet};

use infra_spec::{Sources, json_schema, starter};
use serde_json::{Value, json};

use super::support::{TYPES, fixture, fixtures, load_with};

/// The file as JSON, read by the parser of another library.
fn as_json(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn full() -> (Value, String) {
    let folder = fixtures("valid").into_iter().find(|path| path.ends_with("full")).unwrap();
    let text = std::fs::read_to_string(folder.join("infra.yaml")).unwrap();
    (as_json(&text), text)
}

fn schema() -> Value {
    json_schema(&BTreeMap::new())
}

#[test]
fn every_valid_file_fits_the_schema() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for folder in fixtures("valid") {
        let text = std::fs::read_to_string(folder.join("infra.yaml")).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&as_json(&text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", folder.display());
    }
    for provider in TYPES {
        assert!(validator.is_valid(&as_json(&starter(provider, "lab"))), "{provider}");
    }
}

/// Paths to every map of a document whose keys the format fixes.
fn fixed_maps(value: &Value, path: &str, found: &mut Vec<String>) {
    let free =
        ["values", "set", "labels", "parameters", "environment", "options", "on", "providers"];
    match value {
        Value::Object(object) => {
            if !path.ends_with("/clusters") {
                found.push(path.to_owned());
            }
            for (key, value) in object.iter().filter(|(key, _)| !free.contains(&key.as_str())) {
                fixed_maps(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                fixed_maps(value, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn unknown_keys_are_refused_by_both_everywhere() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let (document, _) = full();
    let mut maps = Vec::new();
    fixed_maps(&document, "", &mut maps);
    assert!(maps.len() > 30, "{}", maps.len());
    for path in maps {
        let mut changed = document.clone();
        let object = changed.pointer_mut(&path).and_then(Value::as_object_mut).unwrap();
        object.insert("unheard_of".to_owned(), json!(1));
        assert!(!validator.is_valid(&changed), "the schema takes it at {path}");
        let text = serde_json::to_string(&changed).unwrap();
        let errors = load_with(&Sources::single("infra.yaml", text), None, false)
            .map(|_| ())
            .expect_err(&format!("the parser takes it at {path}"));
        assert!(errors.render().contains("unheard_of"), "{path}: {errors}");
    }
}

/// Every property name that stands in some object of the schema, with the definition that has it.
fn properties(schema: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let root = ("file".to_owned(), schema.clone());
    let definitions = schema["$defs"].as_object().unwrap().clone();
    for (name, definition) in definitions.into_iter().chain([root]) {
        for key in definition["properties"].as_object().into_iter().flat_map(|map| map.keys()) {
            found.insert((name.clone(), key.clone()));
        }
    }
    found
}

#[test]
fn the_full_file_uses_every_key_of_the_schema() {
    // With the test above: what the schema knows, the parser reads.
    let (_, text) = full();
    let elsewhere = ["cluster", "path", "encryption_key"];
    for (definition, key) in properties(&schema()) {
        let used = text.contains(&format!("{key}:"));
        assert!(used || elsewhere.contains(&key.as_str()), "{definition}.{key} is in no test");
    }
}

#[test]
fn everything_in_the_schema_is_described() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let described = |value: &Value| value.get("description").is_some_and(Value::is_string);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        assert!(described(definition), "{name}");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(described(property), "{name}.{key}");
        }
    }
    assert!(schema.to_string().contains("\"examples\""));
    assert!(schema["$defs"]["Pool"].is_object() && !schema.to_string().contains("Form\""));
}

#[test]
fn provider_blocks_are_checked_by_their_type() {
    let block = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": { "region": { "$ref": "#/$defs/Region" } },
        "required": ["region"],
        "additionalProperties": false,
        "$defs": { "Region": { "type": "string", "minLength": 3 } },
    });
    let schema = json_schema(&BTreeMap::from([("digitalocean".to_owned(), block)]));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let valid = |providers: Value| {
        validator
            .is_valid(&json!({ "apiVersion": "infra/v1", "name": "a", "providers": providers }))
    };
    assert!(valid(json!({ "digitalocean": { "region": "ams3" } })));
    assert!(valid(json!({ "digitalocean": { "type": "digitalocean", "region": "ams3" } })));
    assert!(valid(json!({ "eu": { "type": "digitalocean", "region": "ams3" } })));
    assert!(valid(json!({ "magnum": { "anything": 1 } })));
    assert!(!valid(json!({ "digitalocean": { "region": "a" } })));
    assert!(!valid(json!({ "digitalocean": { "regin": "ams3" } })));
    assert!(!valid(json!({ "eu": { "type": "digitalocean", "regin": "ams3" } })));
    assert!(valid(json!({ "digitalocean": { "type": "magnum", "anything": 1 } })));
}

#[test]
fn wrong_types_are_refused_by_the_schema_too() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let refused =
        ["wrong-type-count", "wrong-type-map", "version-float", "boolean-yes", "several-sources"];
    for folder in fixtures("wrong") {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if refused.iter().any(|wanted| name.ends_with(wanted)) {
            let (_, _) = fixture(&folder);
            let text = std::fs::read_to_string(folder.join("infra.yaml")).unwrap();
            assert!(!validator.is_valid(&as_json(&text)), "{name}");
        }
    }
}
