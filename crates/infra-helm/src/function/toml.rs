//! TOML in and out: written as BurntSushi's encoder does.

use super::{Function, Outcome, bytes, typed};
use crate::{
    exec::{Failure, Session},
    format::{DEPTH_LIMIT, SIZE_LIMIT, TOO_LARGE, float_exponent, float_fixed},
    value::{
        ListKind, Map, MapKind,
        Parameter::{Any, String},
        Text, Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("toToml", &[Any], None, |session, v| {
        // Go panics there, which ends the render.
        if v[0].is_nil() {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        match write(&v[0]) {
            Err(fault) if fault != TOO_LARGE => Ok(Value::string(fault)),
            text => produced(session, text),
        }
    }),
    typed("mustToToml", &[Any], None, |session, v| {
        if v[0].is_nil() {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        produced(session, write(&v[0]))
    }),
    typed("fromToml", &[String], None, |_, v| {
        let map = Map::new(MapKind::Any);
        let text = std::string::String::from_utf8_lossy(bytes(&v[0])).into_owned();
        match text.parse::<toml::Table>() {
            Ok(table) => return Ok(from_table(table)),
            Err(fault) => {
                map.set(b"Error"[..].into(), Value::string(format!("toml: {}", fault.message())))
            }
        }
        Ok(Value::Map(map))
    }),
];

fn produced(session: &mut Session, text: Result<Vec<u8>, std::string::String>) -> Outcome {
    let text = text.map_err(|fault| match fault.as_str() {
        TOO_LARGE => Failure::Budget("output"),
        _ => Failure::Message(fault),
    })?;
    session.spend(text.len())?;
    Ok(Value::string(text))
}

fn from_table(table: toml::Table) -> Value {
    let map = Map::new(MapKind::Any);
    for (key, value) in table {
        map.set(key.into_bytes().into(), from_value(value));
    }
    Value::Map(map)
}

fn from_value(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::string(text),
        toml::Value::Integer(value) => Value::int64(value),
        toml::Value::Float(value) => Value::Float(value),
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(at) => Value::string(at.to_string()),
        toml::Value::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(toml::Value::is_table);
            let kind = if tables { ListKind::Maps } else { ListKind::Any };
            Value::typed_list(kind, items.into_iter().map(from_value).collect())
        }
        toml::Value::Table(table) => from_table(table),
    }
}

struct Encoder {
    out: Vec<u8>,
}

type Wrote = Result<(), std::string::String>;

fn write(value: &Value) -> Result<Vec<u8>, std::string::String> {
    let mut encoder = Encoder { out: Vec::new() };
    match entries(value) {
        Some(entries) => encoder.table(&[], &entries)?,
        None if value.is_nil() || is_table_list(value)? => {
            return Err("toml: top-level values must be Go maps or structs".to_owned());
        }
        None => encoder.element(value, 0)?,
    }
    Ok(encoder.out)
}

fn entries(value: &Value) -> Option<Vec<(Text, Value)>> {
    match value {
        Value::Map(map) if map.kind.is_nil() => None,
        Value::Map(map) => Some(map.snapshot()),
        Value::Object(object) if object.kind_name() != "slice" && object.text().is_none() => {
            Some(match object.entries() {
                Some(entries) => entries
                    .into_iter()
                    .map(|(key, item)| (crate::format::display(&key).into(), item))
                    .collect(),
                None => object
                    .fields()
                    .into_iter()
                    .map(|(name, item)| (name.as_bytes().into(), item))
                    .collect(),
            })
        }
        _ => None,
    }
}

/// Go's nil, also under a type.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::Map(map) => map.kind.is_nil(),
        Value::List(list) => list.kind.is_nil(),
        _ => false,
    }
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.items.clone()),
        Value::Object(object) if object.kind_name() == "slice" => {
            Some(object.entries()?.into_iter().map(|(_, item)| item).collect())
        }
        _ => None,
    }
}

/// Whether a list becomes `[[tables]]`.
fn is_table_list(value: &Value) -> Result<bool, std::string::String> {
    let Some(items) = items(value) else { return Ok(false) };
    if items.iter().any(Value::is_nil) {
        return Err("toml: cannot encode array with nil element".to_owned());
    }
    Ok(!items.is_empty() && items.iter().all(|item| entries(item).is_some()))
}

