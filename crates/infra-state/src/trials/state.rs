//! What a state must do as a whole.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::clocks::{PacedClock, StandingClock};
use super::faults::{Fault, FaultStore};
use super::lease::stranger;
use super::outcome::{StoreFactory, TrialFailure, TrialResult, ensure, ensure_equal};
use crate::clock::SharedClock;
use crate::runs::{RunRecord, RunRecorder, list_runs, prune_runs, read_events, read_run};
use crate::secrets::{ExposeSecret, KeySettings, SecretString};
use crate::store::{Precondition, Store};
use crate::{ErrorKind, Fold, Session, State, StateError, StateOptions};

/// Longer than any lease in the trials.
pub(super) const WAIT: Duration = Duration::from_secs(1000);

/// The content in the trials: every entry, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(pub Vec<String>);

impl Fold<String> for Seen {
    fn apply(&mut self, entry: &String) {
        self.0.push(entry.clone());
    }
}

/// A new secret key of age.
fn new_key() -> SecretString {
    age::x25519::Identity::generate().to_string()
}

fn options(clock: SharedClock) -> StateOptions {
    // One key for all trials of a process: the runs of a trial must understand each other.
    static KEY: OnceLock<SecretString> = OnceLock::new();
    let keys = KeySettings::key(KEY.get_or_init(new_key).clone());
    StateOptions { clock, keep_snapshots: 3, ..StateOptions::new("trial", false, keys) }
}

pub(super) async fn open(
    store: &Arc<dyn Store>,
    clock: SharedClock,
) -> Result<State<Seen, String>, StateError> {
    State::open(Arc::clone(store), options(clock)).await
}

pub(super) async fn lock_as(
    store: &Arc<dyn Store>,
    clock: SharedClock,
    name: &str,
) -> Result<Session<Seen, String>, StateError> {
    open(store, clock).await?.lock(stranger(name), WAIT).await
}

fn standing() -> SharedClock {
    StandingClock::at(Duration::from_secs(5))
}

async fn kept(store: &Arc<dyn Store>) -> Result<Vec<String>, StateError> {
    Ok(open(store, standing()).await?.read().await?.content.0)
}

/// What one run wrote is there for the next, whether it ended well, was killed, or only read.
pub async fn content_survives_runs(factory: StoreFactory) -> TrialResult {
    let store = factory();
    ensure(
        State::<Seen, String>::open_existing(Arc::clone(&store), options(standing()))
            .await?
            .is_none(),
        "there is no state yet",
    )?;
    ensure_equal(&store.list("").await?, &Vec::new(), "keys after looking")?;
    let first = lock_as(&store, standing(), "first").await?;
    let id = first.deployment_id().to_owned();
    first.append("one".into()).await?;
    first.close().await?;
    let second = lock_as(&store, standing(), "second").await?;
    second.append("two".into()).await?;
    second.abandon();
    let third = lock_as(&store, PacedClock::alone(), "third").await?;
    ensure_equal(&third.fencing(), &3, "fencing number")?;
    ensure_equal(&third.deployment_id(), &id.as_str(), "deployment id")?;
    third.append("three".into()).await?;
    third.close().await?;
    ensure_equal(&kept(&store).await?, &["one", "two", "three"].map(String::from).to_vec(), "all")?;
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    ensure(id.len() == 10 && id.chars().all(legal), format!("{id} must be short and plain"))?;
    ensure(
        id.starts_with(|c: char| c.is_ascii_lowercase()),
        format!("{id} must begin with a letter"),
    )?;
    let holder = open(&store, standing()).await?.holder().await?;
    ensure(holder.is_none(), "nobody holds it in the end")
}

/// A rehearsal's state, a real one, and those of other names are told apart, with a next step.
pub async fn modes_and_names_are_kept_apart(factory: StoreFactory) -> TrialResult {
    for rehearsed in [false, true] {
        let store = factory();
        let own = StateOptions { rehearsed, ..options(standing()) };
        State::<Seen, String>::open(Arc::clone(&store), own.clone()).await?;
        State::<Seen, String>::open(Arc::clone(&store), own.clone()).await?;
        let other = StateOptions { rehearsed: !rehearsed, ..own.clone() };
        let name = StateOptions { name: "another".into(), ..own };
        for (options, kind) in [(other, ErrorKind::Rehearsed), (name, ErrorKind::Format)] {
            let refused = State::<Seen, String>::open(Arc::clone(&store), options).await;
            let error = refused.err().ok_or_else(|| TrialFailure::new("not refused"))?;
            ensure_equal(&error.kind(), &kind, "kind of the refusal")?;
            ensure_equal(&error.kind().exit_code(), &3, "exit code")?;
            ensure(!error.next_step().is_empty(), "there must be a next step")?;
        }
    }
    Ok(())
}

