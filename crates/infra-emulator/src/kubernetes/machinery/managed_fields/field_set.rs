//! Sets of field paths (`FieldsV1`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::path::PathElement;
use crate::kubernetes::machinery::schema::Schema;

/// A set of paths as a tree: the members at this node, and the sets below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    pub(super) members: BTreeSet<PathElement>,
    pub(super) children: BTreeMap<PathElement, FieldSet>,
}

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(Self::is_empty)
    }

    /// Adds a path; the empty path means the whole object, which nobody owns.
    pub(super) fn insert(&mut self, path: &[PathElement]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    pub(super) fn has(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.members.contains(last),
            [first, rest @ ..] => self.children.get(first).is_some_and(|child| child.has(rest)),
        }
    }

    pub(super) fn child(&self, element: &PathElement) -> Option<&FieldSet> {
        self.children.get(element).filter(|child| !child.is_empty())
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        out.members.extend(other.members.iter().cloned());
        for (element, child) in &other.children {
            let merged = match out.children.get(element) {
                Some(own) => own.union(child),
                None => child.clone(),
            };
            out.children.insert(element.clone(), merged);
        }
        out
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        Self {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: self
                .children
                .iter()
                .filter_map(|(element, child)| {
                    let common = child.intersection(other.children.get(element)?);
                    (!common.is_empty()).then(|| (element.clone(), common))
                })
                .collect(),
        }
    }

    /// Paths that are not in the other set; a path's parents and children count as other paths.
    pub(super) fn difference(&self, other: &Self) -> Self {
        self.without(other, false)
    }

    /// As [`Self::difference`], without what lies below the other's paths too.
    pub(super) fn recursive_difference(&self, other: &Self) -> Self {
        self.without(other, true)
    }

    fn without(&self, other: &Self, below: bool) -> Self {
        let children = self
            .children
            .iter()
            .filter(|(element, _)| !(below && other.members.contains(*element)))
            .map(|(element, child)| {
                let rest = match other.children.get(element) {
                    Some(removed) => child.without(removed, below),
                    None => child.clone(),
                };
                (element.clone(), rest)
            })
            .filter(|(_, child)| !child.is_empty())
            .collect();
        Self { members: self.members.difference(&other.members).cloned().collect(), children }
    }

    /// With the named fields on the way to members, which are fields of structs and thus in no set by themselves.
    pub(super) fn with_named_fields(&self, schema: Option<&Schema>) -> Self {
        let mut members = self.members.clone();
        let mut children = BTreeMap::new();
        for (element, child) in &self.children {
            let below = schema.and_then(|schema| match element {
                PathElement::Field(name) => {
                    if schema.has_named(name) {
                        members.insert(element.clone());
                    }
                    schema.child(name)
                }
                PathElement::Key(_) => schema.items(),
                _ => None,
            });
            children.insert(element.clone(), child.with_named_fields(below));
        }
        Self { members, children }
    }

    /// All paths.
    pub(super) fn paths(&self) -> Vec<Vec<PathElement>> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, prefix: &mut Vec<PathElement>, out: &mut Vec<Vec<PathElement>>) {
        let elements: BTreeSet<&PathElement> =
            self.members.iter().chain(self.children.keys()).collect();
        for element in elements {
            prefix.push(element.clone());
            if self.members.contains(element) {
                out.push(prefix.clone());
            }
            if let Some(child) = self.children.get(element) {
                child.collect(prefix, out);
            }
            prefix.pop();
        }
    }

    /// The wire form.
    pub(super) fn to_json(&self) -> Value {
        let mut out = Map::new();
        let elements: BTreeSet<&PathElement> =
            self.members.iter().chain(self.children.keys()).collect();
        for element in elements {
            let mut below = match self.child(element) {
                Some(child) => child.to_json(),
                None if self.members.contains(element) => json!({}),
                None => continue,
            };
            if self.child(element).is_some() && self.members.contains(element) {
                below["."] = json!({});
            }
            out.insert(element.serialised(), below);
        }
        Value::Object(out)
    }

    /// From the wire form; nothing if it is none.
    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let mut out = Self::default();
        for (key, below) in value.as_object()? {
            if key == "." {
                continue;
            }
            let element = PathElement::parse(key)?;
            let map = below.as_object()?;
            if map.is_empty() || map.contains_key(".") {
                out.members.insert(element.clone());
            }
            let child = Self::from_json(below)?;
            if !child.is_empty() {
                out.children.insert(element, child);
            }
        }
        Some(out)
    }
}
