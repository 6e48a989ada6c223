//! Removal of paths from a value.

use serde_json::{Map, Value};

use super::field_set::FieldSet;
use super::path::PathElement;
use super::typed::{Walk, element_of, walk};
use crate::kubernetes::machinery::schema::Schema;

/// The value without the paths; what loses all its parts becomes null.
pub(super) fn remove(schema: &Schema, value: &Value, paths: &FieldSet) -> Value {
    match (walk(schema, Some(value)), value) {
        (Walk::Fields, Value::Object(map)) => remove_fields(schema, map, paths),
        (Walk::Items(items), Value::Array(list)) => remove_items(schema, items, list, paths),
        (Walk::Leaf, Value::Object(_) | Value::Array(_)) => Value::Null,
        (_, Value::Object(_) | Value::Array(_)) => Value::Null,
        (_, scalar) => scalar.clone(),
    }
}

fn remove_fields(schema: &Schema, map: &Map<String, Value>, paths: &FieldSet) -> Value {
    let mut out = Map::new();
    for (key, value) in map {
        let element = PathElement::field(key);
        if paths.members.contains(&element) {
            continue;
        }
        let kept = match (paths.child(&element), schema.child(key)) {
            (Some(below), Some(child)) => remove(child, value, below),
            _ => value.clone(),
        };
        out.insert(key.clone(), kept);
    }
    if out.is_empty() { Value::Null } else { Value::Object(out) }
}

fn remove_items(schema: &Schema, items: &Schema, list: &[Value], paths: &FieldSet) -> Value {
    let mut out = Vec::new();
    for item in list {
        let Ok(element) = element_of(schema, item) else {
            out.push(item.clone());
            continue;
        };
        if paths.members.contains(&element) {
            continue;
        }
        out.push(match paths.child(&element) {
            Some(below) => remove(items, item, below),
            None => item.clone(),
        });
    }
    if out.is_empty() { Value::Null } else { Value::Array(out) }
}
