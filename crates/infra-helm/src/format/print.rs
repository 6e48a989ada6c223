//! `%v` of whole values, and Go's `Sprint` and `Sprintln`.

use super::{DEPTH_LIMIT, SIZE_LIMIT, number::float_shortest};
use crate::value::{IntegerKind, Value};

/// The `%v` text of a value, as `{{ x }}` prints it.
pub(crate) fn display(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_value(&mut out, value, 0);
    out
}

pub(super) fn write_value(out: &mut Vec<u8>, value: &Value, depth: usize) {
    if depth > DEPTH_LIMIT || out.len() > SIZE_LIMIT {
        return out.extend_from_slice(b"...");
    }
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Integer(IntegerKind::Duration, value) => {
            out.extend_from_slice(crate::function::duration_text(*value).as_bytes());
        }
        Value::Integer(kind, value) => out.extend_from_slice(integer(*kind, *value).as_bytes()),
        Value::Float(value) => out.extend_from_slice(float_shortest(*value, 6).as_bytes()),
        Value::String(text) => out.extend_from_slice(text),
        Value::Bytes(text) => {
            let items: Vec<String> = text.iter().map(u8::to_string).collect();
            out.extend_from_slice(format!("[{}]", items.join(" ")).as_bytes());
        }
        Value::List(list) => {
            out.push(b'[');
            for (index, item) in list.items.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                write_value(out, item, depth + 1);
            }
            out.push(b']');
        }
        Value::Map(map) => write_map(out, &map.snapshot(), depth),
        Value::Object(object) => match object.text() {
            Some(text) => out.extend_from_slice(&text),
            None => match object.entries() {
                Some(entries) if object.kind_name() == "slice" => {
                    out.push(b'[');
                    for (index, (_, value)) in entries.iter().enumerate() {
                        if index > 0 {
                            out.push(b' ');
                        }
                        write_value(out, value, depth + 1);
                    }
                    out.push(b']');
                }
                Some(entries) => {
                    let entries: Vec<_> = entries
                        .into_iter()
                        .map(|(key, value)| (display(&key).into(), value))
                        .collect();
                    write_map(out, &entries, depth);
                }
                None => {
                    if depth == 0 && object.kind_name() == "ptr" {
                        out.push(b'&');
                    }
                    out.push(b'{');
                    for (index, (_, value)) in object.shown_fields().iter().enumerate() {
                        if index > 0 {
                            out.push(b' ');
                        }
                        write_value(out, value, depth + 1);
                    }
                    out.push(b'}');
                }
            },
        },
    }
}

fn write_map(out: &mut Vec<u8>, entries: &[(crate::value::Text, Value)], depth: usize) {
    out.extend_from_slice(b"map[");
    for (index, (key, item)) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(key);
        out.push(b':');
        write_value(out, item, depth + 1);
    }
    out.push(b']');
}

pub(super) fn integer(kind: IntegerKind, value: i64) -> String {
    if kind.is_unsigned() { value.cast_unsigned().to_string() } else { value.to_string() }
}

/// `fmt.Sprint`: a space between operands when neither is a string.
pub(crate) fn sprint(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut previous_string = true;
    for (index, value) in values.iter().enumerate() {
        let string = matches!(value, Value::String(_));
        if index > 0 && !string && !previous_string {
            out.push(b' ');
        }
        write_value(&mut out, value, 0);
        previous_string = string;
    }
    out
}

/// `fmt.Sprintln`: spaces between operands, a newline at the end.
pub(crate) fn sprintln(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        write_value(&mut out, value, 0);
    }
    out.push(b'\n');
    out
}
