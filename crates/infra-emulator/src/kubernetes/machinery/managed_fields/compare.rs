//! Comparison of two values by their schema: which paths came, went or changed.

use serde_json::{Map, Value};

use super::field_set::FieldSet;
use super::path::PathElement;
use super::typed::{Walk, element_of, walk};
use crate::kubernetes::machinery::schema::Schema;

/// Difference of two values; no path is in two of the sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Comparison {
    pub(super) removed: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) added: FieldSet,
}

impl Comparison {
    /// Without the paths below those given.
    pub(super) fn excluding(self, fields: &FieldSet) -> Self {
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

/// Compares an old and a new value.
pub(super) fn compare(schema: &Schema, old: &Value, new: &Value) -> Comparison {
    let mut walker = Walker { path: Vec::new(), result: Comparison::default() };
    walker.value(schema, Some(old), Some(new));
    walker.result
}

struct Walker {
    path: Vec<PathElement>,
    result: Comparison,
}

impl Walker {
    fn value(&mut self, schema: &Schema, old: Option<&Value>, new: Option<&Value>) {
        let leaf = match walk(schema, new.filter(|value| !value.is_null()).or(old)) {
            Walk::Leaf => true,
            Walk::Fields => {
                let (lhs, rhs) = (fields(old), fields(new));
                if lhs.is_none_or(Map::is_empty) && rhs.is_none_or(Map::is_empty) {
                    true
                } else {
                    self.fields(schema, lhs, rhs);
                    false
                }
            }
            Walk::Items(items) => {
                let (lhs, rhs) = (list(old), list(new));
                if lhs.is_empty() && rhs.is_empty() {
                    true
                } else {
                    self.items(schema, items, lhs, rhs);
                    false
                }
            }
        };
        match (old, new) {
            (None, _) => self.result.added.insert(&self.path),
            (_, None) => self.result.removed.insert(&self.path),
            (Some(lhs), Some(rhs)) if leaf && lhs != rhs => {
                self.result.modified.insert(&self.path);
            }
            _ => {}
        }
    }

    fn fields(
        &mut self,
        schema: &Schema,
        old: Option<&Map<String, Value>>,
        new: Option<&Map<String, Value>>,
    ) {
        let get =
            |map: Option<&'_ Map<String, Value>>, key: &str| map.and_then(|m| m.get(key).cloned());
        let mut keys: Vec<&String> = old.into_iter().flat_map(Map::keys).collect();
        keys.extend(
            new.into_iter()
                .flat_map(Map::keys)
                .filter(|key| !old.is_some_and(|map| map.contains_key(*key))),
        );
        for key in keys {
            let Some(child) = schema.child(key) else { continue };
            self.path.push(PathElement::field(key));
            self.value(child, get(old, key).as_ref(), get(new, key).as_ref());
            self.path.pop();
        }
    }

    fn items(&mut self, schema: &Schema, items: &Schema, old: &[Value], new: &[Value]) {
        let (lhs, rhs) = (grouped(schema, old), grouped(schema, new));
        let others = rhs.iter().filter(|(element, _)| !lhs.iter().any(|(own, _)| own == element));
        for (element, _) in lhs.iter().chain(others) {
            let of = |groups: &[(PathElement, Vec<Value>)]| {
                groups
                    .iter()
                    .find(|(own, _)| own == element)
                    .map(|(_, values)| values.clone())
                    .unwrap_or_default()
            };
            self.path.push(element.clone());
            self.item(items, &of(&lhs), &of(&rhs));
            self.path.pop();
        }
    }

    /// Items of one identity: usually one on each side; several on a side are one value.
    fn item(&mut self, items: &Schema, old: &[Value], new: &[Value]) {
        match (old.len(), new.len()) {
            (0 | 1, 0 | 1) => self.value(items, old.first(), new.first()),
            (2.., 2..) => {
                if old != new {
                    self.result.modified.insert(&self.path);
                }
            }
            (2.., _) => {
                if let Some(first) = new.first() {
                    self.value(items, None, Some(first));
                }
                self.result.removed.insert(&self.path);
            }
            (_, _) => {
                if let Some(first) = old.first() {
                    self.value(items, Some(first), None);
                }
                self.result.added.insert(&self.path);
            }
        }
    }
}

fn fields(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn grouped(schema: &Schema, list: &[Value]) -> Vec<(PathElement, Vec<Value>)> {
    let mut groups: Vec<(PathElement, Vec<Value>)> = Vec::new();
    for item in list {
        let Ok(element) = element_of(schema, item) else { continue };
        match groups.iter_mut().find(|(own, _)| *own == element) {
            Some((_, values)) => values.push(item.clone()),
            None => groups.push((element, vec![item.clone()])),
        }
    }
    groups
}
