//! Shapes that several readers share: label maps, `on:`, lists of references, lists of unique names.

use indexmap::IndexMap;

use super::Scope;
use super::fields::{Fields, text_of, wrong_type};
use super::index::Target;
use super::names::{check_label_key, check_label_value};
use crate::error::{Code, Problems, SpecError};
use crate::model::Reference;
use crate::node::{Node, NodeValue};
use crate::source::Location;
use crate::text::Text;

/// Kubernetes labels: keys and values by the rules of the API.
pub(crate) fn labels(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> IndexMap<String, String> {
    let mut labels = IndexMap::new();
    let Some(map) = fields.map(key, problems) else { return labels };
    for entry in map.iter() {
        if let Err(reason) = check_label_key(&entry.key) {
            let summary = format!("`{}` {reason}", crate::node::cut(&entry.key));
            problems.push(entry.key_location.error(Code::InvalidName, summary));
            continue;
        }
        let NodeValue::String(value) = &entry.node.value else {
            problems.push(wrong_type(&entry.node, "the value of a label", "a string"));
            continue;
        };
        match check_label_value(value) {
            Ok(()) => {
                labels.insert(entry.key.clone(), value.clone());
            }
            Err(reason) => {
                let summary = format!("{} {reason}", entry.node.shown());
                problems.push(entry.node.location.error(Code::InvalidName, summary));
            }
        }
    }
    labels
}

/// A map of texts; numbers and booleans are refused, because their spelling would be lost.
pub(crate) fn text_map(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> IndexMap<String, Text> {
    let mut texts = IndexMap::new();
    let Some(map) = fields.map(key, problems) else { return texts };
    for entry in map.iter() {
        match entry.node.to_text() {
            Some(text) => {
                texts.insert(entry.key.clone(), text);
            }
            None => problems.push(wrong_type(
                &entry.node,
                &format!("`{}`", crate::node::cut(&entry.key)),
                "a string",
            )),
        }
    }
    texts
}

/// `on:`: raw blocks by the name or type of a provider.
pub(crate) fn on(fields: &mut Fields<'_>, scope: &mut Scope<'_>) -> IndexMap<String, Node> {
    let mut blocks = IndexMap::new();
    let Some(map) = fields.map("on", scope.problems) else { return blocks };
    for entry in map.iter() {
        if !scope.index.check_on(&entry.key, &entry.key_location, scope.problems) {
            continue;
        }
        if entry.node.as_map().is_none() && !entry.node.is_null() {
            let what = format!("`{}` in `on`", entry.key);
            scope.problems.push(wrong_type(&entry.node, &what, "a map"));
            continue;
        }
        let node = if entry.node.is_null() {
            Node::empty_map(entry.key_location.clone())
        } else {
            entry.node.clone()
        };
        blocks.insert(entry.key.clone(), node);
    }
    blocks
}

/// A list of references; `None` when the key is absent.
pub(crate) fn references(
    fields: &mut Fields<'_>,
    key: &'static str,
    target: Target,
    scope: &mut Scope<'_>,
) -> Option<Vec<Reference>> {
    fields.node(key)?;
    let what = format!("each of `{key}`");
    let mut references: Vec<Reference> = Vec::new();
    for node in fields.list(key, scope.problems) {
        let Some(name) = text_of(node, &what, scope.problems) else { continue };
        if references.iter().any(|reference| reference.name == name) {
            let summary = format!("{} stands twice in `{key}`", node.shown());
            scope.problems.push(node.location.error(Code::DuplicateName, summary));
            continue;
        }
        references.extend(scope.index.check(target, node, &what, scope.problems));
    }
    Some(references)
}

/// Names that must be unique among their like.
#[derive(Default)]
pub(crate) struct Unique {
    seen: IndexMap<String, Location>,
}

impl Unique {
    /// Notes a name; a second one is reported.
    pub(crate) fn note(
        &mut self,
        what: &str,
        name: &str,
        location: &Location,
        problems: &mut Problems,
    ) {
        if let Some(first) = self.seen.get(name) {
            problems.push(duplicate(what, name, location, first));
        } else {
            self.seen.insert(name.to_owned(), location.clone());
        }
    }
}

fn duplicate(what: &str, name: &str, location: &Location, first: &Location) -> SpecError {
    location
        .error(Code::DuplicateName, format!("{what} is called `{name}` twice"))
        .with_note(format!("the first one: {first}"))
}

/// One of a few words.
pub(crate) fn word<T: Copy>(
    fields: &mut Fields<'_>,
    key: &'static str,
    words: &[(&'static str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let node = fields.node(key)?;
    let text = text_of(node, &format!("`{key}`"), problems)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let summary = format!("`{key}` must be one of {}, not {}", known.join(", "), node.shown());
        let error = node.location.error(Code::InvalidValue, summary);
        problems.push(error.with_suggestion(crate::suggest::closest(text, known)));
    }
    found
}
