//! Keeping the lease: the heartbeat, what is left of it, and giving it back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::record::{self, Found, LeaseRecord};
use super::{LeaseError, read};
use crate::clock::SharedClock;
use crate::store::{Precondition, Store, Version};

/// Signs of life within one time-to-live, so that calls may last for most of it.
const BEATS: u32 = 6;

/// The lease, held. Dropping it gives it back in the background if a runtime is there; [`LeaseGuard::release`] waits for it.
pub struct LeaseGuard {
    handle: LeaseHandle,
    stop: watch::Sender<bool>,
    heartbeat: tokio::task::JoinHandle<()>,
    finished: bool,
}

/// What the journal and the heartbeat need of the lease. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LeaseHandle {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    clock: SharedClock,
    id: String,
    fencing: u64,
    time_to_live: Duration,
    /// What is in the store, as far as we know; locked while it is written.
    held: tokio::sync::Mutex<(LeaseRecord, Version)>,
    /// Until when it is ours for certain, by the local clock.
    until: Mutex<Duration>,
    lost: watch::Sender<Option<LeaseError>>,
}

impl LeaseGuard {
    /// Begins the heartbeat of a lease that was written at `written_at`.
    pub(super) fn start(
        store: Arc<dyn Store>,
        clock: SharedClock,
        held: Found,
        written_at: Duration,
    ) -> Self {
        let Found { record, version } = held;
        let time_to_live = record.time_to_live();
        let shared = Arc::new(Shared {
            store,
            clock,
            id: record.id.clone(),
            fencing: record.fencing,
            time_to_live,
            until: Mutex::new(written_at.saturating_add(time_to_live)),
            held: tokio::sync::Mutex::new((record, version)),
            lost: watch::Sender::new(None),
        });
        let handle = LeaseHandle { shared };
        let (stop, stopped) = watch::channel(false);
        let heartbeat = tokio::spawn(beat(handle.clone(), stopped));
        Self { handle, stop, heartbeat, finished: false }
    }

    /// The number that fences off earlier holders.
    pub fn fencing(&self) -> u64 {
        self.handle.fencing()
    }

    /// Random identity of this tenure, as `infra state unlock` wants it.
    pub fn id(&self) -> &str {
        self.handle.id()
    }

    /// How long the lease certainly lasts, by the local monotonic clock; zero if it may have been taken over.
    pub fn remaining(&self) -> Duration {
        self.handle.remaining()
    }

    /// Makes sure that the lease lasts longer than a call that may take `duration`, renewing it if it must.
    ///
    /// # Errors
    /// [`LeaseError::TooShort`], [`LeaseError::Lost`], or the store's error while renewing.
    pub async fn ensure_outlives(&self, duration: Duration) -> Result<(), LeaseError> {
        self.handle.ensure_outlives(duration).await
    }

    /// Ready when the lease is known to be lost.
    pub async fn lost(&self) -> LeaseError {
        self.handle.lost().await
    }

    pub(crate) fn handle(&self) -> LeaseHandle {
        self.handle.clone()
    }

    /// Ends the heartbeat and gives the lease back.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] if somebody else has it already; the store's error otherwise.
    pub async fn release(mut self) -> Result<(), LeaseError> {
        self.finished = true;
        // If nobody listens any more, the heartbeat has ended by itself.
        let _ = self.stop.send(true);
        let _ = (&mut self.heartbeat).await;
        let released = self.handle.write(|record| record.released = true).await;
        self.handle.end();
        released
    }

    /// Ends the heartbeat without giving the lease back, as the death of the process does.
    pub fn abandon(mut self) {
        self.finished = true;
        self.heartbeat.abort();
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        let _ = self.stop.send(true);
        let handle = self.handle.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // Best effort: a waiter sees the silence if this does not get through.
            runtime.spawn(async move {
                let _ = handle.write(|record| record.released = true).await;
                handle.end();
            });
        }
    }
}

impl LeaseHandle {
    pub(crate) fn fencing(&self) -> u64 {
        self.shared.fencing
    }

    pub(crate) fn id(&self) -> &str {
        &self.shared.id
    }

    pub(crate) fn remaining(&self) -> Duration {
        if self.shared.lost.borrow().is_some() {
            return Duration::ZERO;
        }
        let until = *self.shared.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.saturating_sub(self.shared.clock.now())
    }

    /// Makes sure that the lease is ours at this moment.
    pub(crate) async fn ensure_held(&self) -> Result<(), LeaseError> {
        if self.remaining().is_zero() { self.renew().await } else { Ok(()) }
    }

    pub(crate) async fn ensure_outlives(&self, needed: Duration) -> Result<(), LeaseError> {
        if self.remaining() > needed {
            return Ok(());
        }
        self.renew().await?;
        let remaining = self.remaining();
        if remaining > needed { Ok(()) } else { Err(LeaseError::TooShort { remaining, needed }) }
    }

    pub(crate) async fn lost(&self) -> LeaseError {
        let mut lost = self.shared.lost.subscribe();
        // The sender lives as long as `self`.
        match lost.wait_for(Option::is_some).await.map(|reason| reason.clone()) {
            Ok(Some(reason)) => reason,
            Ok(None) | Err(_) => LeaseError::Lost { taken_by: None },
        }
    }

    /// Whoever still has a handle learns that nothing may be written any more.
    fn end(&self) {
        self.shared.lost.send_if_modified(|lost| {
            let first = lost.is_none();
            lost.get_or_insert(LeaseError::Lost { taken_by: None });
            first
        });
    }

    async fn renew(&self) -> Result<(), LeaseError> {
        self.write(|record| record.heartbeat = record.heartbeat.saturating_add(1)).await
    }

    /// Replaces the lease in the store if it still is ours; succeeding proves that nobody took over.
    async fn write(&self, change: impl Fn(&mut LeaseRecord)) -> Result<(), LeaseError> {
        let shared = &self.shared;
        let mut held = shared.held.lock().await;
        loop {
            if let Some(reason) = shared.lost.borrow().clone() {
                return Err(reason);
            }
            // Taken before the write: a waiter can only have seen it later.
            let now = shared.clock.now();
            let mut next = held.0.clone();
            change(&mut next);
            let precondition = Precondition::Matches(held.1.clone());
            let written = record::write(shared.store.as_ref(), &next, precondition).await?;
            if let Some(version) = written {
                *held = (next, version);
                let until = now.saturating_add(shared.time_to_live);
                *shared.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
                return Ok(());
            }
            // Either somebody else has it, or an earlier write of ours got through without our hearing of it.
            match read(shared.store.as_ref()).await? {
                Some(found) if found.record.id == shared.id && !found.record.released => {
                    *held = (found.record, found.version);
                }
                other => {
                    let taken_by = other
                        .map(|found| Box::new(found.record))
                        .filter(|record| record.id != shared.id);
                    let reason = LeaseError::Lost { taken_by };
                    shared.lost.send_replace(Some(reason.clone()));
                    return Err(reason);
                }
            }
        }
    }
}

async fn beat(handle: LeaseHandle, mut stopped: watch::Receiver<bool>) {
    let regular = handle.shared.time_to_live / BEATS;
    let mut pause = regular;
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            () = handle.shared.clock.sleep(pause) => {}
        }
        pause = match handle.renew().await {
            Ok(()) => regular,
            Err(LeaseError::Store(_)) => regular / 2,
            Err(_) => return,
        };
    }
}
