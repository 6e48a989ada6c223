//! What the lease must do.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};

use super::clocks::{PacedClock, StandingClock};
use super::outcome::{StoreFactory, TrialFailure, TrialResult, ensure, ensure_equal};
use crate::clock::{MonotonicClock, SharedClock};
use crate::lease::{Holder, LeaseError, LeaseGuard, LeaseRequest, acquire, read, unlock};
use crate::store::Store;

/// The time-to-live in all trials.
const TTL: Duration = Duration::from_secs(60);
/// What has not happened by then, in real time, never will.
const HANG: Duration = Duration::from_secs(60);

/// A holder on a machine that nothing is known about.
pub(super) fn stranger(name: &str) -> Holder {
    Holder {
        user: name.to_owned(),
        host: format!("{name}-host"),
        pid: 4242,
        process_start: Some(1),
        process_space: Some(format!("the machine of {name}")),
        command: "infra up".into(),
        ci_job: Some("https://ci.example.org/jobs/1".into()),
    }
}

pub(super) fn request(name: &str, wait: Duration) -> LeaseRequest {
    LeaseRequest { wait, time_to_live: TTL, ..LeaseRequest::new(stranger(name)) }
}

async fn get(
    store: &Arc<dyn Store>,
    clock: SharedClock,
    name: &str,
    wait: Duration,
) -> Result<LeaseGuard, LeaseError> {
    acquire(Arc::clone(store), clock, request(name, wait)).await
}

fn standing() -> Arc<StandingClock> {
    StandingClock::at(Duration::from_secs(5))
}

async fn heartbeat(store: &dyn Store) -> Result<u64, LeaseError> {
    Ok(read(store).await?.map_or(0, |found| found.record.heartbeat))
}

/// Of twenty that want the lease at once one gets it, and the others name it.
pub async fn one_of_twenty_gets_the_lease(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let mut tasks = Vec::new();
    for number in 0..20 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            get(&store, standing(), &format!("user{number}"), Duration::ZERO).await
        }));
    }
    let mut guards = Vec::new();
    let mut named = Vec::new();
    for task in tasks {
        match task.await? {
            Ok(guard) => guards.push(guard),
            Err(LeaseError::Locked(locked)) => named.push(locked.lease),
            Err(error) => return Err(error.into()),
        }
    }
    ensure_equal(&guards.len(), &1, "holders")?;
    let (id, fencing) = (guards[0].id(), guards[0].fencing());
    ensure_equal(&fencing, &1, "the first fencing number")?;
    ensure(named.iter().all(|lease| lease.id == id), "all must name the one that holds it")?;
    let shown = LeaseError::Locked(Box::new(crate::LockedError {
        lease: named[0].clone(),
        waited: Duration::ZERO,
        silent_for: Duration::ZERO,
    }))
    .to_string();
    for part in [&named[0].holder.user, &named[0].holder.host, "infra up", "4242", "ci.example"] {
        ensure(shown.contains(part), format!("{shown:?} must name {part:?}"))?;
    }
    Ok(())
}

/// A lease that was given back is free at once, and the fencing number rises.
pub async fn a_released_lease_is_free(factory: StoreFactory) -> TrialResult {
    let store = factory();
    for expected in 1..4 {
        let guard = get(&store, standing(), "a", Duration::ZERO).await?;
        ensure_equal(&guard.fencing(), &expected, "fencing number")?;
        guard.release().await?;
    }
    let above = LeaseRequest { above: 10, ..request("a", Duration::ZERO) };
    let guard = acquire(store, standing(), above).await?;
    ensure_equal(&guard.fencing(), &11, "fencing number above the head's")
}

/// Whoever drops the guard gives the lease back, too, a little later.
pub async fn a_dropped_lease_is_given_back(factory: StoreFactory) -> TrialResult {
    let store = factory();
    drop(get(&store, standing(), "a", Duration::ZERO).await?);
    // It happens in a task of its own; both clocks stand still, so that only the release can be the reason.
    let released = async {
        while !read(store.as_ref()).await?.is_some_and(|found| found.record.released) {
            tokio::task::yield_now().await;
        }
        Ok::<(), LeaseError>(())
    };
    tokio::time::timeout(HANG, released).await??;
    let heir = get(&store, standing(), "b", Duration::ZERO).await?;
    ensure_equal(&heir.fencing(), &2, "fencing number")
}