/// Whatever a newer version wrote is called newer, and is left alone.
pub async fn a_newer_state_is_refused(factory: StoreFactory) -> TrialResult {
    let newer = Bytes::from_static(b"{\"format\": 99, \"what\": \"ever\"}\n");
    for key in ["head", "lease", "journal/0000000003"] {
        let store = factory();
        let session = lock_as(&store, standing(), "a").await?;
        session.append("one".into()).await?;
        session.abandon();
        store.put(key, newer.clone(), Precondition::None).await?;
        let refused = lock_as(&store, PacedClock::alone(), "b").await;
        let error =
            refused.err().ok_or_else(|| TrialFailure::new(format!("{key}: not refused")))?;
        ensure_equal(&error.kind(), &ErrorKind::Format, key)?;
        ensure(error.next_step().contains("Install"), "the next step is a newer version")?;
        let content = store.get(key).await?.map(|(content, _)| content);
        ensure_equal(&content, &Some(newer.clone()), key)?;
    }
    Ok(())
}

/// Those who read while snapshots are made see every entry that was durable when they began.
pub async fn readers_are_not_disturbed_by_snapshots(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    let state = open(&store, standing()).await?;
    let (known, seen) = tokio::sync::watch::channel(0_usize);
    let reader = tokio::spawn(async move {
        let mut reads = 0;
        while seen.has_changed().is_ok() {
            let least = *seen.borrow();
            let found = state.read().await?.content.0;
            let whole = found.iter().enumerate().all(|(place, entry)| *entry == place.to_string());
            ensure(whole && found.len() >= least, format!("{least} entries, read: {found:?}"))?;
            reads += 1;
        }
        ensure(reads > 0, "nothing was read")
    });
    for number in 0..60_usize {
        session.append(number.to_string()).await?;
        known.send_replace(number + 1);
        if number % 3 == 2 {
            session.compact().await?;
        }
    }
    drop(known);
    reader.await??;
    session.close().await?;
    ensure_equal(&kept(&store).await?.len(), &60, "entries")
}

/// A holder that slept through a takeover cannot make its snapshot the current one.
pub async fn a_stale_holder_cannot_move_the_head(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let paused = lock_as(&store, standing(), "paused").await?;
    paused.append("one".into()).await?;
    let heir = lock_as(&store, PacedClock::alone(), "heir").await?;
    let refused = paused.compact().await.err().map(|error| error.kind());
    ensure_equal(&refused, &Some(ErrorKind::Stale), "the stale snapshot")?;
    heir.append("two".into()).await?;
    heir.close().await?;
    let refused = paused.close().await.err().map(|error| error.kind());
    ensure_equal(&refused, &Some(ErrorKind::Stale), "the end of the stale run")?;
    ensure_equal(&kept(&store).await?, &["one", "two"].map(String::from).to_vec(), "content")
}

/// After many runs there are a few snapshots and a short journal.
pub async fn snapshots_and_journal_are_pruned(factory: StoreFactory) -> TrialResult {
    let store = factory();
    for run in 0..8 {
        let session = lock_as(&store, standing(), "a").await?;
        for step in 0..4 {
            session.append(format!("{run}/{step}")).await?;
        }
        session.compact_if_longer(100).await?;
        ensure_equal(&session.position().await.length(), &5, "journal of the run")?;
        session.compact_if_longer(4).await?;
        ensure_equal(&session.position().await.length(), &0, "journal after the snapshot")?;
        session.close().await?;
    }
    ensure_equal(&store.list("journal/").await?, &Vec::new(), "journal")?;
    ensure_equal(&store.list("snapshots/").await?.len(), &3, "snapshots")?;
    ensure_equal(&kept(&store).await?.len(), &32, "entries")
}

/// What a run does in the kill trial; `Ok` entries are those that the run was told are durable.
async fn short_run(store: &Arc<dyn Store>, acknowledged: &mut Vec<String>) -> TrialResult {
    let session = lock_as(store, standing(), "killed").await?;
    for step in 0..3 {
        session.append(format!("first {step}")).await?;
        acknowledged.push(format!("first {step}"));
    }
    session.compact().await?;
    for step in 0..2 {
        session.append(format!("second {step}")).await?;
        acknowledged.push(format!("second {step}"));
    }
    session.close().await?;
    Ok(())
}

/// The process dies before or after any write of a run: the next run takes over, finds all that was durable, and goes on.
pub async fn a_run_killed_at_any_write_is_resumed(factory: StoreFactory) -> TrialResult {
    for applied in [false, true] {
        for at in 1.. {
            let store = factory();
            let fault = Fault { at, applied, lasting: true, error: io::ErrorKind::BrokenPipe };
            let mortal = FaultStore::new(Arc::clone(&store), fault);
            let mut acknowledged = Vec::new();
            let ran = short_run(&(Arc::clone(&mortal) as Arc<dyn Store>), &mut acknowledged).await;
            if mortal.writes() < at {
                ran?;
                // Creating, lease, head, claim, five entries, two snapshots, release: there were kills at all of them.
                ensure(at > 12, format!("only {at} writes were seen"))?;
                break;
            }
            let place = format!("killed at write {at}, applied: {applied}");
            let next = lock_as(&store, PacedClock::alone(), "next").await?;
            let found = next.with_content(|seen| seen.0.clone());
            ensure(
                found.starts_with(&acknowledged),
                format!("{place}: lost some of {acknowledged:?}"),
            )?;
            // At most the entry that was on its way is there besides.
            ensure(found.len() <= acknowledged.len() + 1, format!("{place}: {found:?}"))?;
            next.append("next".into()).await?;
            next.close().await?;
            let all = kept(&store).await?;
            ensure(all.len() == found.len() + 1, format!("{place}: {all:?} after the next run"))?;
        }
    }
    Ok(())
}

