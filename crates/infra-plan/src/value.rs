//! [`Value`]: data that may, at any path, be unknown, secret or bound to another resource's output.

mod json;
mod secret;

use std::fmt;

use indexmap::IndexMap;
use serde_json::Number;

use crate::Address;

pub use secret::Secret;

/// A binding to an output of another resource: known once that resource exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Whose output.
    pub address: Address,
    /// Which output, as a path of keys.
    pub path: Vec<String>,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.address, self.path.join("."))
    }
}

/// Data as the plan knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number, as JSON has it.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map; its order is kept for display and does not count for equality.
    Map(IndexMap<String, Value>),
    /// A text made of parts, of which some are not yet known.
    Joined(Vec<Value>),
    /// Bound to another resource's output.
    Reference(Reference),
    /// Not known until an operation has run.
    Unknown,
    /// Known, and never shown.
    Secret(Secret),
}

impl Value {
    /// A reference to `path` (keys joined by dots) of the outputs of `address`.
    pub fn reference(address: &Address, path: &str) -> Self {
        let path = path.split('.').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        Self::Reference(Reference { address: address.clone(), path })
    }

    /// A secret text.
    pub fn secret(text: impl Into<String>) -> Self {
        Self::Secret(Secret::new(text.into()))
    }

    /// A map of these entries.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The value at a key of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    /// The value at a path of keys (and indexes of lists).
    pub fn at<'value>(&'value self, path: &[String]) -> Option<&'value Value> {
        path.iter().try_fold(self, |value, key| match value {
            Self::Map(map) => map.get(key),
            Self::List(list) => key.parse::<usize>().ok().and_then(|index| list.get(index)),
            _ => None,
        })
    }

    /// The text, if it is one (also if it is a secret one).
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(secret) => secret.expose(),
            _ => None,
        }
    }

    /// The text at a key of a map.
    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::text)
    }

    /// Whether nothing in it is unknown or bound.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Unknown | Self::Reference(_) => false,
            Self::List(list) | Self::Joined(list) => list.iter().all(Value::is_known),
            Self::Map(map) => map.values().all(Value::is_known),
            _ => true,
        }
    }

    /// Whether it is null or absent data.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// All references in it.
    pub fn references(&self) -> Vec<&Reference> {
        let mut found = Vec::new();
        self.visit(&mut |value| {
            if let Self::Reference(reference) = value {
                found.push(reference);
            }
        });
        found
    }

    /// Whether there is a secret in it.
    pub fn has_secret(&self) -> bool {
        let mut found = false;
        self.visit(&mut |value| found |= matches!(value, Self::Secret(_)));
        found
    }

    fn visit<'value>(&'value self, each: &mut impl FnMut(&'value Value)) {
        each(self);
        match self {
            Self::List(list) | Self::Joined(list) => {
                list.iter().for_each(|value| value.visit(each))
            }
            Self::Map(map) => map.values().for_each(|value| value.visit(each)),
            _ => {}
        }
    }

    /// The same value with every secret passed through `change`.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_secrets<E>(
        &self,
        change: &mut impl FnMut(&Secret) -> Result<Secret, E>,
    ) -> Result<Value, E> {
        Ok(match self {
            Self::Secret(secret) => Self::Secret(change(secret)?),
            Self::List(list) => Self::List(
                list.iter().map(|value| value.map_secrets(change)).collect::<Result<_, E>>()?,
            ),
            Self::Joined(list) => Self::Joined(
                list.iter().map(|value| value.map_secrets(change)).collect::<Result<_, E>>()?,
            ),
            Self::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| Ok((key.clone(), value.map_secrets(change)?)))
                    .collect::<Result<_, E>>()?,
            ),
            other => other.clone(),
        })
    }
}

/// The value with every reference replaced by what `lookup` gives; what it does not know becomes unknown.
///
/// A joined text whose parts are all known becomes a text, or a secret one if a part of it is secret.
pub fn resolve(value: &Value, lookup: &impl Fn(&Reference) -> Option<Value>) -> Value {
    match value {
        Value::Reference(reference) => match lookup(reference) {
            Some(found) if !matches!(found, Value::Reference(_)) => found,
            _ => Value::Unknown,
        },
        Value::List(list) => Value::List(list.iter().map(|value| resolve(value, lookup)).collect()),
        Value::Map(map) => Value::Map(
            map.iter().map(|(key, value)| (key.clone(), resolve(value, lookup))).collect(),
        ),
        Value::Joined(parts) => {
            join(&parts.iter().map(|part| resolve(part, lookup)).collect::<Vec<_>>())
        }
        other => other.clone(),
    }
}

fn join(parts: &[Value]) -> Value {
    let mut text = String::new();
    let mut secret = false;
    for part in parts {
        match part {
            Value::Text(part) => text.push_str(part),
            Value::Number(number) => text.push_str(&number.to_string()),
            Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Value::Secret(part) => match part.expose() {
                Some(part) => {
                    secret = true;
                    text.push_str(part);
                }
                None => return Value::Joined(parts.to_vec()),
            },
            Value::Null => {}
            // Some part of it is sealed: it stays in parts until that is opened.
            Value::Joined(_) if part.is_known() => return Value::Joined(parts.to_vec()),
            _ => return Value::Unknown,
        }
    }
    if secret { Value::secret(text) } else { Value::Text(text) }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value.into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Value {
    /// One line, as plans show it: secrets and unknowns by their marks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Secret(_) => f.write_str("(secret)"),
            // A joined text of which everything is known is one with a sealed part.
            Self::Joined(_) if self.is_known() => f.write_str("(secret)"),
            Self::Unknown | Self::Reference(_) | Self::Joined(_) => {
                f.write_str("(known after create)")
            }
            Self::List(list) => {
                f.write_str("[")?;
                for (index, value) in list.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Map(map) => {
                f.write_str("{")?;
                for (index, (key, value)) in map.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { " " };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str(if map.is_empty() { "}" } else { " }" })
            }
        }
    }
}
