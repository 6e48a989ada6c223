//! Writing values as Go's `json.Marshal` does, and the plain data that such JSON stands for.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    format::{DEPTH_LIMIT, SIZE_LIMIT, TOO_LARGE, decode_rune, float_fixed, float_shortest},
    value::{Data, Text, Value},
};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// `<`, `>` and `&` become `\u003c` and so on.
    pub(crate) escapes_html: bool,
    /// Two spaces per level, or all on one line.
    pub(crate) pretty: bool,
}

struct Writer {
    out: Vec<u8>,
    layout: Layout,
}

/// The JSON text of a value.
///
/// # Errors
/// Go's message, when a number is no JSON number or the value contains itself.
pub(crate) fn write(value: &Value, escapes_html: bool, pretty: bool) -> Result<Vec<u8>, String> {
    let mut writer = Writer { out: Vec::new(), layout: Layout { escapes_html, pretty } };
    writer.value(value, 0)?;
    Ok(writer.out)
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &[u8], escapes_html: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote_into(&mut out, text, escapes_html);
    out
}

fn quote_into(out: &mut Vec<u8>, text: &[u8], escapes_html: bool) {
    out.push(b'"');
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte < 0x80 {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                8 => out.extend_from_slice(b"\\b"),
                12 => out.extend_from_slice(b"\\f"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                byte if byte < 0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                b'<' | b'>' | b'&' if escapes_html => {
                    out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                }
                byte => out.push(byte),
            }
            at += 1;
            continue;
        }
        let (rune, length) = decode_rune(&text[at..]);
        match rune {
            None => out.extend_from_slice(b"\\ufffd"),
            Some('\u{2028}') => out.extend_from_slice(b"\\u2028"),
            Some('\u{2029}') => out.extend_from_slice(b"\\u2029"),
            Some(_) => out.extend_from_slice(&text[at..at + length]),
        }
        at += length;
    }
    out.push(b'"');
}

/// A float as Go's JSON has it.
fn number(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        let shown = float_shortest(value, 6);
        return Err(format!("json: unsupported value: {shown}"));
    }
    let magnitude = value.abs();
    if value != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = crate::format::float_exponent(value, None);
        // `e-09` becomes `e-9`.
        return Ok(match text.split_once("e-0") {
            Some((mantissa, digit)) => format!("{mantissa}e-{digit}"),
            None => text,
        });
    }
    Ok(float_fixed(value, None))
}

fn too_deep() -> String {
    "json: unsupported value: encountered a cycle via map[string]interface {}".to_owned()
}

impl Writer {
    fn line(&mut self, depth: usize) {
        if self.layout.pretty {
            self.out.push(b'\n');
            self.out.extend(std::iter::repeat_n(b' ', depth * 2));
        }
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > DEPTH_LIMIT {
            return Err(too_deep());
        }
        if self.out.len() > SIZE_LIMIT {
            return Err(TOO_LARGE.to_owned());
        }
        match value {
            Value::Nil => self.out.extend_from_slice(b"null"),
            Value::Bool(value) => self.out.extend_from_slice(value.to_string().as_bytes()),
            Value::Integer(kind, value) => {
                let text = if kind.is_unsigned() {
                    value.cast_unsigned().to_string()
                } else {
                    value.to_string()
                };
                self.out.extend_from_slice(text.as_bytes());
            }
            Value::Float(value) => self.out.extend_from_slice(number(*value)?.as_bytes()),
            Value::String(text) => quote_into(&mut self.out, text, self.layout.escapes_html),
            Value::Bytes(bytes) => {
                let text = STANDARD.encode(bytes);
                quote_into(&mut self.out, text.as_bytes(), self.layout.escapes_html);
            }
            Value::List(list) if list.kind.is_nil() => self.out.extend_from_slice(b"null"),
            Value::List(list) => {
                let items: Vec<_> = list.items.iter().map(|item| (None, item.clone())).collect();
                self.collection(items, depth, b'[', b']')?;
            }
            Value::Map(map) if map.kind.is_nil() => self.out.extend_from_slice(b"null"),
            Value::Map(map) => self.map(map.snapshot(), depth)?,
            Value::Object(object) => {
                if let Some(text) = object.json_text() {
                    quote_into(&mut self.out, &text, self.layout.escapes_html);
                } else if let Some(entries) = object.entries() {
                    let keyed = entries.iter().any(|(key, _)| matches!(key, Value::String(_)));
                    let entries = entries.into_iter().map(|(key, item)| match key {
                        Value::String(key) => (Some(key), item),
                        _ => (None, item),
                    });
                    let (open, close) = if keyed || object.kind_name() == "map" {
                        (b'{', b'}')
                    } else {
                        (b'[', b']')
                    };
                    self.collection(entries.collect(), depth, open, close)?;
                } else {
                    let fields = object
                        .fields()
                        .into_iter()
                        .filter(|(name, _)| !object.json_name(name).is_empty());
                    let fields = fields.map(|(name, item)| {
                        let key: Text = object.json_name(name).as_bytes().into();
                        (Some(key), item)
                    });
                    self.collection(fields.collect(), depth, b'{', b'}')?;
                }
            }
        }
        Ok(())
    }

