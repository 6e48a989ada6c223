//! Decoding by a schema, as into the server's typed objects and back: nulls and empty values go, zero values that are always
//! encoded come, quantities and times get their canonical texts, unknown fields are dropped and reported.

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Presence, Scalar, Schema, Shape};
use super::quantity::{BAD_QUANTITY, Quantity};

/// A decoded value.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The value as the server encodes it.
    pub value: Value,
    /// Paths of fields that the schema does not have.
    pub unknown: Vec<String>,
}

/// Decodes a value of a built-in kind.
///
/// # Errors
/// The decoder's text for the first value of a wrong type.
pub fn decode(schema: &Schema, value: &Value) -> Result<Decoded, String> {
    let mut decoder = Decoder { unknown: Vec::new(), error: None };
    let value = decoder.value(schema, value, &Place::root()).unwrap_or_else(|| json!({}));
    match decoder.error {
        Some(error) => Err(error),
        None => Ok(Decoded { value, unknown: decoder.unknown }),
    }
}

/// The value as the server encodes it; values of wrong types are dropped.
pub fn normalise(schema: &Schema, value: &Value) -> Value {
    let mut decoder = Decoder { unknown: Vec::new(), error: None };
    decoder.value(schema, value, &Place::root()).unwrap_or_else(|| json!({}))
}

/// Where the decoder is: the path with indexes, and the struct and field names of error texts.
struct Place {
    path: String,
    fields: String,
    owner: String,
}

impl Place {
    fn root() -> Self {
        Self { path: String::new(), fields: String::new(), owner: String::new() }
    }

    fn field(&self, owner: &str, name: &str) -> Self {
        let join = |base: &str| {
            if base.is_empty() { name.to_owned() } else { format!("{base}.{name}") }
        };
        Self { path: join(&self.path), fields: join(&self.fields), owner: owner.to_owned() }
    }

    fn index(&self, index: usize) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            fields: self.fields.clone(),
            owner: self.owner.clone(),
        }
    }
}

struct Decoder {
    unknown: Vec<String>,
    error: Option<String>,
}

impl Decoder {
    fn value(&mut self, schema: &Schema, value: &Value, place: &Place) -> Option<Value> {
        if value.is_null() {
            return None;
        }
        match (&schema.shape, value) {
            (Shape::Any, any) => Some(any.clone()),
            (Shape::Scalar(scalar), scalar_value) => self.scalar(*scalar, scalar_value, place),
            (Shape::Struct(..), Value::Object(map)) => {
                Some(Value::Object(self.structure(schema, map, place)))
            }
            (Shape::Map(values), Value::Object(map)) => {
                let mut out = Map::new();
                for (key, item) in map {
                    let inner = place.field(&place.owner, key);
                    let mut decoded = self.value(values, item, &inner).or_else(|| zero(values));
                    if matches!(values.shape, Shape::Scalar(Scalar::Quantity)) {
                        let parsed = decoded.as_ref().and_then(Quantity::of);
                        decoded = parsed.map(|own| json!(own.in_thousandths().canonical()));
                    }
                    out.insert(key.clone(), decoded.unwrap_or(Value::Null));
                }
                Some(Value::Object(out))
            }
            (Shape::List(items), Value::Array(list)) => {
                let mut out = Vec::with_capacity(list.len());
                for (index, item) in list.iter().enumerate() {
                    let decoded = self.value(items, item, &place.index(index));
                    out.push(decoded.or_else(|| zero(items)).unwrap_or(Value::Null));
                }
                Some(Value::Array(out))
            }
            _ => {
                self.mismatch(value, &type_name(schema), place);
                None
            }
        }
    }

    fn structure(
        &mut self,
        schema: &Schema,
        given: &Map<String, Value>,
        place: &Place,
    ) -> Map<String, Value> {
        let mut out = Map::new();
        let Shape::Struct(fields, _) = &schema.shape else { return out };
        let mut decoded = Map::new();
        for (name, value) in given {
            let Some(field) = fields.get(name) else {
                self.unknown.push(place.field("", name).path);
                continue;
            };
            let inner = place.field(&schema.name, name);
            if let Some(value) = self.value(&field.schema, value, &inner) {
                decoded.insert(name.clone(), value);
            }
        }
        let first = ["kind", "apiVersion", "metadata"];
        let ordered = first.iter().filter_map(|name| fields.get_key_value(*name));
        let rest = fields.iter().filter(|(name, _)| !first.contains(&name.as_str()));
        for (name, field) in ordered.chain(rest) {
            let value = decoded.get_mut(name).map(Value::take);
            if let Some(value) = encoded(value, &field.schema, field.presence) {
                out.insert(name.clone(), value);
            }
        }
        out
    }

