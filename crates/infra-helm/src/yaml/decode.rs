//! Nodes to plain data, by way of JSON as `sigs.k8s.io/yaml` goes.

use std::{collections::BTreeMap, rc::Rc};

use base64::Engine;

use super::{
    parse::{Node, NodeKind, parse},
    resolve::{Resolved, Version, float_text, resolve},
    token::Fault,
};
use crate::value::Data;

/// What numbers become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// All are floats, as JSON into `interface{}` has them.
    Floats,
    /// Whole numbers stay whole.
    Exact,
    /// As `Exact`, without numbers that only fit an unsigned type.
    Keys,
}

struct Decoder {
    numbers: Numbers,
    decoded: u64,
    by_alias: u64,
    alias_depth: u32,
    open: Vec<*const Node>,
}

/// The first document of a YAML text; `null` when there is none.
///
/// # Errors
/// Go's message, which begins with `yaml:` or `error converting YAML to JSON`.
pub(crate) fn read(text: &[u8], numbers: Numbers) -> Result<Data, Fault> {
    let wrapped = |fault: Fault| Fault(format!("error converting YAML to JSON: {}", fault.0));
    let Some(root) = parse(text).map_err(wrapped)? else { return Ok(Data::Null) };
    let mut decoder =
        Decoder { numbers, decoded: 0, by_alias: 0, alias_depth: 0, open: Vec::new() };
    let data = decoder.decode(&root).map_err(wrapped)?;
    match infinite(&data).filter(|_| numbers == Numbers::Floats) {
        Some(value) => {
            let shown = crate::format::float_shortest(value, 6);
            Err(wrapped(Fault(format!("json: unsupported value: {shown}"))))
        }
        None => Ok(data),
    }
}

/// A number that JSON has not.
fn infinite(data: &Data) -> Option<f64> {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match data {
        Data::Float(value) if !value.is_finite() => Some(*value),
        Data::List(items) => items.iter().find_map(infinite),
        Data::Map(map) => map.values().find_map(infinite),
        _ => None,
    })
}

type Outcome = Result<Data, Fault>;

