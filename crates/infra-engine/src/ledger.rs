//! [`Ledger`]: where intents and outcomes are kept.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_event::Diagnostic;

use crate::Entry;

/// Something could not be kept: the deed that it precedes must not be done.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerError(pub Diagnostic);

/// Where intents and outcomes are kept.
pub trait Ledger: Send + Sync {
    /// Keeps an entry; it is durable when this returns.
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<(), LedgerError>>;

    /// Fails unless the lease on the state outlives `duration` of wall time.
    fn ensure_outlives(&self, duration: Duration) -> BoxFuture<'_, Result<(), LedgerError>>;
}

/// A ledger in memory, for conformance trials and for callers who keep the state themselves.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: Mutex<Vec<Entry>>,
}

impl MemoryLedger {
    /// All entries so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ledger for MemoryLedger {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<(), LedgerError>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        Box::pin(async { Ok(()) })
    }

    fn ensure_outlives(&self, _: Duration) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async { Ok(()) })
    }
}
