//! The tree itself: values of the YAML 1.2 core schema with their places.

use std::fmt;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::secret::{Provenance, Secret};
use crate::source::Location;
use crate::text::Text;

/// A value of the file and where it stands.
#[derive(Clone)]
pub struct Node {
    /// Where the value stands (for a map or list: where it begins).
    pub location: Location,
    /// The value.
    pub value: NodeValue,
    /// Set when the value is secret.
    pub(crate) provenance: Option<Provenance>,
    /// Whether a string was written without quotes.
    pub(crate) plain: bool,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, with the text that stands in the file (`1.30`).
    Float(f64, String),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
}

/// A map in the order of the file. Keys are unique.
#[derive(Clone, Default, PartialEq)]
pub struct Map {
    pub(crate) entries: Vec<Entry>,
}

/// A key with its place, and its value.
#[derive(Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_location: Location,
    /// The value.
    pub node: Node,
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Key and value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All entries in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The same map without one key.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        Self { entries: self.entries.iter().filter(|entry| entry.key != key).cloned().collect() }
    }
}

impl Node {
    /// A value that is not secret.
    pub(crate) fn new(location: Location, value: NodeValue) -> Self {
        Self { location, value, provenance: None, plain: false }
    }

    /// An empty map at a place: a block that was left out.
    pub fn empty_map(location: Location) -> Self {
        Self::new(location, NodeValue::Map(Map::default()))
    }

    /// Whether the value is `null` or missing.
    pub fn is_null(&self) -> bool {
        matches!(self.value, NodeValue::Null)
    }

    /// The text, if it is one. A secret text is returned in clear: see [`Node::provenance`].
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            NodeValue::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            NodeValue::List(list) => Some(list),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map().and_then(|map| map.get(key))
    }

    /// Where a secret value came from; `None` when the value is not secret.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }

    /// Whether the value is secret: interpolated, or at a key that is secret by nature.
    pub fn is_secret(&self) -> bool {
        self.provenance.is_some()
    }

    /// The text as a secret, whatever its origin; `None` for anything that is no text.
    pub fn to_secret(&self) -> Option<Secret> {
        let provenance = self.provenance.clone().unwrap_or(Provenance::Literal);
        self.as_str().map(|text| Secret::new(text, provenance))
    }

    /// The text, secret if the node is; `None` for anything that is no text.
    pub fn to_text(&self) -> Option<Text> {
        self.as_str().map(|text| Text::new(text, self.provenance.clone()))
    }

    /// The value as JSON, secrets in clear: for rendering charts and templates, never for display.
    ///
    /// Numbers that JSON lacks (`.inf`, `.nan`) become null.
    pub fn expose_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Boolean(value) => Value::Bool(*value),
            NodeValue::Integer(value) => Value::from(*value),
            NodeValue::Float(value, _) => Value::from(*value),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::List(list) => Value::Array(list.iter().map(Self::expose_json).collect()),
            NodeValue::Map(map) => Value::Object(
                map.iter().map(|entry| (entry.key.clone(), entry.node.expose_json())).collect(),
            ),
        }
    }

    /// What the value is, for messages: `the number 1.30`, `a list`. A secret is not shown.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            NodeValue::Null => "nothing".to_owned(),
            NodeValue::Boolean(_) if self.is_secret() => "a boolean".to_owned(),
            NodeValue::Integer(_) | NodeValue::Float(..) if self.is_secret() => {
                "a number".to_owned()
            }
            NodeValue::Boolean(value) => format!("the boolean `{value}`"),
            NodeValue::Integer(value) => format!("the number {value}"),
            NodeValue::Float(_, text) => format!("the number {text}"),
            NodeValue::String(_) => format!("the string {}", self.shown()),
            NodeValue::List(_) => "a list".to_owned(),
            NodeValue::Map(_) => "a map".to_owned(),
        }
    }

    /// The scalar as it may be shown: in quotes, cut if long, secrets as their source.
    pub(crate) fn shown(&self) -> String {
        match (&self.provenance, &self.value) {
            (Some(Provenance::Literal), _) => "(secret)".to_owned(),
            (Some(Provenance::Interpolated(sources) | Provenance::StandIn(sources)), _) => {
                let sources: Vec<String> =
                    sources.iter().map(|source| format!("${{{}}}", cut(source))).collect();
                format!("`{}`", sources.join("..."))
            }
            (None, NodeValue::String(text)) => format!("`{}`", cut(text)),
            (None, _) => self.describe(),
        }
    }
}

/// A text of one line and at most 60 characters.
pub(crate) fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > 60 || text.lines().nth(1).is_some() {
        line.chars().take(57).chain("...".chars()).collect()
    } else {
        line.to_owned()
    }
}

/// Equality of content; places do not count.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// Equality of content; places do not count.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.node == other.node
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provenance {
            Some(provenance) => write!(formatter, "(secret: {provenance})"),
            None => fmt::Debug::fmt(&self.value, formatter),
        }
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter().map(|entry| (&entry.key, &entry.node))).finish()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {:?}", self.key, self.node)
    }
}

/// Secrets are serialised as a marker.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(provenance) = &self.provenance {
            return serializer.collect_str(&format_args!("(secret: {provenance})"));
        }
        match &self.value {
            NodeValue::Null => serializer.serialize_unit(),
            NodeValue::Boolean(value) => serializer.serialize_bool(*value),
            NodeValue::Integer(value) => serializer.serialize_i64(*value),
            NodeValue::Float(value, _) => serializer.serialize_f64(*value),
            NodeValue::String(text) => serializer.serialize_str(text),
            NodeValue::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for node in list {
                    sequence.serialize_element(node)?;
                }
                sequence.end()
            }
            NodeValue::Map(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                for entry in map.iter() {
                    object.serialize_entry(&entry.key, &entry.node)?;
                }
                object.end()
            }
        }
    }
}
