//! [`diff`]: which fields differ, and what that leads to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Kind, OnChange, Value};

/// What a change leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The resource is changed in place.
    Update,
    /// The resource is deleted and made anew.
    Replace,
}

/// A difference in one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Path of the field: keys joined by dots.
    pub path: String,
    /// Live value; null if there is none.
    pub before: Value,
    /// Desired value; null if it is to go.
    pub after: Value,
    /// What it leads to.
    pub effect: Effect,
}

/// The differences between what is desired and what is live, for a kind's fields.
///
/// `prior` are the inputs of the last successful run: they tell which fields were taken out of the file, and stand in for fields that
/// the API does not tell (such as secrets). Keys that neither the file nor the prior inputs name are not ours and are not compared.
pub fn diff(kind: &Kind, desired: &Value, live: &Value, prior: Option<&Value>) -> Vec<Change> {
    let mut names: BTreeSet<&str> = keys(desired).collect();
    names.extend(prior.into_iter().flat_map(keys));
    let mut changes = Vec::new();
    for name in names {
        let field = kind.field(name);
        let effect = match field.on_change {
            OnChange::Nothing => continue,
            OnChange::Update => Effect::Update,
            OnChange::Replace => Effect::Replace,
        };
        let after = desired.get(name).unwrap_or(&Value::Null);
        let told = live.get(name).or_else(|| prior.and_then(|prior| prior.get(name)));
        compare(name, told.unwrap_or(&Value::Null), after, effect, &mut changes);
    }
    changes
}

fn keys(value: &Value) -> impl Iterator<Item = &str> {
    let map = if let Value::Map(map) = value { Some(map) } else { None };
    map.into_iter().flat_map(|map| map.keys().map(String::as_str))
}

fn compare(path: &str, before: &Value, after: &Value, effect: Effect, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Map(old), Value::Map(new)) => {
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for name in names {
                let path = format!("{path}.{name}");
                let old = old.get(name).unwrap_or(&Value::Null);
                compare(&path, old, new.get(name).unwrap_or(&Value::Null), effect, changes);
            }
        }
        _ if same(before, after) => {}
        _ => changes.push(Change {
            path: path.to_owned(),
            before: before.clone(),
            after: after.clone(),
            effect,
        }),
    }
}

/// Equal for the API: nothing, an empty list and an empty map are one; 3 and 3.0 are one; secrets compare by content.
fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Number(old), Value::Number(new)) => old == new || old.as_f64() == new.as_f64(),
        (Value::Secret(_), _) | (_, Value::Secret(_)) => {
            before.text().is_some() && before.text() == after.text()
        }
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        (Value::Map(old), Value::Map(new)) => {
            old.len() == new.len()
                && old.iter().all(|(key, old)| new.get(key).is_some_and(|new| same(old, new)))
        }
        _ => before == after || (empty(before) && empty(after)),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}
