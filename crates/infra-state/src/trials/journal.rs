//! What the journal must do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{FutureExt, join, join_all};

use super::clocks::{PacedClock, StandingClock};
use super::faults::{Fault, FaultStore, PausingStore};
use super::outcome::{StoreFactory, TrialFailure, TrialResult, ensure, ensure_equal};
use super::state::{WAIT, lock_as, open};
use crate::ErrorKind;
use crate::clock::SharedClock;
use crate::format::FormatError;
use crate::journal::{JournalError, JournalObject, read_journal};
use crate::store::{Precondition, Store};

fn standing() -> SharedClock {
    StandingClock::at(Duration::from_secs(5))
}

async fn entries(store: &dyn Store) -> Result<Vec<String>, JournalError> {
    let objects: Vec<JournalObject<String>> = read_journal(store, 1).await?;
    Ok(objects.into_iter().flat_map(|object| object.entries).collect())
}

/// Many writers at once: nothing is lost, and each writer's entries keep their order.
pub async fn entries_keep_their_order(factory: StoreFactory) -> TrialResult {
    const WRITERS: usize = 40;
    const EACH: usize = 10;
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        let journal = session.journal();
        tasks.push(tokio::spawn(async move {
            let mut last = 0;
            for step in 0..EACH {
                let sequence = journal.append(format!("{writer}/{step}")).await?;
                // The next entry of a writer that waited is in a later object.
                if sequence <= last {
                    return Err(JournalError::Interrupted);
                }
                last = sequence;
            }
            Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let written = entries(store.as_ref()).await?;
    ensure_equal(&written.len(), &(WRITERS * EACH), "entries")?;
    ensure_equal(&session.with_content(|seen| seen.0.clone()), &written, "the content's order")?;
    for writer in 0..WRITERS {
        let prefix = format!("{writer}/");
        let steps: Vec<_> = written.iter().filter_map(|e| e.strip_prefix(&prefix)).collect();
        let expected: Vec<_> = (0..EACH).map(|step| step.to_string()).collect();
        ensure(steps == expected, format!("the order of writer {writer}: {steps:?}"))?;
    }
    Ok(())
}

/// What waits while an object is written goes out in the next one, together.
pub async fn what_waits_goes_out_together(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    let journal = session.journal();
    // As if an object was being written, until all have asked.
    let writing = journal.quiet().await;
    let appends = join_all((0..200).map(|number| session.append(number.to_string())));
    let (sequences, ()) = join(appends, async { drop(writing) }).await;
    for sequence in sequences {
        ensure_equal(&sequence?, &2, "the object of all entries")?;
    }
    ensure_equal(&session.position().await.next, &3, "the next object")?;
    let expected: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    ensure_equal(&entries(store.as_ref()).await?, &expected, "entries")
}

/// A holder that slept through a takeover is refused at its next write, even if its own clock stood still.
pub async fn a_stale_writer_is_refused(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let paused = lock_as(&store, standing(), "paused").await?;
    paused.append("before".into()).await?;
    let heir = lock_as(&store, PacedClock::alone(), "heir").await?;
    ensure_equal(&heir.fencing(), &2, "fencing number")?;
    ensure_equal(&heir.with_content(|seen| seen.0.clone()), &vec!["before".into()], "inherited")?;
    // It still believes in its lease.
    ensure(!paused.lease().remaining().is_zero(), "its clock stood still")?;
    for _ in 0..2 {
        match paused.append_before_call("late".into(), Duration::from_secs(1)).await {
            Err(error @ JournalError::Stale { ours: 1, theirs: 2, .. }) => {
                ensure_equal(&error.kind(), &ErrorKind::Stale, "kind")?;
            }
            other => return Err(TrialFailure::new(format!("not refused: {other:?}"))),
        }
    }
    heir.append("after".into()).await?;
    ensure_equal(&entries(store.as_ref()).await?, &vec!["before".into(), "after".into()], "journal")
}

/// A holder whose clock says that the lease is over renews it, or writes nothing: also where its place was pruned meanwhile.
pub async fn a_writer_past_its_lease_is_refused(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let clock = StandingClock::at(Duration::from_secs(5));
    let paused = lock_as(&store, clock.clone(), "paused").await?;
    let heir = lock_as(&store, PacedClock::alone(), "heir").await?;
    heir.append("after".into()).await?;
    heir.close().await?;
    let keys = store.list("").await?;
    clock.advance(WAIT);
    let late = paused.append("late".into()).await;
    ensure(matches!(late, Err(JournalError::Lease(_))), format!("not refused: {late:?}"))?;
    ensure_equal(&store.list("").await?, &keys, "keys after the late write")?;
    // With nobody else there, being late is no harm.
    let clock = StandingClock::at(Duration::from_secs(5));
    let alone = lock_as(&store, clock.clone(), "alone").await?;
    clock.advance(WAIT);
    alone.append("fine".into()).await?;
    Ok(())
}

/// A holder is paused just before its write. Until it goes on, another one has taken over, and even pruned the place: the write
/// gets through, and the deed is refused.
pub async fn a_writer_paused_in_the_middle_of_its_write_does_not_act(
    factory: StoreFactory,
) -> TrialResult {
    let store = factory();
    let clock = StandingClock::at(Duration::from_secs(5));
    let (sound, late) = (Arc::clone(&store), clock.clone());
    let meanwhile = async move {
        let heir = lock_as(&sound, PacedClock::alone(), "heir").await?;
        heir.append("after".into()).await?;
        heir.close().await?;
        late.advance(WAIT);
        Ok(())
    };
    // The state's first object is the claim, the second is the entry.
    let pausing = PausingStore::new(Arc::clone(&store), "journal/0000000002", meanwhile.boxed());
    let paused = lock_as(&(Arc::clone(&pausing) as Arc<dyn Store>), clock, "paused").await?;
    let late = paused.append("late".into()).await;
    pausing.outcome()?;
    ensure(matches!(late, Err(JournalError::Lease(_))), format!("not refused: {late:?}"))?;
    let state = open(&store, standing()).await?;
    ensure_equal(&state.read().await?.content.0, &vec!["after".into()], "content")?;
    let next = lock_as(&store, standing(), "next").await?;
    next.close().await?;
    ensure_equal(&state.read().await?.content.0, &vec!["after".into()], "content later on")
}

/// Opens and locks on a sound store, and appends on one that fails at the write `at` after that.
async fn append_with_fault(
    store: &Arc<dyn Store>,
    applied: bool,
    error: io::ErrorKind,
) -> Result<(), TrialFailure> {
    // Creating the state, lease, head and claim are the first four writes, then come the entries.
    let fault = Fault { at: 6, applied, lasting: false, error };
    let faulty: Arc<dyn Store> = FaultStore::new(Arc::clone(store), fault);
    let session = lock_as(&faulty, standing(), "a").await?;
    session.append("one".into()).await?;
    match session.append("two".into()).await {
        Err(failed @ JournalError::Write(_)) => {
            ensure_equal(&failed.kind(), &ErrorKind::Io, "kind")?;
            ensure(!failed.next_step().is_empty(), "there must be a next step")?;
        }
        other => return Err(TrialFailure::new(format!("no fault: {other:?}"))),
    }
    session.append("three".into()).await?;
    let content = session.with_content(|seen| seen.0.clone());
    ensure_equal(&content, &entries(store.as_ref()).await?, "content and journal")?;
    session.close().await?;
    let kept = open(store, standing()).await?.read().await?.content.0;
    ensure_equal(&kept, &content, "content after the run")
}

/// An entry whose answer was lost is in the journal, and the next one finds its place after it.
pub async fn a_lost_answer_is_no_loss(factory: StoreFactory) -> TrialResult {
    let store = factory();
    append_with_fault(&store, true, io::ErrorKind::TimedOut).await?;
    let kept = open(&store, standing()).await?.read().await?.content.0;
    ensure_equal(&kept, &["one", "two", "three"].map(String::from).to_vec(), "entries")
}

/// A write that failed is not there, is said, and hinders nothing once there is space again.
pub async fn a_full_disk_loses_nothing(factory: StoreFactory) -> TrialResult {
    let store = factory();
    append_with_fault(&store, false, io::ErrorKind::StorageFull).await?;
    let kept = open(&store, standing()).await?.read().await?.content.0;
    ensure_equal(&kept, &["one", "three"].map(String::from).to_vec(), "entries")
}

/// Dropping the future of an append never makes a hole, and those that come after are written.
pub async fn a_caller_that_stops_waiting_leaves_no_hole(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    for number in 0..20 {
        let journal = session.journal();
        let task = tokio::spawn(async move { journal.append(format!("dropped {number}")).await });
        tokio::task::yield_now().await;
        task.abort();
        session.append(format!("kept {number}")).await?;
    }
    let written = entries(store.as_ref()).await?;
    let kept: Vec<_> = written.iter().filter(|entry| entry.starts_with("kept")).cloned().collect();
    let expected: Vec<_> = (0..20).map(|number| format!("kept {number}")).collect();
    ensure_equal(&kept, &expected, "entries that were waited for")?;
    ensure_equal(&session.with_content(|seen| seen.0.clone()), &written, "content and journal")
}

/// A missing object is named, and no content is made up.
pub async fn a_gap_is_reported(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    for number in 0..4 {
        session.append(number.to_string()).await?;
    }
    store.delete("journal/0000000003", Precondition::None).await?;
    let error = read_journal::<String>(store.as_ref(), 1).await.err();
    let named = matches!(&error, Some(JournalError::Gap { key }) if key == "journal/0000000003");
    ensure(named, format!("the missing key must be named: {error:?}"))?;
    let state = open(&store, standing()).await?;
    let refused = state.read().await.err().map(|error| error.kind());
    ensure_equal(&refused, &Some(ErrorKind::Corrupt), "reading the state")
}

/// A damaged object is named, and nothing is written after it.
pub async fn damage_is_reported_with_its_key(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    session.append("one".into()).await?;
    session.abandon();
    let key = "journal/0000000002";
    let found = store.get(key).await?.ok_or_else(|| TrialFailure::new("no such object"))?.0;
    for damaged in [found.slice(..found.len() - 2), Bytes::new(), Bytes::from_static(b"{}\n")] {
        store.put(key, damaged, Precondition::None).await?;
        let error = read_journal::<String>(store.as_ref(), 1).await.err();
        let named = matches!(&error, Some(JournalError::Format(FormatError::Corrupt { key: k, .. })) if k == key);
        ensure(named, format!("the damaged key must be named: {error:?}"))?;
        let refused = lock_as(&store, PacedClock::alone(), "b").await.err();
        ensure(refused.is_some(), "a damaged state must not be locked")?;
    }
    store.put(key, found, Precondition::None).await?;
    let session = lock_as(&store, PacedClock::alone(), "b").await?;
    ensure_equal(&session.with_content(|seen| seen.0.clone()), &vec!["one".into()], "content")
}
