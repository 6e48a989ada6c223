//! The state store: lease, journal, snapshots and secrets.
//!
//! A [`State`] lives in a [`Store`]. [`State::read`] folds the journal onto the last snapshot, without the lease; [`State::lock`] gives a
//! [`Session`], which writes. What is stored is the caller's own: journal entries `E`, and a content `S` that they are folded into
//! ([`Fold`]). Secrets in both are sealed by the caller with the state's [`Sealer`].

mod clock;
mod error;
mod format;
mod head;
mod journal;
mod lease;
mod runs;
mod secrets;
mod session;
mod snapshot;
mod state;
mod store;
pub mod trials;

pub use clock::{MonotonicClock, SharedClock, SystemClock};
pub use error::{ErrorKind, StateError};
pub use format::FormatError;
pub use head::{Head, HeadError};
pub use journal::{
    JOURNAL_PREFIX, Journal, JournalError, JournalObject, Position, decode_object, read_journal,
};
pub use lease::{
    DEFAULT_TIME_TO_LIVE, Holder, LeaseError, LeaseGuard, LeaseRecord, LeaseRequest, LockedError,
    acquire, unlock,
};
pub use runs::{
    EventSink, RUNS_PREFIX, RunError, RunRecord, RunRecorder, list_runs, prune_runs, read_events,
    read_run,
};
pub use secrets::{
    DataKey, DataKeys, ExposeSecret, KeySettings, Sealer, SecretSlice, SecretString, SecretsError,
    is_sealed,
};
pub use session::Session;
pub use snapshot::{SNAPSHOT_PREFIX, Snapshot, SnapshotError, SnapshotReference};
pub use state::{Fold, State, StateOptions, View};
pub use store::{
    DirectoryStore, MemoryStore, Object, Precondition, Store, StoreError, Version, check_key,
    probe_conditions,
};
