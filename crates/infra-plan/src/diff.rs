//! [`diff`]: which fields differ, and what that leads to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Kind, OnChange, Secret, Value};

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

impl Change {
    /// The same change with every secret passed through `change`.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_secrets<E>(
        &self,
        change: &mut impl FnMut(&Secret) -> Result<Secret, E>,
    ) -> Result<Self, E> {
        Ok(Self {
            path: self.path.clone(),
            before: self.before.map_secrets(change)?,
            after: self.after.map_secrets(change)?,
            effect: self.effect,
        })
    }

    /// Whether it is in the field `name` of the inputs.
    pub(crate) fn is_within(&self, name: &str) -> bool {
        self.path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// The differences between what is desired and what is live, for a kind's fields.
///
/// `prior` are the inputs of the last successful run: they tell which fields were taken out of the file, and stand in for fields that
/// the API does not tell (such as secrets). Keys that neither the file nor the prior inputs name are not ours and are not compared.
/// Where one side is secret, both are in the result: what the API tells in clear does not get out.
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
        let kept = || prior.and_then(|prior| prior.get(name));
        let told = live.get(name).filter(|told| is_told(told)).or_else(kept);
        let before = told.unwrap_or(&Value::Null);
        let after = desired.get(name).unwrap_or(&Value::Null);
        if field.secret {
            let (before, after) = (concealed(before, true), concealed(after, true));
            compare(name, &before, &after, effect, &mut changes);
        } else {
            compare(name, before, after, effect, &mut changes);
        }
    }
    changes
}

/// Whether the API tells a value: of some secrets it only tells that there is one.
fn is_told(value: &Value) -> bool {
    match value {
        Value::Secret(secret) => secret.expose().is_some() || secret.sealed_text().is_some(),
        _ => true,
    }
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
        _ => {
            let secret = before.has_secret() || after.has_secret();
            let kept = |value: &Value| if secret { concealed(value, true) } else { value.clone() };
            let (before, after) = (kept(before), kept(after));
            changes.push(Change { path: path.to_owned(), before, after, effect });
        }
    }
}

/// The value with every text in it made secret, and every number if `numbers`.
pub(crate) fn concealed(value: &Value, numbers: bool) -> Value {
    match value {
        Value::Text(text) => Value::secret(text.clone()),
        Value::Number(number) if numbers => Value::secret(number.to_string()),
        Value::List(list) => {
            Value::List(list.iter().map(|value| concealed(value, numbers)).collect())
        }
        Value::Map(map) => Value::Map(
            map.iter().map(|(key, value)| (key.clone(), concealed(value, numbers))).collect(),
        ),
        // The secret parts of joined texts are marked already.
        other => other.clone(),
    }
}

/// Equal for the API: nothing, an empty list and an empty map are one; 3 and 3.0 are one; secrets compare by content.
fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Number(old), Value::Number(new)) => {
            // Whole numbers are compared as such: as floats, large ones would lose their last digits.
            old == new || ((old.is_f64() || new.is_f64()) && old.as_f64() == new.as_f64())
        }
        (Value::Secret(_), _) | (_, Value::Secret(_)) => match (before.text(), after.text()) {
            (Some(old), Some(new)) => old == new,
            _ => before == after,
        },
        (Value::List(old), Value::List(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        (Value::Map(old), Value::Map(new)) => {
            old.iter().all(|(key, old)| same(old, new.get(key).unwrap_or(&Value::Null)))
                && new.iter().all(|(key, new)| old.contains_key(key) || empty(new))
        }
        // What is not known yet is never known to be the same.
        (Value::Unknown | Value::Reference(_), _) | (_, Value::Unknown | Value::Reference(_)) => {
            false
        }
        _ => before == after || (empty(before) && empty(after)),
    }
}

fn empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.values().all(empty),
        _ => false,
    }
}
