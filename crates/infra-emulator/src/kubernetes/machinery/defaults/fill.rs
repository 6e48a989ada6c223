//! Filling in of absent fields.

use serde_json::{Map, Value, json};

/// Gives the object a field unless it has one.
pub(super) fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut()
        && map.get(key).is_none_or(Value::is_null)
    {
        map.insert(key.to_owned(), value);
    }
}

/// Gives the object a field unless it has one that is neither zero nor empty.
pub(super) fn set_zero(object: &mut Value, key: &str, value: Value) {
    let empty = match object.get(key) {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        _ => false,
    };
    if empty && let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// Changes the object at a key, if there is one.
pub(super) fn with(object: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
    if let Some(inner) = object.get_mut(key).filter(|inner| inner.is_object()) {
        change(inner);
    }
}

/// Changes each item of the list at a key.
pub(super) fn each(object: &mut Value, key: &str, mut change: impl FnMut(&mut Value)) {
    for item in object.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
        change(item);
    }
}

/// The object at a key, made if absent.
pub(super) fn make<'a>(object: &'a mut Value, key: &str) -> &'a mut Value {
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let inner = &mut object[key];
    if inner.is_null() {
        *inner = json!({});
    }
    inner
}

/// Text at a key, or nothing.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}
