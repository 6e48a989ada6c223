//! What can go wrong with a store.

use std::io;

use crate::ErrorKind;

/// A store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else was there before; nothing was written.
    #[error("{key} is not as expected: it was written by somebody else meanwhile")]
    PreconditionFailed {
        /// The key that was to be written or deleted.
        key: String,
    },
    /// A key that no store accepts; a defect of the caller.
    #[error("{key:?} is not a valid key")]
    InvalidKey {
        /// The beginning of the key.
        key: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, as a verb: `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The store does not keep a promise that everything rests on.
    #[error("{location} does not honour conditional writes: {reason}")]
    Unconditional {
        /// The store.
        location: String,
        /// What was seen.
        reason: String,
    },
    /// A remote store failed.
    #[error("cannot {action} {key} at {location}")]
    Remote {
        /// What was tried, as a verb.
        action: &'static str,
        /// The key.
        key: String,
        /// The store.
        location: String,
        /// The client's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::Io { action, path: path.display().to_string(), source }
    }

    /// Whether this is a precondition that did not hold.
    pub fn is_precondition(&self) -> bool {
        matches!(self, Self::PreconditionFailed { .. })
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::PreconditionFailed { .. } => ErrorKind::Precondition,
            Self::InvalidKey { .. } | Self::Io { .. } | Self::Remote { .. } => ErrorKind::Io,
            Self::Unconditional { .. } => ErrorKind::Format,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::PreconditionFailed { .. } => {
                "Another run uses the same state; run the command again.".into()
            }
            Self::InvalidKey { .. } => "This is a defect of infra; please report it.".into(),
            Self::Io { path, source, .. } => io_next_step(path, source),
            Self::Unconditional { .. } => "Use a store with conditional writes (AWS S3, \
                 DigitalOcean Spaces, Azure Blob Storage, a current MinIO), or `backend: local`."
                .into(),
            Self::Remote { location, .. } => format!(
                "Check that {location} can be reached and that its credentials may read and write, \
                 then run the command again: what was written before is kept."
            ),
        }
    }
}

fn io_next_step(path: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!(
            "Free some space on the disk of {path}, then run the command again: nothing is lost, \
             what was written before is whole."
        ),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            format!("Make {path} writable for this user, then run the command again.")
        }
        _ => format!("Check {path} and its disk, then run the command again."),
    }
}
