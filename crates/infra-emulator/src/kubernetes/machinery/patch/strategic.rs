//! Strategic merge patch: merge patch with list merging by key and directives (`$patch`, `$retainKeys`, `$setElementOrder/`,
//! `$deleteFromPrimitiveList/`).

use serde_json::{Map, Value};

use super::order;
use crate::kubernetes::machinery::schema::Schema;
use crate::kubernetes::machinery::status::Status;

const PATCH: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";

type Object = Map<String, Value>;

/// The document with the patch merged in by the schema's merge keys.
///
/// # Errors
/// 400 for directives that are not understood, 500 for items without merge key (as the server answers).
pub fn strategic_merge_patch(
    document: &Value,
    patch: &Value,
    schema: &Schema,
) -> Result<Value, Status> {
    let Some(fields) = patch.as_object() else {
        return Err(Status::bad_request("The order in patch list:\nis not an object"));
    };
    let original = document.as_object().cloned().unwrap_or_default();
    merge_map(original, fields.clone(), schema).map(Value::Object)
}

fn merge_map(mut original: Object, mut patch: Object, schema: &Schema) -> Result<Object, Status> {
    if let Some(directive) = patch.shift_remove(PATCH) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Object::new()),
            other => Err(unknown_directive(other.unwrap_or_default())),
        };
    }
    retain_keys(&mut original, &mut patch)?;
    merge_ordered_lists(&mut original, &mut patch, schema)?;
    for (key, value) in patch {
        if let Some(name) = key.strip_prefix(DELETE) {
            delete_values(&mut original, name, &value);
            continue;
        }
        if value.is_null() {
            original.shift_remove(&key);
            continue;
        }
        let child = schema.child(&key);
        let merged = match (original.get(&key).cloned(), value) {
            (Some(Value::Object(old)), Value::Object(new)) if !replaces(schema, &key) => {
                let any = Schema::any();
                let mut merged = merge_map(old, new, child.unwrap_or(&any))?;
                merged.retain(|_, value| !value.is_null());
                Value::Object(merged)
            }
            (Some(Value::Array(old)), Value::Array(new)) => {
                Value::Array(merge_list(old, new, child)?)
            }
            (_, new) => without_directives(new).unwrap_or(Value::Null),
        };
        original.insert(key, merged);
    }
    Ok(original)
}

/// Selectors of disruption budgets are replaced, not merged.
fn replaces(schema: &Schema, key: &str) -> bool {
    schema.name == "PodDisruptionBudgetSpec" && key == "selector"
}

fn unknown_directive(directive: &str) -> Status {
    Status::unclassified(format!("Unknown patch type found: {directive}"))
}

/// Keeps of the original only the keys that `$retainKeys` names.
fn retain_keys(original: &mut Object, patch: &mut Object) -> Result<(), Status> {
    let Some(keys) = patch.shift_remove(RETAIN) else { return Ok(()) };
    let keys: Vec<String> = keys
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|key| key.as_str().map(str::to_owned))
        .collect();
    let unlisted = patch
        .iter()
        .find(|(key, value)| !value.is_null() && !key.starts_with('$') && !keys.contains(key));
    if unlisted.is_some() {
        return Err(Status::bad_request(
            "retainKeys directive: a field in the patch is not listed",
        ));
    }
    original.retain(|key, _| keys.contains(key));
    Ok(())
}

fn merge_list(
    original: Vec<Value>,
    patch: Vec<Value>,
    schema: Option<&Schema>,
) -> Result<Vec<Value>, Status> {
    let Some(schema) = schema.filter(|schema| schema.patch.merge) else {
        return Ok(patch.into_iter().filter_map(without_directives).collect());
    };
    let key = schema.patch.merge_key.as_deref();
    let (merged, given, replaced) = merge_items(original.clone(), patch, schema, key)?;
    if replaced {
        return Ok(merged);
    }
    Ok(order::normalised(merged, &given, &original, key))
}

