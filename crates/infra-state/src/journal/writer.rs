//! Writing the journal: group commit, fenced.
//!
//! Entries that come while an object is being written go out together in the next one. The write belongs to a task of its own, so
//! that a caller that stops waiting leaves no hole.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;

use super::JournalError;
use super::object::{decode_object, encode_object, key_of};
use crate::lease::LeaseHandle;
use crate::store::{Precondition, Store};

/// At most so many entries, and about so many bytes, go into one object.
const MOST_ENTRIES: usize = 1000;
const MOST_BYTES: usize = 4 << 20;

/// Where the journal begins after the snapshot, and where its next object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Number of the first object that is not in the snapshot.
    pub base: u64,
    /// Number that the next object will have.
    pub next: u64,
}

impl Position {
    /// How many objects are not in the snapshot.
    pub fn length(self) -> u64 {
        self.next.saturating_sub(self.base)
    }
}

/// The journal, open for writing. Cheap to clone.
pub struct Journal<E> {
    shared: Arc<Shared<E>>,
}

impl<E> Clone for Journal<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// Called with every entry, in the order of the journal, as soon as it is durable.
pub(crate) type OnDurable<E> = Box<dyn Fn(&E) + Send + Sync>;

struct Shared<E> {
    store: Arc<dyn Store>,
    lease: LeaseHandle,
    queue: Mutex<Queue<E>>,
    position: tokio::sync::Mutex<Position>,
    on_durable: OnDurable<E>,
}

struct Queue<E> {
    waiting: VecDeque<Pending<E>>,
    /// Whether a task takes care of what waits.
    served: bool,
    /// Why nothing can be written any more.
    ended: Option<JournalError>,
}

struct Pending<E> {
    entry: E,
    line: Vec<u8>,
    done: oneshot::Sender<Result<u64, JournalError>>,
}

/// The journal stands still while this lives: entries wait, and none is on its way.
pub(crate) struct Quiet<'a> {
    pub(crate) position: tokio::sync::MutexGuard<'a, Position>,
}

/// Opens the journal for writing at `position` and claims the next place for the holder of `lease`.
///
/// Returns `None` if the place was taken meanwhile, by a write of an earlier holder that was on its way: read the journal again.
pub(crate) async fn start<E>(
    store: Arc<dyn Store>,
    lease: LeaseHandle,
    mut position: Position,
    on_durable: OnDurable<E>,
) -> Result<Option<Journal<E>>, JournalError> {
    lease.ensure_held().await?;
    let claim = encode_object(position.next, lease.fencing(), lease.id(), std::iter::empty())?;
    match store.put(&key_of(position.next), Bytes::from(claim), Precondition::Absent).await {
        Ok(_) => position.next += 1,
        Err(error) if error.is_precondition() => return Ok(None),
        Err(error) => return Err(JournalError::Write(Arc::new(error))),
    }
    let queue = Queue { waiting: VecDeque::new(), served: false, ended: None };
    let position = tokio::sync::Mutex::new(position);
    let shared = Shared { store, lease, queue: Mutex::new(queue), position, on_durable };
    Ok(Some(Journal { shared: Arc::new(shared) }))
}

impl<E: Serialize + DeserializeOwned + Send + Sync + 'static> Journal<E> {
    /// Writes `entry` and returns the number of the object that holds it, as soon as it is durable and the lease still holds.
    ///
    /// Dropping the future leaves open whether the entry is written.
    ///
    /// # Errors
    /// After any error, nothing may be done that the entry announces. [`JournalError::Stale`] and a lost lease are final;
    /// after [`JournalError::Write`] the caller may try again.
    pub async fn append(&self, entry: E) -> Result<u64, JournalError> {
        let line =
            serde_json::to_vec(&entry).map_err(|error| JournalError::Encode(error.into()))?;
        let (done, answer) = oneshot::channel();
        {
            let mut queue = self.shared.queue();
            if let Some(ended) = &queue.ended {
                return Err(ended.clone());
            }
            queue.waiting.push_back(Pending { entry, line, done });
            if !queue.served {
                queue.served = true;
                tokio::spawn(serve(Arc::clone(&self.shared)));
            }
        }
        answer.await.unwrap_or(Err(JournalError::Interrupted))
    }
}

