//! How documents of the state say their format, and what is said about those that cannot be read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ErrorKind;

/// A document of the state cannot be understood.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A newer version of infra wrote it.
    #[error("{key} has format {found}, and this version of infra knows formats up to {known}")]
    Newer {
        /// The key in the store.
        key: String,
        /// Its format.
        found: u64,
        /// The newest format that this version reads.
        known: u64,
    },
    /// It is not what was written.
    #[error("{key} is damaged: {reason}")]
    Corrupt {
        /// The key in the store.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FormatError {
    pub(crate) fn corrupt(key: &str, reason: impl Into<String>) -> Self {
        Self::Corrupt { key: key.to_owned(), reason: reason.into() }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Newer { .. } => ErrorKind::Format,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Newer { .. } => {
                "Install the version of infra that last worked on this state, or a newer one."
                    .into()
            }
            Self::Corrupt { key, .. } => format!(
                "Restore {key} from a backup of the state. infra writes every key in one step, so \
                 something else has changed it."
            ),
        }
    }
}

#[derive(Deserialize)]
struct OnlyFormat {
    format: u64,
}

/// Reads a JSON document, its `format` first, so that a newer one is called newer and not damaged.
pub(crate) fn decode<T: DeserializeOwned>(
    key: &str,
    content: &[u8],
    known: u64,
) -> Result<T, FormatError> {
    // What serde_json says may quote the text; its category and place do not.
    let corrupt = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        FormatError::corrupt(key, format!("{:?} error at {line}:{column}", error.classify()))
    };
    let OnlyFormat { format } = serde_json::from_slice(content).map_err(corrupt)?;
    if format > known {
        return Err(FormatError::Newer { key: key.to_owned(), found: format, known });
    }
    serde_json::from_slice(content).map_err(corrupt)
}

/// Refuses numbers that no counting from one leads to, so that counting on is safe.
pub(crate) fn check_counters(key: &str, counters: &[u64]) -> Result<(), FormatError> {
    const LARGEST: u64 = 1 << 53;
    match counters.iter().find(|counter| **counter > LARGEST) {
        Some(counter) => Err(FormatError::corrupt(key, format!("it counts up to {counter}"))),
        None => Ok(()),
    }
}

/// The bytes of a document.
pub(crate) fn encode<T: Serialize>(key: &str, document: &T) -> Result<Vec<u8>, FormatError> {
    let mut bytes = serde_json::to_vec(document)
        .map_err(|error| FormatError::corrupt(key, format!("it has no JSON form ({error})")))?;
    bytes.push(b'\n');
    Ok(bytes)
}