    fn map(&mut self, entries: Vec<(Text, Value)>, depth: usize) -> Result<(), String> {
        let entries = entries.into_iter().map(|(key, item)| (Some(key), item)).collect();
        self.collection(entries, depth, b'{', b'}')
    }

    fn collection(
        &mut self,
        items: Vec<(Option<Text>, Value)>,
        depth: usize,
        open: u8,
        close: u8,
    ) -> Result<(), String> {
        self.out.push(open);
        let empty = items.is_empty();
        for (index, (key, item)) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.line(depth + 1);
            if let Some(key) = key {
                quote_into(&mut self.out, &key, self.layout.escapes_html);
                self.out.extend_from_slice(if self.layout.pretty { b": " } else { b":" });
            }
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.value(&item, depth + 1))?;
        }
        if !empty {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }
}

/// The plain data that the JSON of a value holds: what `sigs.k8s.io/yaml` writes as YAML.
///
/// # Errors
/// As [`write`].
pub(crate) fn plain(value: &Value) -> Result<Data, String> {
    plain_within(value, 0, &mut 0)
}

fn plain_within(value: &Value, depth: usize, size: &mut usize) -> Result<Data, String> {
    if depth > DEPTH_LIMIT {
        return Err(too_deep());
    }
    *size += 8;
    if let Value::String(text) | Value::Bytes(text) = value {
        *size += text.len();
    }
    if *size > SIZE_LIMIT {
        return Err(TOO_LARGE.to_owned());
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        Ok(match value {
            Value::Nil => Data::Null,
            Value::Map(map) if map.kind.is_nil() => Data::Null,
            Value::List(list) if list.kind.is_nil() => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Integer(kind, value) if !kind.is_unsigned() => Data::Integer(*value),
            #[allow(clippy::cast_precision_loss)]
            Value::Integer(_, value) => Data::Float(value.cast_unsigned() as f64),
            Value::Float(value) => {
                number(*value)?;
                Data::Float(*value)
            }
            Value::String(text) => Data::String(clean(text)),
            Value::Bytes(bytes) => Data::text(STANDARD.encode(bytes)),
            Value::List(list) => Data::List(
                list.items
                    .iter()
                    .map(|item| plain_within(item, depth + 1, size))
                    .collect::<Result<_, _>>()?,
            ),
            Value::Map(map) => {
                let mut plain_map = BTreeMap::new();
                for (key, item) in map.snapshot() {
                    plain_map.insert(clean(&key), plain_within(&item, depth + 1, size)?);
                }
                Data::Map(plain_map)
            }
            Value::Object(_) => {
                let text = write(value, false, false)?;
                super::read(&text)?
            }
        })
    })
}

/// Text as JSON carries it: UTF-8, each other byte replaced.
pub(crate) fn clean(text: &[u8]) -> Vec<u8> {
    if std::str::from_utf8(text).is_ok() {
        return text.to_vec();
    }
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while !rest.is_empty() {
        let (rune, length) = decode_rune(rest);
        match rune {
            Some(_) => out.extend_from_slice(&rest[..length]),
            None => out.extend_from_slice("\u{fffd}".as_bytes()),
        }
        rest = &rest[length..];
    }
    out
}