impl<E> Journal<E> {
    /// Where the journal stands, once what is being written is written.
    pub async fn position(&self) -> Position {
        *self.shared.position.lock().await
    }

    /// Lets the journal stand still, between two objects.
    pub(crate) async fn quiet(&self) -> Quiet<'_> {
        Quiet { position: self.shared.position.lock().await }
    }
}

impl<E> Shared<E> {
    /// Every change is one statement, so that a panic elsewhere leaves nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue<E>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits, up to the limits of an object; `None` ends the service.
    fn take(&self) -> Option<Vec<Pending<E>>> {
        let mut queue = self.queue();
        let mut bytes = 0;
        let mut count = 0;
        for pending in queue.waiting.iter().take(MOST_ENTRIES) {
            bytes += pending.line.len();
            if count > 0 && bytes > MOST_BYTES {
                break;
            }
            count += 1;
        }
        if count == 0 {
            queue.served = false;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

/// If the service ends by a panic, those who wait hear of it and the next entry starts it again.
struct Service<'a, E>(&'a Shared<E>);

impl<E> Drop for Service<'_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut queue = self.0.queue();
            queue.served = false;
            queue.waiting.clear();
        }
    }
}

async fn serve<E: DeserializeOwned + Send + Sync + 'static>(shared: Arc<Shared<E>>) {
    let service = Service(&shared);
    loop {
        let mut position = service.0.position.lock().await;
        let Some(group) = service.0.take() else { return };
        let result = service.0.write(&mut position, &group).await;
        drop(position);
        if let Err(error @ (JournalError::Stale { .. } | JournalError::Lease(_))) = &result {
            service.0.end(error);
        }
        for pending in group {
            // Nobody listens if the caller has gone; the entry counts all the same.
            let _ = pending.done.send(result.clone());
        }
    }
}

impl<E: DeserializeOwned> Shared<E> {
    /// Writes one object. The lease is certain before, so that a stale holder does not write, and after, so that it does not act.
    async fn write(
        &self,
        position: &mut Position,
        group: &[Pending<E>],
    ) -> Result<u64, JournalError> {
        self.lease.ensure_held().await?;
        let sequence = self.put(position, group).await?;
        for pending in group {
            (self.on_durable)(&pending.entry);
        }
        self.lease.ensure_held().await?;
        Ok(sequence)
    }

    async fn put(
        &self,
        position: &mut Position,
        group: &[Pending<E>],
    ) -> Result<u64, JournalError> {
        let write = |error| JournalError::Write(Arc::new(error));
        loop {
            let (sequence, key) = (position.next, key_of(position.next));
            let lines = group.iter().map(|pending| pending.line.as_slice());
            let object = encode_object(sequence, self.lease.fencing(), self.lease.id(), lines)?;
            let object = Bytes::from(object);
            match self.store.put(&key, object.clone(), Precondition::Absent).await {
                Ok(_) => {
                    position.next += 1;
                    return Ok(sequence);
                }
                Err(error) if error.is_precondition() => {}
                Err(error) => return Err(write(error)),
            }
            let Some((found, _)) = self.store.get(&key).await.map_err(write)? else { continue };
            if found == object {
                // Our own write, whose answer was lost on the way.
                position.next += 1;
                return Ok(sequence);
            }
            let found = decode_object::<E>(&key, &found)?;
            if found.lease != self.lease.id() {
                let (ours, theirs) = (self.lease.fencing(), found.fencing);
                return Err(JournalError::Stale { key, ours, theirs });
            }
            // An earlier write of ours that was reported as failed got through: its entries are part of the journal.
            found.entries.iter().for_each(&self.on_durable);
            position.next += 1;
        }
    }
}

impl<E> Shared<E> {
    fn end(&self, reason: &JournalError) {
        let mut queue = self.queue();
        queue.ended = Some(reason.clone());
        for pending in queue.waiting.drain(..) {
            let _ = pending.done.send(Err(reason.clone()));
        }
    }
}
