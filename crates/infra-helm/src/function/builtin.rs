//! The functions of text/template itself.

use super::{Function, Outcome, any, bytes, typed};
use crate::{
    exec::Session,
    format::{sprint, sprintf, sprintln},
    value::{
        IntegerKind,
        Parameter::{Any, Reflect, String},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("and", &[Reflect], Some(Reflect), |_, values| Ok(values[0].clone())),
    typed("or", &[Reflect], Some(Reflect), |_, values| Ok(values[0].clone())),
    typed("not", &[Reflect], None, |_, values| Ok(Value::Bool(!values[0].truth()))),
    typed("len", &[Reflect], None, length),
    typed("index", &[Reflect], Some(Reflect), index),
    typed("print", &[], Some(Any), |session, values| produced(session, sprint(values))),
    typed("println", &[], Some(Any), |session, values| produced(session, sprintln(values))),
    typed("printf", &[String], Some(Any), |session, values| {
        produced(session, sprintf(bytes(&values[0]), &values[1..]))
    }),
    typed("html", &[], Some(Any), |_, values| Ok(Value::string(html(&joined(values))))),
    typed("urlquery", &[], Some(Any), |_, values| Ok(Value::string(query(&joined(values))))),
    typed("eq", &[Reflect], Some(Reflect), equal),
    typed("ne", &[Reflect, Reflect], None, |session, values| {
        equal(session, values).map(|value| Value::Bool(!value.truth()))
    }),
    typed("lt", &[Reflect, Reflect], None, |_, values| less(values).map(Value::Bool)),
    typed("le", &[Reflect, Reflect], None, |session, values| {
        Ok(Value::Bool(less(values)? || equal(session, values)?.truth()))
    }),
    typed("gt", &[Reflect, Reflect], None, |session, values| {
        Ok(Value::Bool(!(less(values)? || equal(session, values)?.truth())))
    }),
    typed("ge", &[Reflect, Reflect], None, |_, values| Ok(Value::Bool(!less(values)?))),
    any("call", &[Reflect], Some(Reflect), |_, values| {
        Err(format!("call of non-function of type {}", values[0].type_name()).into())
    }),
];

fn produced(session: &mut Session, text: Vec<u8>) -> Outcome {
    session.spend(text.len())?;
    Ok(Value::string(text))
}

fn length(_: &mut Session, values: &[Value]) -> Outcome {
    let count = match &values[0] {
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.items.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) if object.entries().is_some() => {
            object.entries().map_or(0, |entries| entries.len())
        }
        Value::Nil => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        other => return Err(format!("len of type {}", other.type_name()).into()),
    };
    Ok(Value::int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn position(value: &Value, length: usize) -> Result<usize, crate::exec::Failure> {
    let Value::Integer(_, position) = value else {
        return Err(match value {
            Value::Nil => "cannot index slice/array with nil".into(),
            other => format!("cannot index slice/array with type {}", other.type_name()).into(),
        });
    };
    match usize::try_from(*position) {
        Ok(index) if index < length => Ok(index),
        _ => Err(format!("index out of range: {position}").into()),
    }
}

fn index(_: &mut Session, values: &[Value]) -> Outcome {
    let mut item = values[0].clone();
    if item.is_nil() {
        return Err("index of untyped nil".into());
    }
    for key in &values[1..] {
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::List(list) => list.items[position(key, list.items.len())?].clone(),
            Value::String(text) | Value::Bytes(text) => {
                let at = position(key, text.len())?;
                Value::Integer(IntegerKind::Uint8, i64::from(text[at]))
            }
            Value::Map(map) => match key {
                Value::String(name) => map.get(name).unwrap_or(if map.kind.is_interface() {
                    Value::Nil
                } else {
                    Value::string("")
                }),
                Value::Nil => return Err("value is nil; should be of type string".into()),
                other => {
                    let found = other.type_name();
                    return Err(format!("value has type {found}; should be string").into());
                }
            },
            Value::Object(object) if object.entries().is_some() => match object.element(key) {
                Some(found) => found,
                None if object.kind_name() == "map" => Value::Bytes(b""[..].into()),
                None => return Err("index out of range".into()),
            },
            other => return Err(format!("can't index item of type {}", other.type_name()).into()),
        };
    }
    Ok(item)
}

#[derive(PartialEq)]
enum Basic {
    Bool,
    Integer,
    Unsigned,
    Float,
    String,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Integer(kind, _) if kind.is_unsigned() => Basic::Unsigned,
        Value::Integer(..) => Basic::Integer,
        Value::Float(_) => Basic::Float,
        Value::String(_) => Basic::String,
        _ => Basic::Other,
    }
}

fn mismatch(left: &Value, right: &Value) -> crate::exec::Failure {
    let names = [left.type_name(), right.type_name()];
    format!("incompatible types for comparison: {} and {}", names[0], names[1]).into()
}

fn equal(_: &mut Session, values: &[Value]) -> Outcome {
    let (first, rest) = (&values[0], &values[1..]);
    let comparable =
        |value: &Value| !matches!(value, Value::List(_) | Value::Map(_) | Value::Bytes(_));
    if rest.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in rest {
        let both_nil = first.is_nil() || other.is_nil();
        if basic(first) != basic(other) && !both_nil {
            let mixed = matches!(
                (basic(first), basic(other)),
                (Basic::Integer, Basic::Unsigned) | (Basic::Unsigned, Basic::Integer)
            );
            if !mixed {
                return Err(mismatch(first, other));
            }
        }
        let same = match (first, other) {
            (Value::Bool(left), Value::Bool(right)) => left == right,
            (Value::Integer(_, left), Value::Integer(_, right)) => left == right,
            (Value::Float(left), Value::Float(right)) => left == right,
            (Value::String(left), Value::String(right)) => left == right,
            (Value::Nil, Value::Nil) => true,
            (left, right) if !comparable(left) || !comparable(right) => {
                if both_nil {
                    false
                } else {
                    let found = if comparable(left) { right } else { left };
                    let shown = sprintf(b"%s", std::slice::from_ref(found));
                    let shown = std::string::String::from_utf8_lossy(&shown);
                    let name = found.type_name();
                    return Err(format!("non-comparable type {shown}: {name}").into());
                }
            }
            _ => false,
        };
        if same {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn less(values: &[Value]) -> Result<bool, crate::exec::Failure> {
    match (&values[0], &values[1]) {
        (Value::Integer(_, left), Value::Integer(_, right)) => Ok(left < right),
        (Value::Float(left), Value::Float(right)) => Ok(left < right),
        (Value::String(left), Value::String(right)) => Ok(left < right),
        (left, _) if matches!(basic(left), Basic::Other | Basic::Bool) => {
            Err("invalid type for comparison".into())
        }
        (_, right) if basic(right) == Basic::Other => Err("invalid type for comparison".into()),
        (left, right) => Err(mismatch(left, right)),
    }
}

fn joined(values: &[Value]) -> Vec<u8> {
    let shown: Vec<Value> = values
        .iter()
        .map(|value| if value.is_nil() { Value::string("<no value>") } else { value.clone() })
        .collect();
    sprint(&shown)
}

fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            byte => out.push(*byte),
        }
    }
    out
}

fn query(text: &[u8]) -> std::string::String {
    let mut out = std::string::String::new();
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(*byte));
            }
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
