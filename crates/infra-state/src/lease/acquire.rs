//! Getting the lease: at once, after waiting, or from a dead holder.

use std::sync::Arc;
use std::time::Duration;

use super::guard::LeaseGuard;
use super::record::{self, Found, LeaseRecord};
use super::{Holder, LeaseError, LockedError, read};
use crate::clock::SharedClock;
use crate::store::{Precondition, Store};

/// How often a waiter looks at most, and how often within one time-to-live.
const LONGEST_LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 10;
/// A shorter time-to-live would keep the heartbeat busy, and lose the lease to any hiccup.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    /// Who asks.
    pub holder: Holder,
    /// How long the lease lives without a heartbeat.
    pub time_to_live: Duration,
    /// How long to wait for another holder (`--lock-timeout`); zero: do not.
    pub wait: Duration,
    /// The fencing number will be higher than this one.
    pub above: u64,
}

impl LeaseRequest {
    /// Asks for a lease of [`super::DEFAULT_TIME_TO_LIVE`], without waiting.
    pub fn new(holder: Holder) -> Self {
        Self { holder, time_to_live: super::DEFAULT_TIME_TO_LIVE, wait: Duration::ZERO, above: 0 }
    }
}

/// Gets the lease of the state in `store`.
///
/// # Errors
/// [`LeaseError::Locked`] when somebody else holds it for longer than `request.wait`.
pub async fn acquire(
    store: Arc<dyn Store>,
    clock: SharedClock,
    request: LeaseRequest,
) -> Result<LeaseGuard, LeaseError> {
    let began = clock.now();
    let id = uuid::Uuid::new_v4().to_string();
    let mut written_at = began;
    let mut watch = Watch::default();
    loop {
        let found = read(store.as_ref()).await?;
        let now = clock.now();
        // A write of ours whose answer was lost is a success.
        if let Some(Found { record, version }) = &found
            && record.id == id
        {
            let held = Found { record: record.clone(), version: version.clone() };
            return Ok(LeaseGuard::start(store, clock, held, written_at));
        }
        if let Some((precondition, fencing)) = free(found.as_ref(), &mut watch, now, request.above)
        {
            let holder = request.holder.clone();
            let time_to_live = request.time_to_live.max(SHORTEST);
            let record = LeaseRecord::new(id.clone(), fencing, time_to_live, holder);
            written_at = now;
            if let Some(version) = record::write(store.as_ref(), &record, precondition).await? {
                return Ok(LeaseGuard::start(store, clock, Found { record, version }, now));
            }
            // Somebody was quicker, or we were, without hearing of it: look again.
            continue;
        }
        let waited = now.saturating_sub(began);
        let Some(Found { record, .. }) = found else { continue };
        if waited >= request.wait {
            let silent_for = watch.silent_for(now);
            return Err(LeaseError::Locked(Box::new(LockedError {
                lease: record,
                waited,
                silent_for,
            })));
        }
        let look = (record.time_to_live() / LOOKS).clamp(Duration::from_millis(1), LONGEST_LOOK);
        clock.sleep(look.min(request.wait.saturating_sub(waited))).await;
    }
}

/// If the lease may be taken: by which precondition, and with which fencing number.
fn free(
    found: Option<&Found>,
    watch: &mut Watch,
    now: Duration,
    above: u64,
) -> Option<(Precondition, u64)> {
    let Some(Found { record, version }) = found else {
        return Some((Precondition::Absent, above.saturating_add(1)));
    };
    watch.look(record, now);
    let silent = watch.silent_for(now) >= record.time_to_live();
    (record.released || silent || record.holder.is_known_dead()).then(|| {
        let fencing = record.fencing.max(above).saturating_add(1);
        (Precondition::Matches(version.clone()), fencing)
    })
}

/// Since when the heartbeat has not changed, by this waiter's own clock.
#[derive(Default)]
struct Watch {
    seen: Option<(String, u64)>,
    since: Duration,
}

impl Watch {
    fn look(&mut self, record: &LeaseRecord, now: Duration) {
        let same =
            |(id, heartbeat): &(String, u64)| *id == record.id && *heartbeat == record.heartbeat;
        if !self.seen.as_ref().is_some_and(same) {
            self.seen = Some((record.id.clone(), record.heartbeat));
            self.since = now;
        }
    }

    fn silent_for(&self, now: Duration) -> Duration {
        if self.seen.is_some() { now.saturating_sub(self.since) } else { Duration::ZERO }
    }
}

/// Ends the lease `id` whatever its holder thinks, and returns what it was. The holder's next write will be refused.
///
/// # Errors
/// [`LeaseError::OtherLease`] if another lease is held, or none.
pub async fn unlock(store: &dyn Store, id: &str) -> Result<LeaseRecord, LeaseError> {
    loop {
        let found = read(store).await?.filter(|found| !found.record.released);
        let Some(Found { record, version }) = found else {
            return Err(LeaseError::OtherLease { wanted: id.to_owned(), held: None });
        };
        if record.id != id {
            return Err(LeaseError::OtherLease { wanted: id.to_owned(), held: Some(record.id) });
        }
        let ended = LeaseRecord { released: true, ..record.clone() };
        // A heartbeat may come in between; then its version counts.
        if record::write(store, &ended, Precondition::Matches(version)).await?.is_some() {
            return Ok(record);
        }
    }
}
