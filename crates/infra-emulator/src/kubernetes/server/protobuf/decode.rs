//! From a protobuf body to the JSON object that it stands for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::table::{Field, Kind, message};
use super::wire;

/// What every body begins with.
const MAGIC: &[u8] = b"k8s\0";
/// How deep messages may be nested.
const DEEPEST: usize = 64;

/// The JSON object of a body in the envelope of the API; nothing if it is none, or of a kind that is not known.
pub(in crate::kubernetes::server) fn to_json(body: &[u8]) -> Option<Value> {
    let mut raw: &[u8] = &[];
    let (mut version, mut kind) = (String::new(), String::new());
    for (number, value) in wire::fields(body.strip_prefix(MAGIC)?)? {
        match (number, value) {
            (1, wire::Value::Bytes(meta)) => {
                for (number, value) in wire::fields(meta)? {
                    let wire::Value::Bytes(text) = value else { return None };
                    let text = String::from_utf8(text.to_vec()).ok()?;
                    if number == 1 { version = text } else { kind = text }
                }
            }
            (2, wire::Value::Bytes(content)) => raw = content,
            _ => {}
        }
    }
    let mut object = decode(&message_of(&version, &kind)?, raw, 0)?;
    let map = object.as_object_mut()?;
    map.insert("apiVersion".into(), json!(version));
    map.insert("kind".into(), json!(kind));
    Some(object)
}

fn message_of(version: &str, kind: &str) -> Option<String> {
    if kind == "DeleteOptions" {
        return Some("meta.DeleteOptions".into());
    }
    let (group, version) = version.rsplit_once('/').unwrap_or(("core", version));
    let package = group.split('.').next()?;
    let name = format!("{package}.{version}.{kind}");
    message(&name).map(|_| name)
}

fn decode(name: &str, bytes: &[u8], depth: usize) -> Option<Value> {
    if depth > DEEPEST {
        return None;
    }
    if let Some(special) = special(name, bytes) {
        return special;
    }
    let table = message(name)?;
    let mut map = Map::new();
    for (number, value) in wire::fields(bytes)? {
        // A field that is not known is one of a newer version.
        let Some(field) = table.get(&number) else { continue };
        if field.map {
            let wire::Value::Bytes(entry) = value else { return None };
            let (key, item) = entry_of(field, entry, depth)?;
            let place = map.entry(field.name).or_insert_with(|| json!({}));
            place.as_object_mut()?.insert(key, item);
            continue;
        }
        let item = value_of(field, value, depth)?;
        if field.repeated {
            let place = map.entry(field.name).or_insert_with(|| json!([]));
            place.as_array_mut()?.push(item);
        } else if field.name.is_empty() {
            map.extend(item.as_object()?.clone());
        } else if field.keeps_zero || !is_zero(&item) {
            map.insert(field.name.to_owned(), item);
        }
    }
    Some(Value::Object(map))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Array(_) => false,
    }
}

fn entry_of(field: &Field, bytes: &[u8], depth: usize) -> Option<(String, Value)> {
    let (mut key, mut item) = (String::new(), None);
    for (number, value) in wire::fields(bytes)? {
        match (number, value) {
            (1, wire::Value::Bytes(text)) => key = String::from_utf8(text.to_vec()).ok()?,
            (2, value) => item = Some(value_of(field, value, depth)?),
            _ => {}
        }
    }
    Some((key, item.unwrap_or_else(|| json!(""))))
}

fn value_of(field: &Field, value: wire::Value<'_>, depth: usize) -> Option<Value> {
    Some(match (field.kind, value) {
        (Kind::Text, wire::Value::Bytes(text)) => json!(std::str::from_utf8(text).ok()?),
        (Kind::Bytes, wire::Value::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        (Kind::Boolean, wire::Value::Integer(on)) => json!(on != 0),
        (Kind::Integer, wire::Value::Integer(number)) => json!(number.cast_signed()),
        (Kind::Float, wire::Value::Fixed(bits)) => json!(f64::from_bits(bits)),
        (Kind::Message(name), wire::Value::Bytes(bytes)) => decode(name, bytes, depth + 1)?,
        _ => return None,
    })
}

/// Types that are not objects in JSON; the outer nothing for all others.
fn special(name: &str, bytes: &[u8]) -> Option<Option<Value>> {
    let read = || wire::fields(bytes);
    let integer = |wanted: u32| -> Option<i64> {
        read()?.into_iter().find_map(|(number, value)| match value {
            wire::Value::Integer(value) if number == wanted => Some(value.cast_signed()),
            _ => None,
        })
    };
    let content = |wanted: u32| -> Option<Vec<u8>> {
        read()?.into_iter().find_map(|(number, value)| match value {
            wire::Value::Bytes(value) if number == wanted => Some(value.to_vec()),
            _ => None,
        })
    };
    let text = |wanted: u32| content(wanted).and_then(|bytes| String::from_utf8(bytes).ok());
    let value = match name {
        "api.resource.Quantity" => json!(text(1).unwrap_or_default()),
        "util.intstr.IntOrString" if integer(1).unwrap_or(0) == 0 => json!(integer(2).unwrap_or(0)),
        "util.intstr.IntOrString" => json!(text(3).unwrap_or_default()),
        "meta.Time" | "meta.MicroTime" if bytes.is_empty() => Value::Null,
        "meta.Time" | "meta.MicroTime" => {
            let nanos = i32::try_from(integer(2).unwrap_or(0)).unwrap_or(0);
            let seconds = integer(1).unwrap_or(0);
            // The zero time of Go is written as a moment of the year one.
            let Ok(time) = Timestamp::new(seconds, nanos) else { return Some(Some(Value::Null)) };
            let form =
                if name == "meta.Time" { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
            json!(time.strftime(form).to_string())
        }
        "meta.FieldsV1" | "runtime.RawExtension" => {
            let raw = content(1).unwrap_or_default();
            serde_json::from_slice(&raw).unwrap_or(Value::Null)
        }
        _ if name.ends_with(".ExtraValue") => {
            let items: Vec<String> = read()?
                .into_iter()
                .filter_map(|(_, value)| match value {
                    wire::Value::Bytes(text) => String::from_utf8(text.to_vec()).ok(),
                    _ => None,
                })
                .collect();
            json!(items)
        }
        _ => return None,
    };
    Some(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_read_with_its_zero_and_without_defaults() {
        // apps/v1 Deployment web: replicas 0 (kept, as it is a pointer), empty strategy (dropped).
        let spec = [0x08, 0x00, 0x22, 0x00];
        let metadata = [0x0a, 0x03, b'w', b'e', b'b', 0x12, 0x00];
        let mut object = vec![0x0a, 7];
        object.extend(metadata);
        object.extend([0x12, 4]);
        object.extend(spec);
        let mut body = MAGIC.to_vec();
        body.extend([0x0a, 21, 0x0a, 7]);
        body.extend(b"apps/v1");
        body.extend([0x12, 10]);
        body.extend(b"Deployment");
        body.extend([0x12, u8::try_from(object.len()).unwrap()]);
        body.extend(object);
        let expected = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 0},
        });
        assert_eq!(to_json(&body), Some(expected));
        assert_eq!(to_json(b"k8s\0\x0a\x05x"), None);
    }
}
