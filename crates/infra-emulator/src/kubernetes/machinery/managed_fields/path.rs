//! Elements of field paths and their texts in `fieldsV1` and in conflicts.

use std::fmt;

use serde_json::{Map, Value};

/// One step into an object. Values are held as JSON text, which orders and compares them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PathElement {
    /// A field or the key of a map (`f:`).
    Field(String),
    /// An item of a keyed list (`k:`): a JSON object of its key fields, sorted.
    Key(String),
    /// An item of a set (`v:`).
    Value(String),
    /// An item by position (`i:`); read, but never made here.
    Index(usize),
}

impl PathElement {
    pub(super) fn field(name: &str) -> Self {
        Self::Field(name.to_owned())
    }

    /// From the values of the key fields.
    pub(super) fn key(mut fields: Vec<(String, Value)>) -> Self {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        let map: Map<String, Value> = fields.into_iter().collect();
        Self::Key(Value::Object(map).to_string())
    }

    /// The text in `fieldsV1`.
    pub(super) fn serialised(&self) -> String {
        match self {
            Self::Field(name) => format!("f:{name}"),
            Self::Key(text) => format!("k:{text}"),
            Self::Value(text) => format!("v:{text}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// From the text in `fieldsV1`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(2)?;
        match kind {
            "f:" => Some(Self::Field(rest.to_owned())),
            "k:" => match serde_json::from_str(rest).ok()? {
                Value::Object(map) => Some(Self::key(map.into_iter().collect())),
                _ => None,
            },
            "v:" => {
                let value: Value = serde_json::from_str(rest).ok()?;
                Some(Self::Value(value.to_string()))
            }
            "i:" => Some(Self::Index(rest.parse().ok()?)),
            _ => None,
        }
    }
}

impl fmt::Display for PathElement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(out, ".{name}"),
            Self::Value(text) => write!(out, "[={text}]"),
            Self::Index(index) => write!(out, "[{index}]"),
            Self::Key(text) => {
                let fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
                let pairs: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                write!(out, "[{}]", pairs.join(","))
            }
        }
    }
}

/// `.spec.containers[name="a"].image`
pub(super) fn path_text(path: &[PathElement]) -> String {
    path.iter().map(ToString::to_string).collect()
}
