//! Conversions between types, defaults and questions about types.

use super::{Function, any, bytes, typed};
use crate::{
    format::{display, sprintf},
    template,
    value::{
        Parameter::{Any, Bool, String},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    any("default", &[Any], Some(Any), |_, values| {
        let given = values.get(1).filter(|value| value.truth());
        Ok(given.unwrap_or(&values[0]).clone())
    }),
    typed("empty", &[Any], None, |_, values| Ok(Value::Bool(!values[0].truth()))),
    any("coalesce", &[], Some(Any), |_, values| {
        Ok(values.iter().find(|value| value.truth()).cloned().unwrap_or(Value::Nil))
    }),
    typed("all", &[], Some(Any), |_, values| Ok(Value::Bool(values.iter().all(Value::truth)))),
    typed("any", &[], Some(Any), |_, values| Ok(Value::Bool(values.iter().any(Value::truth)))),
    any("ternary", &[Any, Any, Bool], None, |_, values| {
        Ok(values[usize::from(!values[2].truth())].clone())
    }),
    typed("toString", &[Any], None, |_, values| Ok(Value::string(text(&values[0])))),
    typed("toStrings", &[Any], None, |_, values| Ok(Value::strings(texts(&values[0])))),
    typed("int", &[Any], None, |_, values| Ok(Value::int(to_integer(&values[0])))),
    typed("int64", &[Any], None, |_, values| Ok(Value::int64(to_integer(&values[0])))),
    typed("float64", &[Any], None, |_, values| Ok(Value::Float(to_float(&values[0])))),
    typed("atoi", &[String], None, |_, values| {
        let text = std::string::String::from_utf8_lossy(bytes(&values[0])).into_owned();
        Ok(Value::int(text.parse().unwrap_or(0)))
    }),
    typed("toDecimal", &[Any], None, |_, values| {
        let text = std::string::String::from_utf8_lossy(&display(&values[0])).into_owned();
        Ok(Value::int64(i64::from_str_radix(&text, 8).unwrap_or(0)))
    }),
    typed("typeOf", &[Any], None, |_, values| Ok(Value::string(sprintf(b"%T", &values[..1])))),
    typed("typeIs", &[String, Any], None, |_, values| {
        Ok(Value::Bool(bytes(&values[0]) == sprintf(b"%T", &values[1..2])))
    }),
    typed("typeIsLike", &[String, Any], None, |_, values| {
        let name = sprintf(b"%T", &values[1..2]);
        let wanted = bytes(&values[0]);
        Ok(Value::Bool(wanted == name || name.strip_prefix(b"*") == Some(wanted)))
    }),
    typed("kindOf", &[Any], None, |_, values| Ok(Value::string(values[0].kind_name()))),
    typed("kindIs", &[String, Any], None, |_, values| {
        Ok(Value::Bool(bytes(&values[0]) == values[1].kind_name().as_bytes()))
    }),
    typed("deepEqual", &[Any, Any], None, |_, values| {
        Ok(Value::Bool(deep_equal(&values[0], &values[1])))
    }),
    typed("hello", &[], None, |_, _| Ok(Value::string("Hello!"))),
];

/// Sprig's `strval`.
pub(super) fn text(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(text) => text.to_vec(),
        other => display(other),
    }
}

/// Sprig's `strslice`: a list's items as text, without nil.
pub(super) fn texts(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::Nil => Vec::new(),
        Value::List(list) => list.items.iter().filter(|item| !item.is_nil()).map(text).collect(),
        Value::Object(object) if object.kind_name() == "slice" => {
            object.entries().unwrap_or_default().iter().map(|(_, item)| text(item)).collect()
        }
        other => vec![text(other)],
    }
}

/// The integer a value casts to; zero when it does not.
pub(super) fn to_integer(value: &Value) -> i64 {
    match value {
        Value::Integer(_, value) => *value,
        // Out of range, the machine's conversion gives the smallest number.
        Value::Float(value) if !(-9.3e18..9.223_372_036_854_776e18).contains(value) => i64::MIN,
        #[allow(clippy::cast_possible_truncation)]
        Value::Float(value) => *value as i64,
        Value::Bool(value) => i64::from(*value),
        Value::String(_) => {
            let text = std::string::String::from_utf8_lossy(bytes(value)).into_owned();
            template_integer(&text)
        }
        _ => 0,
    }
}

fn template_integer(text: &str) -> i64 {
    // Decimal zeros after a point are dropped, leading zeros too, before Go reads it with base 0.
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        _ => text,
    };
    template::parse_integer(text).unwrap_or(0)
}

pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        #[allow(clippy::cast_precision_loss)]
        Value::Integer(_, value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::String(_) => {
            let text = std::string::String::from_utf8_lossy(bytes(value)).into_owned();
            text.parse().unwrap_or(0.0)
        }
        _ => 0.0,
    }
}

/// Go's `reflect.DeepEqual`.
pub(super) fn deep_equal(left: &Value, right: &Value) -> bool {
    equal_within(left, right, 0, &mut 0)
}

/// Gives up as unequal after so many comparisons: lists can contain one another many times over.
const COMPARISONS: u64 = 20_000_000;

fn equal_within(left: &Value, right: &Value, depth: usize, count: &mut u64) -> bool {
    *count += 1;
    if depth > crate::format::DEPTH_LIMIT || *count > COMPARISONS {
        return false;
    }
    match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Integer(kind, left), Value::Integer(other, right)) => {
            kind == other && left == right
        }
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::String(left), Value::String(right)) | (Value::Bytes(left), Value::Bytes(right)) => {
            left == right
        }
        (Value::List(left), Value::List(right)) => {
            left.kind == right.kind
                && left.items.len() == right.items.len()
                && left
                    .items
                    .iter()
                    .zip(&right.items)
                    .all(|(a, b)| equal_within(a, b, depth + 1, count))
        }
        (Value::Map(left), Value::Map(right)) => {
            left.kind == right.kind
                && left.len() == right.len()
                && left.snapshot().iter().all(|(key, item)| {
                    right.get(key).is_some_and(|other| equal_within(item, &other, depth + 1, count))
                })
        }
        _ => false,
    }
}
