//! Merge patch (RFC 7386).

use serde_json::{Map, Value};

/// The document with the patch merged in: null removes, objects merge, all else replaces.
pub fn merge_patch(document: &Value, patch: &Value) -> Value {
    let Value::Object(fields) = patch else {
        return patch.clone();
    };
    let mut merged = match document {
        Value::Object(map) => map.clone(),
        _ => Map::new(),
    };
    for (key, value) in fields {
        if value.is_null() {
            merged.shift_remove(key);
        } else {
            let old = merged.get(key).cloned().unwrap_or(Value::Null);
            merged.insert(key.clone(), merge_patch(&old, value));
        }
    }
    Value::Object(merged)
}
