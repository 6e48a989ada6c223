//! What can go wrong with the journal.

use std::sync::Arc;

use crate::ErrorKind;
use crate::format::FormatError;
use crate::lease::LeaseError;
use crate::store::StoreError;

/// An entry was not written, or the journal cannot be read. All entries of one group get the same error.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another run has written where this one wanted to: nothing may be done any more on behalf of this run.
    #[error(
        "another run has taken over the state: {key} has fencing number {theirs}, ours is {ours}"
    )]
    Stale {
        /// The key that was taken.
        key: String,
        /// Our fencing number.
        ours: u64,
        /// The number in the object that was found.
        theirs: u64,
    },
    /// The lease is not certain enough to go on.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The store failed; whether the entries are there is unknown, and nothing was done because of them.
    #[error("cannot write the journal")]
    Write(#[source] Arc<StoreError>),
    /// The store failed.
    #[error("cannot read the journal")]
    Read(#[source] Arc<StoreError>),
    /// An object is damaged, or written by a newer version.
    #[error("cannot read the journal")]
    Format(#[from] FormatError),
    /// An object between others is not there.
    #[error("the journal has lost {key}")]
    Gap {
        /// The key that is missing.
        key: String,
    },
    /// An entry has no JSON form; a defect of the caller.
    #[error("a journal entry has no JSON form")]
    Encode(#[source] Arc<serde_json::Error>),
    /// The runtime ended before the entry was written.
    #[error("the journal was closed before the entry was written")]
    Interrupted,
}

impl JournalError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Stale { .. } => ErrorKind::Stale,
            Self::Lease(error) => error.kind(),
            Self::Write(error) | Self::Read(error) => error.kind(),
            Self::Format(error) => error.kind(),
            Self::Gap { .. } => ErrorKind::Corrupt,
            Self::Encode(_) | Self::Interrupted => ErrorKind::Io,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Stale { .. } => "Wait for the other run to end, then run the command again: it \
                                   continues where this one stopped."
                .into(),
            Self::Lease(error) => error.next_step(),
            Self::Write(error) | Self::Read(error) => error.next_step(),
            Self::Format(error) => error.next_step(),
            Self::Gap { key } => format!("Restore {key} from a backup of the state."),
            Self::Encode(_) => "This is a defect of infra; please report it.".into(),
            Self::Interrupted => {
                "Run the command again: it continues where this one stopped.".into()
            }
        }
    }
}
