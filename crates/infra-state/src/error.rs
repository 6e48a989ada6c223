//! What kinds of errors there are, and the one error that holds them all.

use crate::head::HeadError;
use crate::journal::JournalError;
use crate::lease::LeaseError;
use crate::runs::RunError;
use crate::secrets::SecretsError;
use crate::snapshot::SnapshotError;
use crate::store::StoreError;

/// What an error means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another run holds the state.
    Locked,
    /// This run lost the state to another one.
    Stale,
    /// A key is missing or wrong.
    Key,
    /// A rehearsal's state outside of a rehearsal, or the other way round.
    Rehearsed,
    /// Written by a newer version, or for another deployment.
    Format,
    /// What was read is damaged.
    Corrupt,
    /// The disk or the network failed.
    Io,
    /// Somebody else wrote the same key at the same time.
    Precondition,
}

impl ErrorKind {
    /// The exit code of a command that ends by it: 4 locked, 3 invalid arguments or settings, 1 failed.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Locked | Self::Stale => 4,
            Self::Key | Self::Rehearsed | Self::Format => 3,
            Self::Corrupt | Self::Io | Self::Precondition => 1,
        }
    }
}

/// Any error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The head: wrong mode, wrong name, newer format.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The lease: locked or lost.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Keys and sealed values.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The record of a run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl StateError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Head(error) => error.kind(),
            Self::Lease(error) => error.kind(),
            Self::Journal(error) => error.kind(),
            Self::Snapshot(error) => error.kind(),
            Self::Secrets(error) => error.kind(),
            Self::Run(error) => error.kind(),
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Store(error) => error.next_step(),
            Self::Head(error) => error.next_step(),
            Self::Lease(error) => error.next_step(),
            Self::Journal(error) => error.next_step(),
            Self::Snapshot(error) => error.next_step(),
            Self::Secrets(error) => error.next_step(),
            Self::Run(error) => error.next_step(),
        }
    }
}
