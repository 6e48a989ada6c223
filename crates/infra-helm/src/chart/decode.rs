//! Plain data into the fields of `Chart.yaml`, as `sigs.k8s.io/yaml` and Go's JSON fill structs.

use std::collections::BTreeMap;

use crate::value::Data;

/// Where a field is, for messages.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) structure: &'a str,
    pub(super) field: &'a str,
}

fn kind(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "bool",
        Data::Integer(_) | Data::Float(_) => "number",
        Data::String(_) => "string",
        Data::List(_) => "array",
        Data::Map(_) => "object",
    }
}

impl Place<'_> {
    pub(super) fn refuse<T>(self, data: &Data, wanted: &str) -> Result<T, String> {
        let (found, Self { structure, field }) = (kind(data), self);
        Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go struct field \
             {structure}.{field} of type {wanted}"
        ))
    }

    /// A text; numbers and booleans become one.
    pub(super) fn text(self, data: &Data) -> Result<String, String> {
        Ok(match data {
            Data::Null => String::new(),
            Data::Bool(value) => value.to_string(),
            Data::Integer(value) => value.to_string(),
            #[allow(clippy::cast_possible_truncation)]
            Data::Float(value) => short_float(*value as f32),
            Data::String(text) => String::from_utf8_lossy(text).into_owned(),
            Data::List(_) | Data::Map(_) => return self.refuse(data, "string"),
        })
    }

    pub(super) fn bool(self, data: &Data) -> Result<bool, String> {
        match data {
            Data::Null => Ok(false),
            Data::Bool(value) => Ok(*value),
            _ => self.refuse(data, "bool"),
        }
    }

    pub(super) fn list<T>(
        self,
        data: &Data,
        wanted: &str,
        item: impl Fn(&Data) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        match data {
            Data::Null => Ok(Vec::new()),
            Data::List(items) => items.iter().map(item).collect(),
            _ => self.refuse(data, wanted),
        }
    }

    pub(super) fn texts(self, data: &Data) -> Result<Vec<String>, String> {
        self.list(data, "[]string", |item| self.text(item))
    }

    pub(super) fn map(self, data: &Data) -> Result<Option<BTreeMap<String, String>>, String> {
        match data {
            Data::Null => Ok(None),
            Data::Map(map) => {
                let mut texts = BTreeMap::new();
                for (key, item) in map {
                    texts.insert(String::from_utf8_lossy(key).into_owned(), self.text(item)?);
                }
                Ok(Some(texts))
            }
            _ => self.refuse(data, "map[string]string"),
        }
    }
}

/// Go's shortest float of 32 bits; infinities with their sign.
fn short_float(value: f32) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if value.is_nan() {
        return "NaN".to_owned();
    }
    // The digits that identify the short float, read as a long one, print alike.
    crate::format::float_shortest(format!("{value:e}").parse().unwrap_or(0.0), 6)
}

/// A field of a mapping: Go's JSON takes any spelling of the case, and the last in key order wins.
pub(super) fn field<'a>(map: &'a BTreeMap<Vec<u8>, Data>, name: &str) -> Option<&'a Data> {
    map.iter()
        .rev()
        .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value)
}
