//! Bodies into values: JSON with duplicate keys reported, and YAML.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A parsed body.
pub(super) struct Parsed {
    pub(super) value: Value,
    /// Paths of keys that stand twice in one object; the last value counts.
    pub(super) duplicates: Vec<String>,
}

/// Parses JSON, or YAML (which includes JSON).
pub(super) fn parse(body: &[u8], yaml: bool) -> Result<Parsed, String> {
    if yaml && !body.trim_ascii_start().starts_with(b"{") {
        let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
        let value: Value = serde_saphyr::from_str(text)
            .map_err(|error| format!("error converting YAML to JSON: yaml: {error}"))?;
        return Ok(Parsed { value, duplicates: Vec::new() });
    }
    let mut duplicates = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Node { path: String::new(), duplicates: &mut duplicates };
    let value = seed.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(Parsed { value, duplicates })
}

struct Node<'a> {
    path: String,
    duplicates: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        loop {
            let path = format!("{}[{}]", self.path, out.len());
            let seed = Node { path, duplicates: &mut *self.duplicates };
            match items.next_element_seed(seed)? {
                Some(value) => out.push(value),
                None => return Ok(Value::Array(out)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let path =
                if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if out.contains_key(&key) {
                self.duplicates.push(path.clone());
            }
            let value = fields.next_value_seed(Node { path, duplicates: &mut *self.duplicates })?;
            out.insert(key, value);
        }
        Ok(Value::Object(out))
    }
}
