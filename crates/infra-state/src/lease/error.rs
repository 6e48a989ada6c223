//! What can go wrong with a lease.

use std::sync::Arc;
use std::time::Duration;

use super::LeaseRecord;
use crate::ErrorKind;
use crate::format::FormatError;
use crate::store::StoreError;

/// Another run holds the state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the state is locked by {} since {} (lease {})",
    lease.holder, lease.since, lease.id
)]
pub struct LockedError {
    /// The lease as it was last seen: holder, host, command, since, CI job.
    pub lease: LeaseRecord,
    /// How long it was waited for.
    pub waited: Duration,
    /// How long the holder gave no sign of life while it was waited for.
    pub silent_for: Duration,
}

/// The lease was not got, or not kept.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Another run holds it.
    #[error(transparent)]
    Locked(Box<LockedError>),
    /// It was taken over, or removed.
    #[error("this run lost its lease on the state{}", by(taken_by.as_deref()))]
    Lost {
        /// Who holds it now, if anybody.
        taken_by: Option<Box<LeaseRecord>>,
    },
    /// It ends before the call it is needed for could end.
    #[error(
        "the lease lasts {:.1} s more, and the call may take {:.1} s",
        remaining.as_secs_f64(), needed.as_secs_f64()
    )]
    TooShort {
        /// What is left of it, by the local monotonic clock.
        remaining: Duration,
        /// What the call may take.
        needed: Duration,
    },
    /// The lease that was to be unlocked is not the one that is held.
    #[error("the lease {wanted} is not the one that is held{}", now_held(held.as_deref()))]
    OtherLease {
        /// The id that was given.
        wanted: String,
        /// The id of the lease that is held, if any.
        held: Option<String>,
    },
    /// The store failed.
    #[error("cannot use the lease of the state")]
    Store(#[source] Arc<StoreError>),
    /// It cannot be read.
    #[error("cannot read the lease of the state")]
    Format(#[from] FormatError),
}

impl From<StoreError> for LeaseError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl LeaseError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Locked(_) | Self::OtherLease { .. } => ErrorKind::Locked,
            Self::Lost { .. } | Self::TooShort { .. } => ErrorKind::Stale,
            Self::Store(error) => error.kind(),
            Self::Format(error) => error.kind(),
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Locked(locked) => {
                let ttl = locked.lease.time_to_live().as_secs().saturating_add(5);
                format!(
                    "Wait for that run to end. If it is dead, `--lock-timeout {ttl}s` takes the \
                     state over as soon as that is certain."
                )
            }
            Self::Lost { .. } => "Wait for the other run to end, then run the command again: it \
                                  continues where this one stopped."
                .into(),
            Self::TooShort { .. } => "Check that the state can be written (the lease is renewed \
                                      there), then run the command again."
                .into(),
            Self::OtherLease { .. } => "Give the id of the lease that is held, after making sure \
                                        that its holder is dead."
                .into(),
            Self::Store(error) => error.next_step(),
            Self::Format(error) => error.next_step(),
        }
    }
}

fn by(taken_by: Option<&LeaseRecord>) -> String {
    taken_by.map(|lease| format!(" to {}", lease.holder)).unwrap_or_default()
}

fn now_held(held: Option<&str>) -> String {
    held.map_or_else(|| ": none is".to_owned(), |id| format!(": that is {id}"))
}
