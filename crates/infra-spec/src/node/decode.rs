//! A node as a serde data source, so that provider crates decode their blocks with derived types, and what serde finds
//! wrong points at file, line and column.
//!
//! Serde stops at the first error. To find all of them, decoding starts again without the entry that failed.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::tree::{Entry, Node, NodeValue};
use crate::error::{Code, Problems, SpecError, SpecErrors};
use crate::secret::{Provenance, Secret};
use crate::source::Location;
use crate::suggest::closest;

/// The most errors that one decoding looks for.
const MOST_ROUNDS: usize = 20;

/// Entries that a further round leaves out: file, line, column of their keys.
type Skipped = HashSet<(usize, usize, usize)>;

impl Node {
    /// Decodes the block into a type. `deny_unknown_fields` on the type gives suggestions for misspelt keys.
    ///
    /// A field of type [`Secret`] keeps the provenance of its value.
    ///
    /// # Errors
    /// All unknown keys, wrong types and missing keys, each with its place.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, SpecErrors> {
        let mut problems = Problems::default();
        let mut skipped = Skipped::new();
        let mut keys: HashSet<String> = HashSet::new();
        for _ in 0..MOST_ROUNDS {
            match T::deserialize(Source { node: self, skipped: &skipped }) {
                Ok(value) if !problems.has_errors() => return Ok(value),
                Ok(_) => break,
                Err(failure) => {
                    let caused = matches!(&failure.kind, Kind::Missing(key) if keys.contains(*key));
                    let entry = failure.entry.clone();
                    if !caused {
                        problems.push(failure.into_error(&self.location));
                    }
                    let Some((place, key)) = entry else { break };
                    if caused || !skipped.insert(place) {
                        break;
                    }
                    keys.insert(key);
                }
            }
        }
        problems.hide(&self.hidden_texts());
        Err(problems.into_list())
    }
}

/// What serde found wrong, before and after the place is known.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    location: Option<Location>,
    /// The innermost entry that holds the error.
    entry: Option<((usize, usize, usize), String)>,
}

