//! Definitions and their objects.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{CustomResource, decode, validate, validate_definition};
use crate::kubernetes::machinery::scheme::Resource;

fn definition(spec: Value) -> Value {
    json!({
        "metadata": { "name": "widgets.example.org" },
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": { "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec } } },
            }],
        },
    })
}

fn compiled(spec: Value) -> (Arc<Resource>, Arc<CustomResource>) {
    let resource = Arc::new(CustomResource::resources(&definition(spec)).remove(0));
    let custom = resource.custom.clone().unwrap();
    (resource, custom)
}

fn widget(spec: Value) -> Value {
    json!({ "apiVersion": "example.org/v1", "kind": "Widget", "metadata": { "name": "w" }, "spec": spec })
}

fn refused(custom: &CustomResource, spec: Value, old: Option<Value>) -> Vec<(String, String)> {
    let object = decode(custom, &widget(spec)).unwrap().value;
    let old = old.map(widget);
    let causes = validate(custom, &object, old.as_ref());
    causes.into_iter().map(|cause| (cause.reason, cause.field)).collect()
}

#[test]
fn unknown_fields_go_and_defaults_come() {
    let (_, custom) = compiled(json!({
        "type": "object",
        "properties": {
            "size": { "type": "integer", "default": 3 },
            "nested": { "type": "object", "default": {}, "properties": { "on": { "type": "boolean", "default": true } } },
            "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
            "maybe": { "type": "string", "nullable": true },
            "text": { "type": "string" },
            "list": { "type": "array", "items": { "type": "object", "properties": { "a": { "type": "string", "default": "x" } } } },
        },
    }));
    let given = json!({ "odd": 1, "free": { "x": [1] }, "maybe": null, "text": null, "list": [{ "b": 1 }] });
    let decoded = decode(&custom, &widget(given)).unwrap();
    assert_eq!(
        decoded.value["spec"],
        json!({ "free": { "x": [1] }, "maybe": null, "list": [{ "a": "x" }], "size": 3, "nested": { "on": true } })
    );
    assert_eq!(decoded.unknown, ["spec.list[0].b", "spec.odd"]);
}

#[test]
fn schemas_are_checked() {
    let (_, custom) = compiled(json!({
        "type": "object",
        "required": ["mode"],
        "properties": {
            "mode": { "type": "string", "enum": ["a", "b"] },
            "size": { "type": "integer", "minimum": 1, "maximum": 3 },
            "name": { "type": "string", "maxLength": 2, "pattern": "^[a-z]+$" },
            "port": { "x-kubernetes-int-or-string": true },
            "tags": { "type": "array", "items": { "type": "string" }, "x-kubernetes-list-type": "set", "maxItems": 3 },
            "either": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] },
        },
    }));
    let pair =
        |reason: &str, field: &str| vec![(format!("FieldValue{reason}"), format!("spec.{field}"))];
    for (spec, expected) in [
        (json!({ "mode": "a", "port": "http" }), vec![]),
        (json!({}), pair("Required", "mode")),
        (json!({ "mode": "c" }), pair("NotSupported", "mode")),
        (json!({ "mode": "a", "size": 4 }), pair("Invalid", "size")),
        (json!({ "mode": "a", "size": "x" }), pair("TypeInvalid", "size")),
        (json!({ "mode": "a", "name": "abc" }), pair("TooLong", "name")),
        (json!({ "mode": "a", "name": "A" }), pair("Invalid", "name")),
        (json!({ "mode": "a", "port": 1.5 }), pair("TypeInvalid", "port")),
        (json!({ "mode": "a", "tags": ["x", "x"] }), pair("Duplicate", "tags[1]")),
        (json!({ "mode": "a", "tags": ["a", "b", "c", "d"] }), pair("TooMany", "tags")),
        (json!({ "mode": "a", "either": { "a": 1, "b": 2 } }), pair("Invalid", "either")),
    ] {
        assert_eq!(refused(&custom, spec.clone(), None), expected, "{spec}");
    }
}

#[test]
fn rules_hold_for_objects_and_for_changes() {
    let (_, custom) = compiled(json!({
        "type": "object",
        "x-kubernetes-validations": [{ "rule": "!has(self.max) || self.min <= self.max", "messageExpression": "'min ' + string(self.min) + ' exceeds max'" }],
        "properties": {
            "min": { "type": "integer" },
            "max": { "type": "integer" },
            "fixed": { "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf", "message": "is fixed", "reason": "FieldValueForbidden" }] },
            "names": { "type": "array", "items": { "type": "string" }, "x-kubernetes-validations": [{ "rule": "self.all(n, n.startsWith('x'))" }] },
        },
    }));
    assert_eq!(refused(&custom, json!({ "min": 1 }), None), []);
    let object = decode(&custom, &widget(json!({ "min": 3, "max": 2 }))).unwrap().value;
    let causes = validate(&custom, &object, None);
    assert_eq!(causes[0].message, "Invalid value: \"object\": min 3 exceeds max");
    let (new, old) = (json!({ "min": 1, "fixed": "b" }), json!({ "min": 1, "fixed": "a" }));
    assert_eq!(refused(&custom, new.clone(), None), []);
    assert_eq!(
        refused(&custom, new, Some(old)),
        [("FieldValueForbidden".into(), "spec.fixed".into())]
    );
    let named = refused(&custom, json!({ "min": 1, "names": ["x1", "y"] }), None);
    assert_eq!(named, [("FieldValueInvalid".into(), "spec.names".into())]);
}

#[test]
fn definitions_must_be_structural() {
    let fields = |spec: Value| -> Vec<String> {
        validate_definition(&definition(spec)).into_iter().map(|cause| cause.field).collect()
    };
    let at = |rest: &str| vec![format!("spec.validation.openAPIV3Schema.properties[spec].{rest}")];
    assert_eq!(fields(json!({ "type": "object" })), Vec::<String>::new());
    assert_eq!(fields(json!({})), at("type"));
    assert_eq!(fields(json!({ "type": "array" })), at("items"));
    assert_eq!(fields(json!({ "type": "integer", "default": "x" })), at("default"));
    let mut wrong = definition(json!({ "type": "object" }));
    wrong["metadata"]["name"] = json!("other");
    wrong["spec"]["versions"][0]["storage"] = json!(false);
    let fields: Vec<_> = validate_definition(&wrong).into_iter().map(|cause| cause.field).collect();
    assert_eq!(fields, ["metadata.name", "spec.versions"]);
}