    fn scalar(&mut self, scalar: Scalar, value: &Value, place: &Place) -> Option<Value> {
        let done = match (scalar, value) {
            (Scalar::String, Value::String(_))
            | (Scalar::Boolean, Value::Bool(_))
            | (Scalar::Number, Value::Number(_))
            | (Scalar::IntOrString, Value::String(_)) => Some(value.clone()),
            (Scalar::Integer32 | Scalar::IntOrString, Value::Number(number)) => {
                integer(number).filter(|int| i32::try_from(*int).is_ok()).map(Value::from)
            }
            (Scalar::Integer64, Value::Number(number)) => integer(number).map(Value::from),
            (Scalar::Quantity, Value::String(_) | Value::Number(_)) => {
                let parsed = Quantity::of(value).map(|parsed| json!(parsed.canonical()));
                if parsed.is_none() {
                    self.fail(BAD_QUANTITY.to_owned());
                    return None;
                }
                parsed
            }
            (Scalar::Bytes, Value::String(text)) => {
                return self.bytes(text);
            }
            (Scalar::Time | Scalar::MicroTime, Value::String(text)) => {
                return self.time(text, scalar == Scalar::MicroTime);
            }
            _ => None,
        };
        if done.is_none() {
            self.mismatch(value, scalar_name(scalar), place);
        }
        done
    }

    fn bytes(&mut self, text: &str) -> Option<Value> {
        let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        match base64::engine::general_purpose::STANDARD.decode(&compact) {
            Ok(_) => Some(json!(compact)),
            Err(error) => {
                let offset = match error {
                    base64::DecodeError::InvalidByte(offset, _)
                    | base64::DecodeError::InvalidLastSymbol(offset, _) => offset,
                    base64::DecodeError::InvalidLength(length) => length / 4 * 4,
                    base64::DecodeError::InvalidPadding => compact.len(),
                };
                self.fail(format!("illegal base64 data at input byte {offset}"));
                None
            }
        }
    }

    fn time(&mut self, text: &str, micro: bool) -> Option<Value> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(json!(time_text(time, micro)));
        }
        self.fail(format!(
            "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
        ));
        None
    }

    fn mismatch(&mut self, value: &Value, wanted: &str, place: &Place) {
        let got = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(number) if wanted.starts_with("int") => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::Object(_) => "object".to_owned(),
        };
        self.fail(if place.owner.is_empty() {
            format!("json: cannot unmarshal {got} into Go value of type {wanted}")
        } else {
            format!(
                "json: cannot unmarshal {got} into Go struct field {}.{} of type {wanted}",
                place.owner, place.fields
            )
        });
    }

    fn fail(&mut self, text: String) {
        self.error.get_or_insert(text);
    }
}

/// RFC 3339 in UTC with seconds or microseconds, as the server writes it.
pub(crate) fn time_text(time: Timestamp, micro: bool) -> String {
    if micro {
        time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    } else {
        time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

fn encoded(decoded: Option<Value>, schema: &Schema, presence: Presence) -> Option<Value> {
    match presence {
        Presence::Optional => decoded,
        Presence::OmitZero => decoded.filter(|value| !is_zero(value)),
        Presence::Always => decoded.or_else(|| zero(schema)),
        Presence::Nullable => Some(match decoded {
            Some(value) if is_collection(schema) && is_zero(&value) => Value::Null,
            Some(value) => value,
            None => Value::Null,
        }),
    }
}

fn is_collection(schema: &Schema) -> bool {
    matches!(schema.shape, Shape::List(_) | Shape::Map(_))
}

fn zero(schema: &Schema) -> Option<Value> {
    match &schema.shape {
        Shape::Scalar(Scalar::String | Scalar::Bytes) => Some(json!("")),
        Shape::Scalar(Scalar::Integer32 | Scalar::Integer64 | Scalar::Number) => Some(json!(0)),
        Shape::Scalar(Scalar::Boolean) => Some(json!(false)),
        Shape::Scalar(Scalar::Quantity) => Some(json!("0")),
        Shape::Scalar(Scalar::IntOrString) => Some(json!(0)),
        Shape::Struct(..) => Some(normalise(schema, &json!({}))),
        _ => None,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

fn integer(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        #[allow(clippy::cast_possible_truncation)] // Whole and in range by the check.
        (float.fract() == 0.0 && float.abs() < 9.0e18).then_some(float as i64)
    })
}

fn scalar_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String | Scalar::Quantity => "string",
        Scalar::Integer32 | Scalar::IntOrString => "int32",
        Scalar::Integer64 => "int64",
        Scalar::Number => "float64",
        Scalar::Boolean => "bool",
        Scalar::Bytes => "[]uint8",
        Scalar::Time | Scalar::MicroTime => "string",
    }
}

fn type_name(schema: &Schema) -> String {
    match &schema.shape {
        Shape::Scalar(scalar) => scalar_name(*scalar).to_owned(),
        Shape::Struct(..) => format!("v1.{}", schema.name),
        Shape::Map(values) => format!("map[string]{}", type_name(values)),
        Shape::List(items) => format!("[]{}", type_name(items)),
        Shape::Any => "interface {}".to_owned(),
    }
}