#[derive(Debug)]
enum Kind {
    Unknown { field: String, expected: Vec<&'static str> },
    UnknownVariant { variant: String, expected: Vec<&'static str> },
    Missing(&'static str),
    Duplicate(&'static str),
    Type { expected: String },
    Other(String),
}

impl Failure {
    fn of(kind: Kind) -> Self {
        Self { kind, location: None, entry: None }
    }

    fn at(mut self, location: &Location) -> Self {
        self.location.get_or_insert_with(|| location.clone());
        self
    }

    /// Completes the error with the entry that it happened in.
    fn inside(mut self, entry: &Entry) -> Self {
        self = self.at(&entry.node.location);
        if self.entry.is_none() {
            self.entry = Some((place(entry), entry.key.clone()));
        }
        self
    }

    fn into_error(self, fallback: &Location) -> SpecError {
        let at = self.location.as_ref().unwrap_or(fallback);
        match self.kind {
            Kind::Unknown { field, expected } => {
                let suggestion = closest(&field, expected.iter().copied());
                let error = at.error(Code::UnknownKey, format!("unknown key `{field}`"));
                let error = error.with_suggestion(suggestion);
                if expected.is_empty() {
                    error
                } else {
                    error.with_note(format!("known here: {}", expected.join(", ")))
                }
            }
            Kind::UnknownVariant { variant, expected } => {
                let suggestion = closest(&variant, expected.iter().copied());
                at.error(
                    Code::InvalidValue,
                    format!("`{variant}` is none of: {}", expected.join(", ")),
                )
                .with_suggestion(suggestion)
            }
            Kind::Missing(key) => at
                .error(Code::MissingKey, format!("the key `{key}` is missing"))
                .with_next_step(format!("add `{key}: ...`")),
            Kind::Duplicate(key) => at.error(Code::DuplicateKey, format!("`{key}` stands twice")),
            Kind::Type { expected } => at.error(Code::WrongType, expected),
            Kind::Other(message) => at.error(Code::InvalidValue, message),
        }
    }
}

fn place(entry: &Entry) -> (usize, usize, usize) {
    let at = &entry.key_location;
    (at.order(), at.line(), at.column())
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.kind)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(Kind::Other(message.to_string()))
    }

    /// What was found is not repeated: it may be secret, and [`mismatch`] words it with the node at hand.
    fn invalid_type(_found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::of(Kind::Type { expected: expected.to_string() })
    }

    fn invalid_value(_found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::of(Kind::Type { expected: expected.to_string() })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::of(Kind::UnknownVariant { variant: variant.to_owned(), expected: expected.to_vec() })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(Kind::Unknown { field: field.to_owned(), expected: expected.to_vec() })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(Kind::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of(Kind::Duplicate(field))
    }
}

/// Words a wrong type with the node that has it, and hides what is secret in messages.
fn mismatch(mut failure: Failure, node: &Node) -> Failure {
    if failure.location.is_some() {
        return failure;
    }
    failure.kind = match failure.kind {
        Kind::Type { expected } => {
            let expected = plain_words(&expected);
            Kind::Type { expected: format!("expected {expected}, found {}", node.describe()) }
        }
        Kind::Other(_) if node.is_secret() => {
            Kind::Other(format!("the value {} is not valid here", node.shown()))
        }
        Kind::UnknownVariant { expected, .. } if node.is_secret() => {
            Kind::UnknownVariant { variant: node.shown(), expected }
        }
        kind => kind,
    };
    failure.at(&node.location)
}

/// What serde expects, in the words of the file.
fn plain_words(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" | "u128" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "unit" => "nothing",
        text if text.starts_with("struct ") => "a map",
        text => text,
    }
    .to_owned()
}

#[derive(Clone, Copy)]
struct Source<'n> {
    node: &'n Node,
    skipped: &'n Skipped,
}

impl<'n> Source<'n> {
    fn child(self, node: &'n Node) -> Self {
        Self { node, skipped: self.skipped }
    }
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let result = match &self.node.value {
            NodeValue::Null => visitor.visit_unit(),
            NodeValue::Boolean(value) => visitor.visit_bool(*value),
            NodeValue::Integer(value) => visitor.visit_i64(*value),
            NodeValue::Float(value, _) => visitor.visit_f64(*value),
            NodeValue::String(text) => visitor.visit_str(text),
            NodeValue::List(list) => visitor.visit_seq(Items { parent: self, rest: list.iter() }),
            NodeValue::Map(map) => {
                visitor.visit_map(Entries { parent: self, rest: map.iter(), current: None })
            }
        };
        result.map_err(|failure| mismatch(failure, self.node))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == Secret::NEWTYPE
            && let (Some(text), Some(provenance)) = (self.node.as_str(), self.node.provenance())
        {
            let parts = secret_parts(text, provenance).into_deserializer();
            return visitor.visit_seq::<SecretParts>(parts);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let result = match &self.node.value {
            NodeValue::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            NodeValue::Map(map) if map.len() == 1 => match map.iter().next() {
                Some(entry) => visitor
                    .visit_enum(Variant { parent: self, entry })
                    .map_err(|failure| failure.inside(entry)),
                None => Err(de::Error::custom("expected one key")),
            },
            _ => Err(Failure::of(Kind::Type { expected: "one of the known words".to_owned() })),
        };
        result.map_err(|failure| mismatch(failure, self.node))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

type SecretParts = de::value::SeqDeserializer<std::vec::IntoIter<String>, Failure>;

fn secret_parts(text: &str, provenance: &Provenance) -> Vec<String> {
    let (kind, sources): (&str, &[String]) = match provenance {
        Provenance::Literal => ("literal", &[]),
        Provenance::Interpolated(sources) => ("interpolated", sources),
        Provenance::StandIn(sources) => ("stand-in", sources),
    };
    [text.to_owned(), kind.to_owned()].into_iter().chain(sources.iter().cloned()).collect()
}

struct Items<'n> {
    parent: Source<'n>,
    rest: std::slice::Iter<'n, Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Failure> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        seed.deserialize(self.parent.child(node))
            .map(Some)
            .map_err(|failure| failure.at(&node.location))
    }
}

struct Entries<'n> {
    parent: Source<'n>,
    rest: std::slice::Iter<'n, Entry>,
    current: Option<&'n Entry>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Failure> {
        let skipped = self.parent.skipped;
        let Some(entry) = self.rest.by_ref().find(|entry| !skipped.contains(&place(entry))) else {
            return Ok(None);
        };
        self.current = Some(entry);
        let key: de::value::StrDeserializer<'_, Failure> = entry.key.as_str().into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|failure| failure.at(&entry.key_location).inside(entry))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some(entry) = self.current.take() else {
            return Err(de::Error::custom("a value without its key"));
        };
        seed.deserialize(self.parent.child(&entry.node)).map_err(|failure| failure.inside(entry))
    }
}

struct Variant<'n> {
    parent: Source<'n>,
    entry: &'n Entry,
}

impl<'de, 'n> EnumAccess<'de> for Variant<'n> {
    type Error = Failure;
    type Variant = Source<'n>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Source<'n>), Failure> {
        let key: de::value::StrDeserializer<'_, Failure> =
            self.entry.key.as_str().into_deserializer();
        let value =
            seed.deserialize(key).map_err(|failure| failure.at(&self.entry.key_location))?;
        Ok((value, self.parent.child(&self.entry.node)))
    }
}

impl<'de> VariantAccess<'de> for Source<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        if self.node.is_null() {
            return Ok(());
        }
        Err(mismatch(Failure::of(Kind::Type { expected: "nothing".to_owned() }), self.node))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_any(visitor)
    }
}