impl Decoder {
    /// Aliases may not multiply a small text into a huge tree.
    fn count(&mut self) -> Result<(), Fault> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.by_alias += 1;
        }
        if self.by_alias > 100 && self.decoded > 1_000 {
            #[allow(clippy::cast_precision_loss)]
            let (all, share) = (self.decoded as f64, self.by_alias as f64 / self.decoded as f64);
            let allowed = if all <= 400_000.0 {
                0.99
            } else if all >= 4_000_000.0 {
                0.10
            } else {
                0.99 - 0.89 * (all - 400_000.0) / 3_600_000.0
            };
            if share > allowed {
                return Err(Fault::plain("document contains excessive aliasing"));
            }
        }
        Ok(())
    }

    fn decode(&mut self, node: &Rc<Node>) -> Outcome {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            self.count()?;
            match &node.kind {
                NodeKind::Alias(name, target) => self.alias(name, target.as_ref(), Self::decode),
                NodeKind::Scalar(text, implicit) => self.scalar(&node.tag, text, *implicit),
                NodeKind::Sequence(items) => items
                    .iter()
                    .map(|item| self.decode(item))
                    .collect::<Result<_, _>>()
                    .map(Data::List),
                NodeKind::Mapping(entries) => {
                    let mut map = BTreeMap::new();
                    self.mapping(entries, &mut map)?;
                    Ok(Data::Map(map))
                }
            }
        })
    }

    fn alias<T>(
        &mut self,
        name: &[u8],
        target: Option<&Rc<Node>>,
        work: impl FnOnce(&mut Self, &Rc<Node>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let inside = target.is_some_and(|node| self.open.contains(&Rc::as_ptr(node)));
        let Some(target) = target.filter(|_| !inside) else {
            let shown = String::from_utf8_lossy(name).into_owned();
            return Err(Fault::plain(&format!("anchor '{shown}' value contains itself")));
        };
        self.open.push(Rc::as_ptr(target));
        self.alias_depth += 1;
        let outcome = work(self, target);
        self.alias_depth -= 1;
        self.open.pop();
        outcome
    }

    fn mapping(
        &mut self,
        entries: &[(Rc<Node>, Rc<Node>)],
        map: &mut BTreeMap<Vec<u8>, Data>,
    ) -> Result<(), Fault> {
        for (key, value) in entries {
            let merges = match &key.kind {
                NodeKind::Scalar(text, implicit) => {
                    text == b"<<" && (*implicit || key.tag == b"tag:yaml.org,2002:merge")
                }
                _ => false,
            };
            if merges {
                self.merge(value, map)?;
                continue;
            }
            let Some(key) = self.key(key)? else {
                let value = crate::value::Value::from(&self.decode(value)?);
                let shown = crate::format::sprintf(b"%#v", &[value]);
                return Err(Fault(format!(
                    "unsupported map key of type: %!s(<nil>), key: <nil>, value: {}",
                    String::from_utf8_lossy(&shown)
                )));
            };
            let value = self.decode(value)?;
            map.insert(key, value);
        }
        Ok(())
    }

    fn merge(&mut self, node: &Rc<Node>, map: &mut BTreeMap<Vec<u8>, Data>) -> Result<(), Fault> {
        let refused = || Fault::plain("map merge requires map or sequence of maps as the value");
        match &node.kind {
            NodeKind::Mapping(entries) => self.mapping(entries, map),
            NodeKind::Alias(name, target) => {
                self.alias(name, target.as_ref(), |decoder, target| match &target.kind {
                    NodeKind::Mapping(entries) => decoder.mapping(entries, map),
                    _ => Err(refused()),
                })
            }
            // Earlier maps win, so they come last.
            NodeKind::Sequence(items) => items.iter().rev().try_for_each(|item| match &item.kind {
                NodeKind::Sequence(_) | NodeKind::Scalar(..) => Err(refused()),
                _ => self.merge(item, map),
            }),
            NodeKind::Scalar(..) => Err(refused()),
        }
    }

    /// A key as JSON has it: text; nothing for null.
    fn key(&mut self, node: &Rc<Node>) -> Result<Option<Vec<u8>>, Fault> {
        let numbers = std::mem::replace(&mut self.numbers, Numbers::Keys);
        let key = self.decode(node);
        self.numbers = numbers;
        match key? {
            Data::String(text) => Ok(Some(text)),
            Data::Bool(value) => Ok(Some(value.to_string().into_bytes())),
            Data::Integer(value) => Ok(Some(value.to_string().into_bytes())),
            #[allow(clippy::cast_possible_truncation)]
            Data::Float(value) => Ok(Some(short_float(value as f32).into_bytes())),
            Data::Null => Ok(None),
            Data::List(_) | Data::Map(_) => Err(Fault::plain("invalid map key")),
        }
    }

    fn scalar(&mut self, tag: &[u8], text: &[u8], implicit: bool) -> Outcome {
        let short = tag.strip_prefix(b"tag:yaml.org,2002:").unwrap_or(b"");
        if !implicit && tag.is_empty() || short == b"str" || !tag.is_empty() && short.is_empty() {
            return Ok(Data::String(text.to_vec()));
        }
        if short == b"binary" {
            let clean: Vec<u8> =
                text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
            return base64::engine::general_purpose::STANDARD
                .decode(clean)
                .map(|bytes| {
                    Data::String(String::from_utf8_lossy(&bytes).into_owned().into_bytes())
                })
                .map_err(|_| Fault::plain("!!binary value contains invalid base64 data"));
        }
        if !matches!(short, b"" | b"bool" | b"int" | b"float" | b"null" | b"timestamp") {
            return Ok(Data::String(text.to_vec()));
        }
        let shown = String::from_utf8_lossy(text);
        let found = resolve(&shown, Version::Two);
        let name: &[u8] = match found {
            Resolved::Null => b"null",
            Resolved::Bool(_) => b"bool",
            Resolved::Integer(_) | Resolved::Unsigned(_) => b"int",
            Resolved::Float(_) => b"float",
            Resolved::Timestamp => b"timestamp",
            Resolved::Merge => b"merge",
            Resolved::Text => b"str",
        };
        let as_float = short == b"float" && matches!(found, Resolved::Integer(_));
        if !short.is_empty() && short != name && !as_float {
            let (name, wanted) = (String::from_utf8_lossy(name), String::from_utf8_lossy(short));
            return Err(Fault::plain(&format!("cannot decode !!{name} `{shown}` as a !!{wanted}")));
        }
        #[allow(clippy::cast_precision_loss)]
        Ok(match found {
            Resolved::Null => Data::Null,
            Resolved::Bool(value) => Data::Bool(value),
            Resolved::Integer(value) if as_float || self.numbers == Numbers::Floats => {
                Data::Float(value as f64)
            }
            Resolved::Integer(value) => Data::Integer(value),
            Resolved::Unsigned(_) if self.numbers == Numbers::Keys => {
                return Err(Fault("unsupported map key of type: uint64".to_owned()));
            }
            Resolved::Unsigned(value) => Data::Float(value as f64),
            Resolved::Float(value) => Data::Float(value),
            Resolved::Timestamp | Resolved::Merge | Resolved::Text => Data::String(text.to_vec()),
        })
    }
}

/// A key that was a float keeps the precision of a short one.
fn short_float(value: f32) -> String {
    let shortest = format!("{value:e}");
    shortest.parse::<f64>().map_or(shortest, float_text)
}