/// A waiter takes over once the heartbeat has not changed for one time-to-live on its own clock, and not before.
pub async fn a_silent_holder_is_replaced_after_its_time_to_live(
    factory: StoreFactory,
) -> TrialResult {
    let store = factory();
    let paused = standing();
    let dead = get(&store, paused.clone(), "dead", Duration::ZERO).await?;
    let early = get(&store, PacedClock::alone(), "early", TTL - Duration::from_secs(1)).await;
    match early {
        Err(LeaseError::Locked(locked)) => {
            ensure_equal(&locked.lease.holder.user.as_str(), &"dead", "holder")?;
            ensure(locked.silent_for >= TTL / 2, "the silence must be told")?;
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(TrialFailure::new("the lease was taken over too early")),
    }
    let clock = PacedClock::alone();
    let began = clock.now();
    let heir = get(&store, clock.clone(), "heir", TTL * 3).await?;
    let waited = clock.now() - began;
    ensure(waited >= TTL && waited < TTL * 2, format!("waited for {waited:?}"))?;
    ensure_equal(&heir.fencing(), &2, "fencing number")?;
    // The paused holder still believes in its lease, and finds out when it writes.
    ensure(!dead.remaining().is_zero(), "its own clock stood still")?;
    match dead.ensure_outlives(TTL * 2).await {
        Err(LeaseError::Lost { taken_by: Some(lease) }) => {
            ensure_equal(&lease.holder.user.as_str(), &"heir", "new holder")?;
        }
        other => return Err(TrialFailure::new(format!("the lease must be lost: {other:?}"))),
    }
    ensure(dead.remaining().is_zero(), "nothing is left of a lost lease")?;
    ensure(matches!(dead.lost().await, LeaseError::Lost { .. }), "the loss must be told")?;
    heir.release().await?;
    Ok(())
}

/// As long as the heartbeat changes, a waiter waits, however long.
pub async fn a_living_holder_is_not_replaced(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let holder = Arc::new(get(&store, standing(), "alive", Duration::ZERO).await?);
    let beating = Arc::clone(&holder);
    let beat = move || -> BoxFuture<'static, ()> {
        let holder = Arc::clone(&beating);
        // Asking for more than there can be renews the lease.
        async move { drop(holder.ensure_outlives(TTL * 2).await) }.boxed()
    };
    let waiter = get(&store, PacedClock::with(Arc::new(beat)), "waiter", TTL * 5).await;
    let Err(LeaseError::Locked(locked)) = waiter else {
        return Err(TrialFailure::new("a living holder was replaced"));
    };
    ensure(locked.waited >= TTL * 5, format!("waited only for {:?}", locked.waited))?;
    ensure(locked.silent_for < TTL, "the signs of life must be seen")
}

/// On the machine of the dead process, nobody waits, where the operating system tells that it is dead.
pub async fn a_dead_process_of_this_machine_is_replaced_at_once(
    factory: StoreFactory,
) -> TrialResult {
    let store = factory();
    let mine = Holder::current("infra up");
    let Some(start) = mine.process_start else { return Ok(()) };
    // The process id lives, and is another process than the holder was.
    let dead = Holder { process_start: Some(start + 1), ..mine.clone() };
    let first = LeaseRequest { holder: dead, ..request("", Duration::ZERO) };
    acquire(Arc::clone(&store), standing(), first).await?.abandon();
    let second = LeaseRequest { holder: mine.clone(), ..request("", Duration::ZERO) };
    let guard = acquire(Arc::clone(&store), standing(), second).await?;
    ensure_equal(&guard.fencing(), &2, "fencing number")?;
    let third = LeaseRequest { holder: mine, ..request("", Duration::ZERO) };
    let refused = acquire(store, standing(), third).await;
    ensure(matches!(refused, Err(LeaseError::Locked(_))), "a living process must not be replaced")
}

/// The heartbeat comes by itself, and moves the end of the lease.
pub async fn the_heartbeat_extends_the_lease(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let clock = standing();
    let guard = get(&store, clock.clone(), "a", Duration::ZERO).await?;
    ensure_equal(&guard.remaining(), &TTL, "what is left at first")?;
    let beats = async {
        for _ in 0..20 {
            let before = heartbeat(store.as_ref()).await?;
            // The heartbeat's sleep may not have begun yet: move on until a beat is seen.
            while heartbeat(store.as_ref()).await? == before {
                clock.advance(TTL / 6);
                tokio::task::yield_now().await;
            }
        }
        Ok::<(), LeaseError>(())
    };
    tokio::time::timeout(HANG, beats).await??;
    guard.ensure_outlives(TTL / 2).await?;
    guard.release().await?;
    Ok(())
}

/// `unlock` wants the id of the lease, and the holder finds out.
pub async fn a_lease_can_be_unlocked_by_its_id(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let none = unlock(store.as_ref(), "x").await;
    ensure(matches!(none, Err(LeaseError::OtherLease { held: None, .. })), "nothing to unlock")?;
    let guard = get(&store, standing(), "a", Duration::ZERO).await?;
    let wrong = unlock(store.as_ref(), "x").await;
    let named =
        matches!(&wrong, Err(LeaseError::OtherLease { held: Some(id), .. }) if id == guard.id());
    ensure(named, "a wrong id must be refused, and the right one named")?;
    ensure_equal(&unlock(store.as_ref(), guard.id()).await?.id.as_str(), &guard.id(), "lease")?;
    let lost = guard.ensure_outlives(TTL * 2).await;
    ensure(matches!(lost, Err(LeaseError::Lost { .. })), "the lease must be lost")?;
    get(&store, standing(), "b", Duration::ZERO).await?.release().await?;
    Ok(())
}

/// No call begins that the lease does not outlive; what can be had by renewing is had.
pub async fn calls_that_outlast_the_lease_are_refused(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let clock = standing();
    let guard = get(&store, clock.clone(), "a", Duration::ZERO).await?;
    guard.ensure_outlives(TTL / 2).await?;
    let refused = guard.ensure_outlives(TTL).await;
    ensure(
        matches!(refused, Err(LeaseError::TooShort { .. })),
        "as long as the lease is too long",
    )?;
    // Past its end, with nobody else there: renewed and good again.
    clock.advance(TTL * 10);
    guard.ensure_outlives(TTL / 2).await?;
    Ok(())
}
