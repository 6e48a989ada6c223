//! Values that are never shown.
//!
//! A value is secret when it came from `${env:...}` or `${file:...}`, or when the key it stands at is secret by nature
//! (`token`, `password`). Debug, Display and Serialize print a marker; only [`Secret::expose`] gives the value.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Where a secret value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provenance {
    /// It stands in the file itself.
    Literal,
    /// It was put together from these (`env:NAME`, `file:path`).
    Interpolated(Vec<String>),
    /// It stands in for these, because the run is a rehearsal and they are missing.
    StandIn(Vec<String>),
}

impl Provenance {
    /// Whether the value is not the real one.
    pub fn is_stand_in(&self) -> bool {
        matches!(self, Self::StandIn(_))
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal => formatter.write_str("in the file"),
            Self::Interpolated(sources) => formatter.write_str(&sources.join(", ")),
            Self::StandIn(sources) => write!(formatter, "stand-in for {}", sources.join(", ")),
        }
    }
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret {
    value: SecretString,
    provenance: Provenance,
}

impl Secret {
    /// Name of the newtype by which [`crate::Node::decode`] hands over the provenance.
    pub(crate) const NEWTYPE: &'static str = "infra_spec::Secret";

    /// Wraps a value.
    pub fn new(value: impl Into<String>, provenance: Provenance) -> Self {
        Self { value: SecretString::from(value.into()), provenance }
    }

    /// The value itself. Never log it, never put it into an error.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Where the value came from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }
}

/// Two secrets are equal when their values are.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "(secret: {})", self.provenance)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(Self::NEWTYPE, SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Secret, E> {
        Ok(Secret::new(value, Provenance::Literal))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Secret, D::Error> {
        inner.deserialize_str(self)
    }

    /// The form in which the node deserialiser hands over a value with its provenance: value, is a stand-in, sources.
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Secret, A::Error> {
        let value: String = sequence.next_element()?.ok_or_else(|| short::<A::Error>(0))?;
        let kind: String = sequence.next_element()?.ok_or_else(|| short::<A::Error>(1))?;
        let mut sources = Vec::new();
        while let Some(source) = sequence.next_element::<String>()? {
            sources.push(source);
        }
        let provenance = match kind.as_str() {
            "stand-in" => Provenance::StandIn(sources),
            "interpolated" => Provenance::Interpolated(sources),
            _ => Provenance::Literal,
        };
        Ok(Secret::new(value, provenance))
    }
}

fn short<E: de::Error>(length: usize) -> E {
    E::invalid_length(length, &"a value and its provenance")
}

/// Endings of keys (lower case, without `_` and `-`) whose values are secret by nature.
const SECRET_ENDINGS: [&str; 13] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "privatekey",
    "apikey",
    "secretkey",
    "accesskey",
    "encryptionkey",
    "clientsecret",
    "credentialsecret",
    "cookiesecret",
    "secretvalue",
];

/// Whether the value of this key is secret by nature.
pub(crate) fn is_secret_key(key: &str) -> bool {
    let plain: String = key
        .chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect();
    SECRET_ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether the line is a secret key whose value begins on the next line.
pub(crate) fn opens_secret(line: &str) -> bool {
    let Some((key, value)) = line.split_once(':') else { return false };
    let key = key.trim_start_matches([' ', '-']).trim_matches(['"', '\'', ' ']);
    let value = value.trim_start();
    is_secret_key(key)
        && (value.is_empty() || value.starts_with(['|', '>', '"', '\'', '#', '&', '!']))
}

/// The line with every literal value of a secret key replaced by a marker; `${...}` is no secret and stays.
pub(crate) fn hide_literal_secret(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(colon) = rest.find(':') {
        let (before, after) = rest.split_at(colon + 1);
        shown.push_str(before);
        rest = after;
        let word = before[..colon].trim_end().trim_end_matches(['"', '\'']);
        let start = word
            .rfind(|character: char| !(character.is_alphanumeric() || "_-.".contains(character)))
            .map_or(0, |index| index + word[index..].chars().next().map_or(1, char::len_utf8));
        if !is_secret_key(&word[start..]) {
            continue;
        }
        let value = rest.trim_start();
        let is_interpolation = value.trim_matches(['"', '\'']).starts_with("${");
        if value.is_empty() || is_interpolation || value.starts_with(['{', '[', '#', '|', '>']) {
            continue;
        }
        shown.push_str(" (secret)");
        // Only inside `{...}` can anything follow a value on its line.
        rest = if line.contains('{') { after_flow_value(value) } else { "" };
    }
    shown.push_str(rest);
    shown
}

/// What follows the (perhaps quoted) value that `text` begins with.
fn after_flow_value(text: &str) -> &str {
    let value = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => match text[1..].rfind(quote) {
            Some(end) => &text[end + 2..],
            None => "",
        },
        _ => text,
    };
    value.find([',', '}']).map_or("", |index| &value[index..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_secrets_are_hidden_in_quotes() {
        assert_eq!(hide_literal_secret("  token: abc"), "  token: (secret)");
        assert_eq!(
            hide_literal_secret("x: { password: 'a b', server: q }"),
            "x: { password: (secret), server: q }"
        );
        assert_eq!(hide_literal_secret("token: ${env:T}"), "token: ${env:T}");
        assert_eq!(hide_literal_secret("passwords:"), "passwords:");
        assert_eq!(hide_literal_secret("é: \"ü\": 3"), "é: \"ü\": 3");
    }

    #[test]
    fn values_on_further_lines_are_hidden_too() {
        use crate::source::{Location, SourceText};
        let text =
            "a:\n  token: |\n    first\n\n      second\n  next: x\n- \"password\":\n    third\n";
        let source = SourceText::new("f", 0, text);
        let quote = |line| Location::new(&source, line, 1, 1).quote();
        assert_eq!([quote(3), quote(8)], ["    (secret)"; 2]);
        assert_eq!(quote(5), "      (secret)");
        assert_eq!([quote(2), quote(6)], ["  token: |", "  next: x"]);
    }

    #[test]
    fn secrets_print_a_marker() {
        let secret = Secret::new("hunter2", Provenance::Interpolated(vec!["env:P".into()]));
        assert_eq!(format!("{secret} {secret:?}"), "(secret: env:P) (secret: env:P)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"(secret: env:P)\"");
        assert_eq!(secret.expose(), "hunter2");
    }
}
