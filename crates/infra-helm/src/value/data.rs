//! Plain trees of data: what a YAML or JSON document, a values file or `--set` holds.
//!
//! Unlike the values of a running template they own their parts and may cross threads.

use std::collections::BTreeMap;

/// A tree of plain data with Go's number types kept apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `null`
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number from `--set`; documents have floats alone, as JSON has.
    Integer(i64),
    /// A number of a document.
    Float(f64),
    /// Bytes, mostly UTF-8.
    String(Vec<u8>),
    /// A sequence.
    List(Vec<Data>),
    /// A mapping with text keys.
    Map(BTreeMap<Vec<u8>, Data>),
}

impl Data {
    /// Text as data.
    pub fn text(text: impl AsRef<[u8]>) -> Self {
        Self::String(text.as_ref().to_vec())
    }

    /// The map, when this is one.
    pub fn as_map(&self) -> Option<&BTreeMap<Vec<u8>, Data>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map to change, when this is one.
    pub fn as_map_mut(&mut self) -> Option<&mut BTreeMap<Vec<u8>, Data>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The bytes of a string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Text that is UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// The entry of a map; nothing when this is no map.
    pub fn get(&self, key: &str) -> Option<&Data> {
        self.as_map()?.get(key.as_bytes())
    }

    /// The data as Helm writes values: block style, keys in natural order.
    ///
    /// # Errors
    /// A text holds control characters that YAML has no place for.
    pub fn to_yaml(&self) -> Result<String, String> {
        crate::yaml::write_data(self).map(|text| String::from_utf8_lossy(&text).into_owned())
    }

    /// Reads the first document of a YAML text; numbers become floats, as in values.
    ///
    /// # Errors
    /// Go's message, with the line.
    pub fn from_yaml(text: &[u8]) -> Result<Self, String> {
        crate::yaml::read(text, crate::yaml::Numbers::Floats).map_err(|fault| fault.0)
    }

    /// Reads one JSON value.
    ///
    /// # Errors
    /// Go's message.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        crate::json::read(text)
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}
