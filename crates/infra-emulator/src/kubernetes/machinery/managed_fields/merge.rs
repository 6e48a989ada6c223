//! Merging of an applied configuration into a live object.

use serde_json::{Map, Value};

use super::path::PathElement;
use super::typed::{Walk, element_of, walk};
use crate::kubernetes::machinery::schema::Schema;

/// The live value with the configuration merged in; where both have a leaf, the configuration's wins.
pub(super) fn merge(schema: &Schema, live: &Value, applied: &Value) -> Value {
    merged(schema, Some(live), Some(applied)).unwrap_or(Value::Null)
}

fn merged(schema: &Schema, live: Option<&Value>, applied: Option<&Value>) -> Option<Value> {
    let leaf = || applied.or(live).cloned();
    match walk(schema, applied.filter(|value| !value.is_null()).or(live)) {
        Walk::Leaf => leaf(),
        Walk::Fields => {
            let (lhs, rhs) = (live.and_then(Value::as_object), applied.and_then(Value::as_object));
            if lhs.is_none_or(Map::is_empty) && rhs.is_none_or(Map::is_empty) {
                return leaf();
            }
            let out = merged_fields(schema, lhs, rhs);
            (!out.is_empty()).then_some(Value::Object(out))
        }
        Walk::Items(items) => {
            let (lhs, rhs) = (live.and_then(Value::as_array), applied.and_then(Value::as_array));
            if lhs.is_none_or(Vec::is_empty) && rhs.is_none_or(Vec::is_empty) {
                return leaf();
            }
            let side = |list: Option<&Vec<Value>>| list.cloned().unwrap_or_default();
            let out = Lists::new(schema, items, side(lhs), side(rhs)).merged();
            (!out.is_empty()).then_some(Value::Array(out))
        }
    }
}

fn merged_fields(
    schema: &Schema,
    live: Option<&Map<String, Value>>,
    applied: Option<&Map<String, Value>>,
) -> Map<String, Value> {
    let mut out = Map::new();
    let mut keys: Vec<&String> = live.into_iter().flat_map(Map::keys).collect();
    keys.extend(
        applied
            .into_iter()
            .flat_map(Map::keys)
            .filter(|key| !live.is_some_and(|map| map.contains_key(*key))),
    );
    for key in keys {
        let get = |map: Option<&Map<String, Value>>| map.and_then(|map| map.get(key).cloned());
        let (lhs, rhs) = (get(live), get(applied));
        let value = match schema.child(key) {
            Some(child) => merged(child, lhs.as_ref(), rhs.as_ref()),
            None => rhs.or(lhs),
        };
        if let Some(value) = value {
            out.insert(key.clone(), value);
        }
    }
    out
}

/// Two lists of identified items on their way into one. The order is that of the configuration, with live items that it does not name
/// kept where they stand between the shared ones.
struct Lists<'a> {
    items: &'a Schema,
    live: Vec<(PathElement, Value)>,
    applied: Vec<(PathElement, Value)>,
    /// Elements of the configuration that live has too, in the configuration's order; the next wanted one first.
    shared: std::collections::VecDeque<PathElement>,
    done: Vec<PathElement>,
    out: Vec<Value>,
}

impl<'a> Lists<'a> {
    fn new(schema: &Schema, items: &'a Schema, live: Vec<Value>, applied: Vec<Value>) -> Self {
        let identified = |list: Vec<Value>| -> Vec<(PathElement, Value)> {
            list.into_iter()
                .filter_map(|item| Some((element_of(schema, &item).ok()?, item)))
                .collect()
        };
        let (live, applied) = (identified(live), identified(applied));
        let shared = applied
            .iter()
            .map(|(element, _)| element)
            .filter(|element| live.iter().any(|(own, _)| own == *element))
            .cloned()
            .collect();
        Self { items, live, applied, shared, done: Vec::new(), out: Vec::new() }
    }

    /// The live item to merge with; none if there are several of that identity.
    fn live_of(&self, element: &PathElement) -> Option<Value> {
        let mut found = self.live.iter().filter(|(own, _)| own == element);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value.clone()),
            (Some(_), Some(_)) => Some(Value::Null),
            _ => None,
        }
    }

    fn is_applied(&self, element: &PathElement) -> bool {
        self.applied.iter().any(|(own, _)| own == element)
    }

    fn take(&mut self, element: &PathElement, applied: &Value) {
        self.done.push(element.clone());
        let live = self.live_of(element);
        self.out.extend(merged(self.items, live.as_ref(), Some(applied)));
    }

    fn merged(mut self) -> Vec<Value> {
        let (mut left, mut right) = (0, 0);
        while left < self.live.len() || right < self.applied.len() {
            if left < self.live.len() && right < self.applied.len() {
                let element = self.live[left].0.clone();
                if element == self.applied[right].0 {
                    let value = self.applied[right].1.clone();
                    self.take(&element, &value);
                    self.shared.pop_front();
                    left += 1;
                    right += 1;
                    continue;
                }
                let wanted = self.shared.front();
                if self.is_applied(&element) && wanted.is_some_and(|next| *next != element) {
                    left += 1; // Shared, but not the one whose turn it is.
                    continue;
                }
            }
            if left < self.live.len() {
                let (element, value) = self.live[left].clone();
                if !self.is_applied(&element) {
                    self.out.extend(merged(self.items, Some(&value), None));
                    left += 1;
                    continue;
                }
                if self.done.contains(&element) {
                    left += 1;
                }
            }
            if right < self.applied.len() {
                let (element, value) = self.applied[right].clone();
                self.take(&element, &value);
                right += 1;
                if self.shared.front() == Some(&element) {
                    self.shared.pop_front();
                }
            }
        }
        self.out
    }
}