/// Merges items and obeys their directives: the list, the patch's items without directives, and whether they replaced all.
fn merge_items(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    schema: &Schema,
    key: Option<&str>,
) -> Result<(Vec<Value>, Vec<Value>, bool), Status> {
    let Some(key) = key else {
        for value in &patch {
            if !original.contains(value) {
                original.push(value.clone());
            }
        }
        return Ok((original, patch, false));
    };
    let (mut given, mut replace) = (Vec::new(), false);
    for item in patch {
        match item.get(PATCH).and_then(Value::as_str) {
            None => given.push(item),
            Some("replace") => replace = true,
            Some("delete") => {
                let value = item.get(key).ok_or_else(|| no_key(&item, key))?;
                original.retain(|own| own.get(key) != Some(value));
            }
            Some(other) => return Err(unknown_directive(other)),
        }
    }
    if replace {
        let replaced = given.iter().cloned().filter_map(without_directives).collect();
        return Ok((replaced, given, true));
    }
    let any = Schema::any();
    let items = schema.items().unwrap_or(&any);
    for item in &given {
        let value = item.get(key).ok_or_else(|| no_key(item, key))?;
        let found = original.iter_mut().find(|own| own.get(key) == Some(value));
        match (found, item) {
            (Some(own), Value::Object(fields)) => {
                let old = own.as_object().cloned().unwrap_or_default();
                *own = Value::Object(merge_map(old, fields.clone(), items)?);
            }
            _ => original.extend(without_directives(item.clone())),
        }
    }
    Ok((original, given, false))
}

fn no_key(item: &Value, key: &str) -> Status {
    Status::unclassified(format!("map: {item} does not contain declared merge key: {key}"))
}

/// Lists for which the patch gives an order.
fn merge_ordered_lists(
    original: &mut Object,
    patch: &mut Object,
    schema: &Schema,
) -> Result<(), Status> {
    let directives: Vec<String> =
        patch.keys().filter(|key| key.starts_with(ORDER)).cloned().collect();
    for directive in directives {
        let wanted = patch.shift_remove(&directive).and_then(|value| match value {
            Value::Array(list) => Some(list),
            _ => None,
        });
        let name = directive.trim_start_matches(ORDER).to_owned();
        let child = schema.child(&name);
        let key = child.and_then(|child| child.patch.merge_key.clone());
        let removed = patch.shift_remove(&format!("{DELETE}{name}"));
        if let Some(values) = removed {
            delete_values(original, &name, &values);
        }
        let old = original.get(&name).and_then(Value::as_array).cloned();
        let new = match patch.shift_remove(&name) {
            Some(Value::Array(list)) => Some(list),
            Some(Value::Null) => {
                original.shift_remove(&name);
                continue;
            }
            _ => None,
        };
        let merged = match (old.clone(), new, child) {
            (Some(old), Some(new), Some(child)) => merge_items(old, new, child, key.as_deref())?.0,
            (None, Some(new), _) => new.into_iter().filter_map(without_directives).collect(),
            (Some(old), _, _) => old,
            (None, None, _) => continue,
        };
        let before = old.unwrap_or_default();
        let sorted =
            order::normalised(merged, &wanted.unwrap_or_default(), &before, key.as_deref());
        original.insert(name, Value::Array(sorted));
    }
    Ok(())
}

fn delete_values(original: &mut Object, name: &str, values: &Value) {
    let values = values.as_array().cloned().unwrap_or_default();
    if let Some(list) = original.get_mut(name).and_then(Value::as_array_mut) {
        list.retain(|own| !values.contains(own));
    }
}

/// A new value as it is taken over: objects that carry a directive vanish, nulls and orders are dropped.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(PATCH) => None,
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter(|(key, _)| {
                    key != RETAIN && !key.starts_with(ORDER) && !key.starts_with(DELETE)
                })
                .filter_map(|(key, value)| Some((key, without_directives(value)?)))
                .collect(),
        )),
        Value::Array(list) => {
            Some(Value::Array(list.into_iter().filter_map(without_directives).collect()))
        }
        other => Some(other),
    }
}