fn quoted(text: &[u8]) -> std::string::String {
    let mut out = std::string::String::from("\"");
    for rune in std::string::String::from_utf8_lossy(text).chars() {
        match rune {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            rune if rune < ' ' || rune == '\x7f' => {
                out.push_str(&format!("\\u{:04x}", u32::from(rune)))
            }
            rune => out.push(rune),
        }
    }
    out.push('"');
    out
}

fn key(text: &[u8]) -> std::string::String {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !text.is_empty() && text.iter().all(bare) {
        std::string::String::from_utf8_lossy(text).into_owned()
    } else {
        quoted(text)
    }
}

fn float(value: f64) -> std::string::String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // Beyond 2^53 a plain number would look more exact than it is.
    let text = if value.abs() > 9_007_199_254_740_991.0 {
        float_exponent(value, None)
    } else {
        float_fixed(value, None)
    };
    if text.contains(['.', 'e']) { text } else { format!("{text}.0") }
}

impl Encoder {
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.put("\n");
        }
    }

    fn indent(&mut self, path: &[Text]) {
        self.put(&"  ".repeat(path.len().saturating_sub(1)));
    }

    fn table(&mut self, path: &[Text], entries: &[(Text, Value)]) -> Wrote {
        if path.len() > DEPTH_LIMIT {
            return Err("toml: the value nests too deep".to_owned());
        }
        if self.out.len() > SIZE_LIMIT {
            return Err(TOO_LARGE.to_owned());
        }
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let mut inner = Vec::new();
            for (name, item) in entries {
                if self::entries(item).is_some() || is_table_list(item)? {
                    inner.push((name, item));
                } else if !is_nothing(item) {
                    let own = [path, std::slice::from_ref(name)].concat();
                    self.indent(&own);
                    self.put(&format!("{} = ", key(name)));
                    self.element(item, 0)?;
                    self.put("\n");
                }
            }
            for (name, item) in inner {
                self.section(&[path, std::slice::from_ref(name)].concat(), item)?;
            }
            Ok(())
        })
    }

    fn section(&mut self, path: &[Text], value: &Value) -> Wrote {
        let name: Vec<_> = path.iter().map(|part| key(part)).collect();
        let name = name.join(".");
        if let Some(own) = entries(value) {
            if path.len() == 1 {
                self.newline();
            }
            self.indent(path);
            self.put(&format!("[{name}]\n"));
            return self.table(path, &own);
        }
        for item in items(value).unwrap_or_default() {
            self.newline();
            self.indent(path);
            self.put(&format!("[[{name}]]\n"));
            self.table(path, &entries(&item).unwrap_or_default())?;
        }
        Ok(())
    }

    fn element(&mut self, value: &Value, depth: usize) -> Wrote {
        if depth > DEPTH_LIMIT {
            return Err("toml: the value nests too deep".to_owned());
        }
        if self.out.len() > SIZE_LIMIT {
            return Err(TOO_LARGE.to_owned());
        }
        if let Some(own) = entries(value) {
            self.put("{");
            let own: Vec<_> = own.into_iter().filter(|(_, item)| !item.is_nil()).collect();
            for (index, (name, item)) in own.iter().enumerate() {
                if index > 0 {
                    self.put(", ");
                }
                self.put(&format!("{} = ", key(name)));
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.element(item, depth + 1))?;
            }
            self.put("}");
            return Ok(());
        }
        if let Some(own) = items(value) {
            self.put("[");
            for (index, item) in own.iter().enumerate() {
                if index > 0 {
                    self.put(", ");
                }
                if item.is_nil() {
                    return Err("toml: cannot encode array with nil element".to_owned());
                }
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.element(item, depth + 1))?;
            }
            self.put("]");
            return Ok(());
        }
        let text = match value {
            Value::Bool(value) => value.to_string(),
            Value::Integer(crate::value::IntegerKind::Duration, value) => {
                quoted(super::duration_text(*value).as_bytes())
            }
            Value::Integer(_, value) => value.to_string(),
            Value::Float(value) => float(*value),
            Value::String(text) => quoted(text),
            Value::Bytes(bytes) => {
                let items: Vec<_> = bytes.iter().map(u8::to_string).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(object) => quoted(&object.text().unwrap_or_default()),
            _ => return Err(format!("toml: unsupported type: {}", value.type_name())),
        };
        self.put(&text);
        Ok(())
    }
}
