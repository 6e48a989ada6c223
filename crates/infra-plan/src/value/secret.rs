//! [`Secret`]: a text that is compared and handed on, and never shown.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// A secret text: in clear in memory, or sealed (encrypted) for keeping.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Content);

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Clear(Arc<str>),
    Sealed(Arc<str>),
    Hidden,
}

impl Secret {
    /// A secret that can be used.
    pub fn new(text: String) -> Self {
        Self(Content::Clear(text.into()))
    }

    /// A secret that only the holder of a key can open.
    pub fn sealed(text: String) -> Self {
        Self(Content::Sealed(text.into()))
    }

    /// A secret of which only the existence is known, as read from a document meant for people.
    pub fn hidden() -> Self {
        Self(Content::Hidden)
    }

    /// The text, unless it is sealed or hidden. Never print or log it.
    pub fn expose(&self) -> Option<&str> {
        match &self.0 {
            Content::Clear(text) => Some(text),
            _ => None,
        }
    }

    /// The sealed form, if it is sealed.
    pub fn sealed_text(&self) -> Option<&str> {
        match &self.0 {
            Content::Sealed(text) => Some(text),
            _ => None,
        }
    }

    /// A digest of the text, salted with `salt`, for telling whether it changed.
    pub fn digest(&self, salt: &str) -> Option<String> {
        self.expose().map(|text| {
            let mut hash = Sha256::new();
            hash.update(salt.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hex::encode(hash.finalize())
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
