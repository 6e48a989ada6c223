//! Plain data and template values to the trees that the emitters write.

use super::{
    emit::{Dialect, Tree, emit},
    order::sort,
    resolve::{Resolved, Version, float_text, resolve},
};
use crate::{
    format::{DEPTH_LIMIT, SIZE_LIMIT, TOO_LARGE, float_fixed, float_shortest},
    json,
    value::{Data, IntegerKind, Object, Value},
};

/// `yaml.Marshal` of `sigs.k8s.io/yaml`: through JSON, then go-yaml v2.
///
/// # Errors
/// A number that JSON has not, a value that contains itself, or a character that YAML refuses.
pub(crate) fn write(value: &Value) -> Result<Vec<u8>, String> {
    write_data(&json::plain(value)?)
}

/// The same for plain data.
pub(crate) fn write_data(data: &Data) -> Result<Vec<u8>, String> {
    Ok(emit(&plain_tree(data)?, Dialect::Two))
}

/// Go's JSON leaves these characters as they are and go-yaml refuses to read them.
fn readable(text: &[u8]) -> Result<Tree, String> {
    let refused =
        |rune: char| matches!(u32::from(rune), 0x7f..=0x84 | 0x86..=0x9f | 0xfffe | 0xffff);
    if String::from_utf8_lossy(text).chars().any(refused) {
        return Err("yaml: control characters are not allowed".to_owned());
    }
    // NEL is a line break to go-yaml, and folded when it reads the JSON.
    if text.windows(2).any(|pair| pair == b"\xc2\x85") {
        let folded = super::read(&json::quoted(text, true), super::Numbers::Exact);
        return match folded.map_err(|fault| fault.0)? {
            Data::String(text) => Ok(Tree::Text(text)),
            _ => Ok(Tree::Text(Vec::new())),
        };
    }
    Ok(Tree::Text(text.to_vec()))
}

/// In JSON a key stands on one line and is not longer than YAML's simple keys.
fn readable_key(text: &[u8]) -> Result<Tree, String> {
    let long = text.len() > 1_000 && {
        let quoted = json::quoted(text, true);
        String::from_utf8_lossy(&quoted).chars().count() > 1_024
    };
    if long || text.windows(2).any(|pair| pair == b"\xc2\x85") {
        return Err("yaml: could not find expected ':'".to_owned());
    }
    readable(text)
}

fn plain_tree(data: &Data) -> Result<Tree, String> {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        Ok(match data {
            Data::Null => Tree::Literal("null".to_owned()),
            Data::Bool(value) => Tree::Literal(value.to_string()),
            Data::Integer(value) => Tree::Literal(value.to_string()),
            Data::Float(value) => Tree::Literal(number(*value)),
            Data::String(text) => readable(text)?,
            Data::List(items) => {
                Tree::Sequence(items.iter().map(plain_tree).collect::<Result<_, _>>()?)
            }
            Data::Map(map) => {
                let entries: Vec<(&Vec<u8>, &Data)> = map.iter().collect();
                let entries = sort(entries, &|entry| entry.0.as_slice(), Dialect::Two)
                    .into_iter()
                    .map(|(key, item)| Ok((readable_key(key)?, plain_tree(item)?)));
                Tree::Mapping(entries.collect::<Result<_, String>>()?)
            }
        })
    })
}

/// A float written by JSON and read back by YAML: whole numbers lose their point.
fn number(value: f64) -> String {
    let text = if value != 0.0 && !(1e-6..1e21).contains(&value.abs()) {
        crate::format::float_exponent(value, None)
    } else {
        float_fixed(value, None)
    };
    match resolve(&text, Version::Two) {
        Resolved::Integer(value) => value.to_string(),
        Resolved::Unsigned(value) => value.to_string(),
        Resolved::Float(value) => float_text(value),
        _ => text,
    }
}

/// The document go-yaml v3 writes for a value, without JSON in between.
///
/// # Errors
/// A value that contains itself.
pub(crate) fn write_pretty(value: &Value) -> Result<Vec<u8>, String> {
    Ok(emit(&pretty_tree(value, 0, &mut 0)?, Dialect::Three))
}

fn text(bytes: &[u8]) -> Tree {
    if std::str::from_utf8(bytes).is_ok() {
        return Tree::Text(bytes.to_vec());
    }
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(70).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Tree::Binary(if lines.len() > 1 { lines.join("\n") + "\n" } else { encoded.clone() })
}

fn pretty_tree(value: &Value, depth: usize, size: &mut usize) -> Result<Tree, String> {
    *size += 8;
    if let Value::String(text) = value {
        *size += text.len();
    }
    if *size > SIZE_LIMIT {
        return Err(TOO_LARGE.to_owned());
    }
    if depth > DEPTH_LIMIT {
        return Err("the value nests too deep to be written".to_owned());
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        Ok(match value {
            Value::Nil => Tree::Literal("null".to_owned()),
            Value::Bool(value) => Tree::Literal(value.to_string()),
            Value::Integer(IntegerKind::Duration, value) => {
                Tree::Literal(crate::function::duration_text(*value))
            }
            Value::Integer(kind, value) if kind.is_unsigned() => {
                Tree::Literal(value.cast_unsigned().to_string())
            }
            Value::Integer(_, value) => Tree::Literal(value.to_string()),
            Value::Float(value) if value.is_finite() => Tree::Literal(float_shortest(*value, 6)),
            Value::Float(value) => Tree::Literal(float_text(*value)),
            Value::String(bytes) => text(bytes),
            Value::Bytes(bytes) => {
                Tree::Sequence(bytes.iter().map(|byte| Tree::Literal(byte.to_string())).collect())
            }
            Value::List(list) => Tree::Sequence(
                list.items
                    .iter()
                    .map(|item| pretty_tree(item, depth + 1, size))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Map(map) => {
                let entries = sort(map.snapshot(), &|entry| &*entry.0, Dialect::Three);
                let entries = entries
                    .iter()
                    .map(|(key, item)| Ok((text(key), pretty_tree(item, depth + 1, size)?)));
                Tree::Mapping(entries.collect::<Result<_, String>>()?)
            }
            Value::Object(object) => pretty_object(&**object, depth, size)?,
        })
    })
}

/// Structs with their fields' names in lower case, named maps and slices.
fn pretty_object(object: &dyn Object, depth: usize, size: &mut usize) -> Result<Tree, String> {
    Ok(match object.entries() {
        Some(entries) if object.kind_name() == "slice" => Tree::Sequence(
            entries
                .iter()
                .map(|(_, item)| pretty_tree(item, depth + 1, size))
                .collect::<Result<_, _>>()?,
        ),
        Some(entries) => Tree::Mapping(
            entries
                .iter()
                .map(|(key, item)| {
                    Ok((pretty_tree(key, depth + 1, size)?, pretty_tree(item, depth + 1, size)?))
                })
                .collect::<Result<_, String>>()?,
        ),
        None => Tree::Mapping(
            object
                .fields()
                .iter()
                .map(|(name, item)| {
                    let name = Tree::Text(name.to_lowercase().into_bytes());
                    Ok((name, pretty_tree(item, depth + 1, size)?))
                })
                .collect::<Result<_, String>>()?,
        ),
    })
}