/// What is sealed is nowhere in the store, and comes back.
pub async fn secrets_are_not_stored_in_clear_text(factory: StoreFactory) -> TrialResult {
    const CANARY: &str = "canary-7f3a9c";
    let store = factory();
    let session = lock_as(&store, standing(), "a").await?;
    for _ in 0..3 {
        let sealed = session.sealer().seal(CANARY.as_bytes())?;
        session.append(sealed).await?;
    }
    session.compact().await?;
    session.append(session.sealer().seal(CANARY.as_bytes())?).await?;
    for key in store.list("").await? {
        let content = store.get(&key).await?.map(|(content, _)| content).unwrap_or_default();
        let clear = content.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        ensure(!clear, format!("{key} holds the secret"))?;
    }
    session.close().await?;
    let state = open(&store, standing()).await?;
    let sealer = state.sealer().await?;
    for sealed in state.read().await?.content.0 {
        ensure_equal(&sealer.open_text(&sealed)?.expose_secret(), &CANARY, "the opened secret")?;
    }
    let mut wrong = options(standing());
    wrong.keys = KeySettings::key(new_key());
    let state = State::<Seen, String>::open(store, wrong).await?;
    let refused = state.lock(stranger("b"), Duration::ZERO).await.err();
    ensure_equal(&refused.map(|error| error.kind()), &Some(ErrorKind::Key), "a wrong key")?;
    ensure(state.holder().await?.is_none(), "nothing was locked with a wrong key")
}

/// After a change of keys, the new key opens what was sealed before and after, and the old one opens nothing.
pub async fn keys_can_be_changed(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let mut session = lock_as(&store, standing(), "a").await?;
    session.append(session.sealer().seal(b"before")?).await?;
    let mut renewed = options(standing());
    renewed.keys = KeySettings::key(new_key());
    session.change_keys(renewed.keys.clone(), true).await?;
    session.append(session.sealer().seal(b"after")?).await?;
    session.close().await?;
    let refused = open(&store, standing()).await?.sealer().await.err();
    ensure_equal(&refused.map(|error| error.kind()), &Some(ErrorKind::Key), "the old key")?;
    let state = State::<Seen, String>::open(store, renewed).await?;
    let sealer = state.sealer().await?;
    let mut opened = Vec::new();
    for sealed in state.read().await?.content.0 {
        opened.push(sealer.open_text(&sealed)?.expose_secret().to_owned());
    }
    ensure_equal(&opened, &["before", "after"].map(String::from).to_vec(), "opened values")
}

/// Runs and their events can be read later, in order, also those of a run that was killed.
pub async fn runs_are_recorded(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let mut ids = Vec::new();
    for run in 0..4 {
        let detail = serde_json::json!({ "run": run });
        let record = RunRecord::begin(format!("infra up {run}"), detail);
        let recorder = RunRecorder::start(Arc::clone(&store), record).await?;
        ids.push(recorder.id().to_owned());
        for event in 0..1000 {
            recorder.record(format!("{{\"run\":{run},\"event\":{event}}}"));
        }
        recorder.record("two\nlines");
        recorder.flush().await?;
        if run == 3 {
            continue;
        }
        let ended = recorder.finish("done").await?;
        ensure_equal(&ended, &read_run(store.as_ref(), &ended.id).await?, "record")?;
        ensure(ended.ended.is_some(), "the end must be recorded")?;
    }
    let found = list_runs(store.as_ref(), 100).await?;
    let listed: Vec<_> = found.iter().map(|run| run.id.clone()).collect();
    ensure_equal(&listed, &ids, "runs in order")?;
    ensure_equal(&found[2].outcome.as_deref(), &Some("done"), "outcome")?;
    ensure_equal(&found[3].outcome.as_deref(), &None, "outcome of a killed run")?;
    for (run, id) in ids.iter().enumerate() {
        let events = read_events(store.as_ref(), id).await?;
        ensure_equal(&events.len(), &1001, "events")?;
        ensure_equal(&events[999], &format!("{{\"run\":{run},\"event\":999}}"), "the last event")?;
        ensure_equal(&events[1000].as_str(), &"twolines", "an event is one line")?;
    }
    prune_runs(store.as_ref(), 2).await?;
    ensure_equal(&list_runs(store.as_ref(), 1).await?[0].id, &ids[3], "the last run")?;
    ensure_equal(&list_runs(store.as_ref(), 9).await?.len(), &2, "runs that are kept")?;
    for id in [ids[0].as_str(), "no-such-run", "../head"] {
        ensure(read_events(store.as_ref(), id).await.is_err(), format!("{id} must be unknown"))?;
        ensure(read_run(store.as_ref(), id).await.is_err(), format!("{id} must be unknown"))?;
    }
    Ok(())
}
