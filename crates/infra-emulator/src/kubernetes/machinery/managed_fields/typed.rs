//! Values by their schema: identity of list items, the paths a value consists of, and the check of applied configurations.

use serde_json::{Map, Value};

use super::field_set::FieldSet;
use super::path::PathElement;
use crate::kubernetes::machinery::schema::{ListType, MapType, Scalar, Schema, Shape};

/// How a value is walked.
pub(super) enum Walk<'a> {
    /// As one value.
    Leaf,
    /// Field by field.
    Fields,
    /// Item by item.
    Items(&'a Schema),
}

/// How a value of the schema is walked; of values that may be anything, the value decides.
pub(super) fn walk<'a>(schema: &'a Schema, value: Option<&Value>) -> Walk<'a> {
    match &schema.shape {
        Shape::Scalar(_) => Walk::Leaf,
        Shape::Struct(..) | Shape::Map(_) if schema.map_type == MapType::Granular => Walk::Fields,
        Shape::List(items) if schema.list_type != ListType::Atomic => Walk::Items(items),
        Shape::Any
            if schema.map_type == MapType::Granular
                && value.is_none_or(|value| value.is_object() || value.is_null()) =>
        {
            Walk::Fields
        }
        _ => Walk::Leaf,
    }
}

/// Identity of an item of a set or keyed list.
pub(super) fn element_of(list: &Schema, item: &Value) -> Result<PathElement, String> {
    let ListType::Map(keys) = &list.list_type else {
        return match item {
            Value::Object(_) => {
                Err("associative list without keys has an element that's a map type".into())
            }
            Value::Array(_) => Err("not supported: associative list with lists as elements".into()),
            Value::Null => {
                Err("associative list without keys has an element that's an explicit null".into())
            }
            scalar => Ok(PathElement::Value(scalar.to_string())),
        };
    };
    let fields = match item {
        Value::Object(fields) => fields,
        Value::Null => {
            return Err("associative list with keys may not have a null element".into());
        }
        _ => return Err("associative list with keys may not have non-map elements".into()),
    };
    let found: Vec<(String, Value)> = keys
        .iter()
        .filter_map(|key| {
            let value = fields.get(key).or_else(|| list.key_default(key))?;
            Some((key.clone(), value.clone()))
        })
        .collect();
    if found.is_empty() {
        let quoted: Vec<String> = keys.iter().map(|key| format!("{key:?}")).collect();
        return Err(format!(
            "associative list with keys has an element that omits all key fields [{}] (and doesn't have default values for any key fields)",
            quoted.join(" ")
        ));
    }
    Ok(PathElement::key(found))
}

/// All paths of a value.
pub(super) fn field_set(schema: &Schema, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    collect(schema, value, &mut Vec::new(), &mut set);
    set
}

fn collect(schema: &Schema, value: &Value, path: &mut Vec<PathElement>, set: &mut FieldSet) {
    match (walk(schema, Some(value)), value) {
        (Walk::Leaf, _) => set.insert(path),
        (Walk::Fields, Value::Object(map)) => collect_fields(schema, map, path, set),
        (Walk::Items(items), Value::Array(list)) => {
            collect_items(schema, items, list, path, set);
        }
        _ => {}
    }
}

fn collect_fields(
    schema: &Schema,
    map: &Map<String, Value>,
    path: &mut Vec<PathElement>,
    set: &mut FieldSet,
) {
    for (key, value) in map {
        let Some(child) = schema.child(key) else { continue };
        path.push(PathElement::field(key));
        collect(child, value, path, set);
        let empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if empty || !schema.has_named(key) {
            set.insert(path);
        }
        path.pop();
    }
}

fn collect_items(
    schema: &Schema,
    items: &Schema,
    list: &[Value],
    path: &mut Vec<PathElement>,
    set: &mut FieldSet,
) {
    let elements: Vec<Option<PathElement>> =
        list.iter().map(|item| element_of(schema, item).ok()).collect();
    for (item, element) in list.iter().zip(&elements) {
        let Some(element) = element else { continue };
        let copies = elements.iter().flatten().filter(|other| *other == element).count();
        path.push(element.clone());
        if copies == 1 {
            collect(items, item, path, set);
        }
        set.insert(path);
        path.pop();
    }
}

/// What is wrong with a configuration by its schema: unknown fields, wrong types, items without or with equal keys.
pub(super) fn check(schema: &Schema, value: &Value, duplicates: bool) -> Vec<String> {
    let mut errors = Vec::new();
    check_value(schema, value, duplicates, &mut String::new(), &mut errors);
    errors
}

fn check_value(
    schema: &Schema,
    value: &Value,
    duplicates: bool,
    path: &mut String,
    errors: &mut Vec<String>,
) {
    match (&schema.shape, value) {
        (_, Value::Null) | (Shape::Any, _) => {}
        (Shape::Scalar(scalar), value) => {
            if let Some(error) = scalar_error(*scalar, value) {
                errors.push(format!("{path}: {error}"));
            }
        }
        (Shape::Struct(..) | Shape::Map(_), Value::Object(map)) => {
            for (key, item) in map {
                let length = path.len();
                path.push('.');
                path.push_str(key);
                match schema.child(key) {
                    Some(child) => check_value(child, item, duplicates, path, errors),
                    None => errors.push(format!("{path}: field not declared in schema")),
                }
                path.truncate(length);
            }
        }
        (Shape::Struct(..) | Shape::Map(_), other) => {
            errors.push(format!("{path}: expected map, got &{{{other}}}"));
        }
        (Shape::List(items), Value::Array(list)) => {
            check_items(schema, items, list, duplicates, path, errors);
        }
        (Shape::List(_), other) => {
            errors.push(format!("{path}: expected list, got &{{{other}}}"));
        }
    }
}

fn check_items(
    schema: &Schema,
    items: &Schema,
    list: &[Value],
    duplicates: bool,
    path: &mut String,
    errors: &mut Vec<String>,
) {
    let mut seen: Vec<PathElement> = Vec::new();
    for (index, item) in list.iter().enumerate() {
        let element = if schema.list_type == ListType::Atomic {
            PathElement::Index(index)
        } else {
            match element_of(schema, item) {
                Ok(element) => element,
                Err(error) => {
                    errors.push(format!("{path}: element {index}: {error}"));
                    return;
                }
            }
        };
        if seen.contains(&element) && !duplicates {
            errors.push(format!("{path}: duplicate entries for key {element}"));
        }
        let length = path.len();
        path.push_str(&element.to_string());
        seen.push(element);
        check_value(items, item, duplicates, path, errors);
        path.truncate(length);
    }
}

fn scalar_error(scalar: Scalar, value: &Value) -> Option<String> {
    let wanted = match (scalar, value) {
        (Scalar::IntOrString | Scalar::Quantity, Value::Object(_) | Value::Array(_)) => {
            "any scalar"
        }
        (Scalar::IntOrString | Scalar::Quantity, _)
        | (Scalar::Boolean, Value::Bool(_))
        | (Scalar::Integer32 | Scalar::Integer64 | Scalar::Number, Value::Number(_))
        | (Scalar::String | Scalar::Bytes | Scalar::Time | Scalar::MicroTime, Value::String(_)) => {
            return None;
        }
        (Scalar::Boolean, _) => "boolean",
        (Scalar::Integer32 | Scalar::Integer64 | Scalar::Number, _) => "numeric (int or float)",
        _ => "string",
    };
    Some(format!("expected {wanted}, got &value.valueUnstructured{{Value:{value}}}"))
}
