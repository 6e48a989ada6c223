//! A state that this run has locked: journal, content, lease and fencing number in one handle.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::head::{self, Head};
use crate::journal::{Journal, JournalError, Position, sequence_of};
use crate::lease::{LeaseError, LeaseGuard};
use crate::secrets::{KeySettings, Sealer};
use crate::state::{Fold, blocking};
use crate::store::{Store, StoreError};
use crate::{JOURNAL_PREFIX, StateError, snapshot};

/// A locked state, open for writing.
///
/// Dropping it gives the lease back in the background; [`Session::close`] also writes a snapshot, and waits.
pub struct Session<S, E> {
    store: Arc<dyn Store>,
    guard: LeaseGuard,
    journal: Journal<E>,
    content: Arc<Mutex<S>>,
    head: Head,
    sealer: Arc<Sealer>,
    keep_snapshots: usize,
}

/// The content; entries are applied whole, so that a panic elsewhere leaves it usable.
pub(crate) fn lock<S>(content: &Mutex<S>) -> MutexGuard<'_, S> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S, E> Session<S, E> {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        guard: LeaseGuard,
        journal: Journal<E>,
        content: Arc<Mutex<S>>,
        head: Head,
        sealer: Arc<Sealer>,
        keep_snapshots: usize,
    ) -> Self {
        Self { store, guard, journal, content, head, sealer, keep_snapshots }
    }

    /// The lease, to ask how long it lasts or to hear of its loss.
    pub fn lease(&self) -> &LeaseGuard {
        &self.guard
    }

    /// The number that fences off earlier holders.
    pub fn fencing(&self) -> u64 {
        self.guard.fencing()
    }

    /// The random identity of the deployment.
    pub fn deployment_id(&self) -> &str {
        &self.head.deployment_id
    }

    /// What seals and opens secrets.
    pub fn sealer(&self) -> &Arc<Sealer> {
        &self.sealer
    }

    /// The journal, for tasks of their own.
    pub fn journal(&self) -> Journal<E> {
        self.journal.clone()
    }

    /// Looks at the content: all that is durable, in the order of the journal. Keep it short, as appending waits for it.
    pub fn with_content<T>(&self, look: impl FnOnce(&S) -> T) -> T {
        look(&lock(&self.content))
    }

    /// A copy of the content.
    pub fn content(&self) -> S
    where
        S: Clone,
    {
        self.with_content(S::clone)
    }

    /// Makes sure that the lease lasts longer than a call that may take `call`.
    ///
    /// # Errors
    /// [`LeaseError::TooShort`], [`LeaseError::Lost`], or the store's error while renewing.
    pub async fn ensure_outlives(&self, call: Duration) -> Result<(), LeaseError> {
        self.guard.ensure_outlives(call).await
    }

    /// Ends as if the process had died: the lease stays, and runs out.
    pub fn abandon(self) {
        self.guard.abandon();
    }
}

impl<S, E> Session<S, E>
where
    S: Fold<E> + Serialize + Send + 'static,
    E: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Writes an outcome or any other entry; ready when it is durable. Returns the number of the object that holds it.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append(&self, entry: E) -> Result<u64, JournalError> {
        self.journal.append(entry).await
    }

    /// Writes an intent before a deed that may take `call`: when this is ready, the intent is durable, no other run has taken the state
    /// over, and none can before the call has ended.
    ///
    /// # Errors
    /// After any error, the deed must not be done.
    pub async fn append_before_call(&self, entry: E, call: Duration) -> Result<u64, JournalError> {
        let sequence = self.journal.append(entry).await?;
        self.guard.ensure_outlives(call).await?;
        Ok(sequence)
    }

    /// Where the journal stands.
    pub async fn position(&self) -> Position {
        self.journal.position().await
    }

    /// Writes a snapshot and lets the journal begin after it. Entries that come meanwhile wait.
    ///
    /// # Errors
    /// Nothing is lost by an error: the journal then still begins where it did.
    pub async fn compact(&self) -> Result<(), StateError> {
        let mut quiet = self.journal.quiet().await;
        let base = quiet.position.next;
        if quiet.position.base == base {
            return Ok(());
        }
        let draft = self.with_content(|content| snapshot::draft(base, self.fencing(), content))?;
        let reference = snapshot::write(self.store.as_ref(), draft).await?;
        head::update(self.store.as_ref(), self.fencing(), |head| {
            head.snapshot = Some(reference.clone());
            head.journal_base = base;
        })
        .await?;
        quiet.position.base = base;
        drop(quiet);
        // What is not deleted now is deleted after the next snapshot; readers never look at it.
        let _ = self.prune(base, &reference).await;
        Ok(())
    }

    /// Writes a snapshot if more than `objects` are in the journal.
    ///
    /// # Errors
    /// As [`Session::compact`].
    pub async fn compact_if_longer(&self, objects: u64) -> Result<(), StateError> {
        if self.position().await.length() > objects { self.compact().await } else { Ok(()) }
    }

    async fn prune(&self, base: u64, current: &crate::SnapshotReference) -> Result<(), StoreError> {
        let mut keys = self.store.list(JOURNAL_PREFIX).await?;
        keys.retain(|key| sequence_of(key).is_some_and(|sequence| sequence < base));
        self.store.delete_all(keys).await?;
        snapshot::prune(self.store.as_ref(), self.keep_snapshots, current).await
    }

    /// Seals the data keys anew for whom `settings` name, and for nobody else; with `rotate`, a new data key seals from now on.
    ///
    /// Who could read the state before can still open what was sealed before, from a copy of the store; only a rotation keeps them
    /// from what comes. Returns the key file if one had to be made.
    ///
    /// # Errors
    /// Keys that are missing or no keys; the head's errors. The old keys then stay.
    pub async fn change_keys(
        &mut self,
        settings: KeySettings,
        rotate: bool,
    ) -> Result<Option<PathBuf>, StateError> {
        let mut sealer = Sealer::clone(&self.sealer);
        let (sealer, keys, created) = blocking(move || {
            if rotate {
                sealer.rotate();
            }
            let (keys, created) = sealer.rewrap(&settings)?;
            Ok((sealer, keys, created))
        })
        .await?;
        self.head = head::update(self.store.as_ref(), self.fencing(), |head| {
            head.keys = keys.clone();
        })
        .await?;
        self.sealer = Arc::new(sealer);
        Ok(created)
    }

    /// Writes a snapshot and gives the lease back, the latter also if the former fails.
    ///
    /// # Errors
    /// The first that occurred. Nothing is lost by it: what was appended is in the journal.
    pub async fn close(self) -> Result<(), StateError> {
        let compacted = self.compact().await;
        let released = self.guard.release().await;
        compacted?;
        Ok(released?)
    }
}
