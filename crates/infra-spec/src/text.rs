//! Texts that are usually plain and may be secret: parameters, environments, URLs.
//!
//! A [`Text`] that was interpolated prints a marker like a [`Secret`](crate::Secret); any other prints itself.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use crate::secret::{Provenance, Secret};

/// A text that is shown unless it came from `${env:...}` or `${file:...}`.
#[derive(Clone)]
pub struct Text {
    value: SecretString,
    provenance: Option<Provenance>,
}

impl Text {
    /// Wraps a value; one with a provenance is secret.
    pub fn new(value: impl Into<String>, provenance: Option<Provenance>) -> Self {
        Self { value: SecretString::from(value.into()), provenance }
    }

    /// The value itself, secret or not. Log the [`Text`], never this.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Whether the value is not to be shown.
    pub fn is_secret(&self) -> bool {
        self.provenance.is_some()
    }

    /// Where a secret value came from.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_ref()
    }

    /// The value as a secret, whatever its origin.
    pub fn into_secret(self) -> Secret {
        Secret::new(self.expose(), self.provenance.clone().unwrap_or(Provenance::Literal))
    }
}

/// Two texts are equal when their values are.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provenance {
            Some(provenance) => write!(formatter, "(secret: {provenance})"),
            None => fmt::Debug::fmt(self.expose(), formatter),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provenance {
            Some(provenance) => write!(formatter, "(secret: {provenance})"),
            None => formatter.write_str(self.expose()),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
