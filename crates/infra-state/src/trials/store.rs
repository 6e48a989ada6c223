//! What a store must do.

use std::sync::Arc;

use bytes::Bytes;

use super::outcome::{StoreFactory, TrialFailure, TrialResult, ensure, ensure_equal};
use crate::store::{Precondition, Store, StoreError, probe_conditions};

fn text(content: impl ToString) -> Bytes {
    Bytes::from(content.to_string())
}

/// Fails unless a write was refused for its precondition.
fn refused<T>(result: Result<T, StoreError>, what: &str) -> TrialResult {
    match result {
        Err(error) if error.is_precondition() => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(TrialFailure::new(format!("{what} was not refused"))),
    }
}

async fn content(store: &dyn Store, key: &str) -> Result<Option<Bytes>, StoreError> {
    Ok(store.get(key).await?.map(|(content, _)| content))
}

/// The probe that runs at set-up passes, and leaves nothing.
pub async fn conditions_are_honoured(factory: StoreFactory) -> TrialResult {
    let store = factory();
    probe_conditions(store.as_ref()).await?;
    ensure_equal(&store.list("").await?, &Vec::new(), "keys after the probe")
}

/// Of many that create the same key at once, one succeeds, and its content stays.
pub async fn creating_is_exclusive(factory: StoreFactory) -> TrialResult {
    let store = factory();
    for round in 0..10 {
        let key = format!("journal/{round:010}");
        let mut tasks = Vec::new();
        for writer in 0..16 {
            let (store, key) = (Arc::clone(&store), key.clone());
            tasks.push(tokio::spawn(async move {
                (writer, store.put(&key, text(writer), Precondition::Absent).await)
            }));
        }
        let mut winners = Vec::new();
        for task in tasks {
            match task.await? {
                (writer, Ok(_)) => winners.push(writer),
                (_, Err(error)) if error.is_precondition() => {}
                (_, Err(error)) => return Err(error.into()),
            }
        }
        ensure_equal(&winners.len(), &1, "writers that created the key")?;
        ensure_equal(&content(store.as_ref(), &key).await?, &Some(text(winners[0])), "content")?;
    }
    Ok(())
}

/// Many tasks count up one number by compare-and-swap; no step is lost.
pub async fn no_swap_is_lost(factory: StoreFactory) -> TrialResult {
    const TASKS: u32 = 12;
    const STEPS: u32 = 10;
    let store = factory();
    store.put("head", text(0), Precondition::Absent).await?;
    let mut tasks = Vec::new();
    for _ in 0..TASKS {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for _ in 0..STEPS {
                step(store.as_ref()).await?;
            }
            Ok::<(), TrialFailure>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    let sum = content(store.as_ref(), "head").await?;
    ensure_equal(&sum, &Some(text(TASKS * STEPS)), "the sum of all steps")
}

async fn step(store: &dyn Store) -> TrialResult {
    loop {
        let found = store.get("head").await?;
        let (content, version) = found.ok_or_else(|| TrialFailure::new("the key is gone"))?;
        let number: u32 = std::str::from_utf8(&content)?.parse()?;
        match store.put("head", text(number + 1), Precondition::Matches(version)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_precondition() => tokio::task::yield_now().await,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Deleting with a stale version is refused; with the right one, or none, it works, also twice.
pub async fn deleting_checks_its_precondition(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let first = store.put("lease", text("a"), Precondition::Absent).await?;
    let second = store.put("lease", text("b"), Precondition::Matches(first.clone())).await?;
    ensure(first != second, "the version must change with the content")?;
    let stale = store.delete("lease", Precondition::Matches(first.clone())).await;
    refused(stale, "deleting with a stale version")?;
    let absent = store.delete("lease", Precondition::Absent).await;
    refused(absent, "deleting what must be absent")?;
    ensure_equal(&content(store.as_ref(), "lease").await?, &Some(text("b")), "content")?;
    store.delete("lease", Precondition::Matches(second.clone())).await?;
    ensure_equal(&store.get("lease").await?, &None, "a deleted key")?;
    let gone = store.delete("lease", Precondition::Matches(second.clone())).await;
    refused(gone, "deleting a version of a missing key")?;
    let gone = store.put("lease", text("c"), Precondition::Matches(second)).await;
    refused(gone, "replacing a version of a missing key")?;
    store.delete("lease", Precondition::None).await?;
    store.put("lease", text("d"), Precondition::Absent).await?;
    Ok(())
}

/// Deleting many deletes just these, and does not mind those that are missing.
pub async fn many_are_deleted_at_once(factory: StoreFactory) -> TrialResult {
    let store = factory();
    store.delete_all(vec!["journal/1".into()]).await?;
    let keys: Vec<String> = (0..40).map(|number| format!("journal/{number:02}")).collect();
    for key in &keys {
        store.put(key, text("x"), Precondition::Absent).await?;
    }
    let mut doomed = keys[..30].to_vec();
    doomed.push("journal/missing".into());
    store.delete_all(doomed).await?;
    ensure_equal(&store.list("journal/").await?, &keys[30..].to_vec(), "keys that are left")
}

/// Listings are sorted by bytes, take in what is below, and nothing beside.
pub async fn listing_is_sorted_and_by_prefix(factory: StoreFactory) -> TrialResult {
    let store = factory();
    ensure_equal(&store.list("").await?, &Vec::new(), "an empty store")?;
    let keys = ["head", "journal/0000000002", "journal/0000000010", "journal-x", "runs/a/b/c"];
    for key in ["runs/a-b", "runs/a/events.jsonl", "runs/B", "runs/a.c"].into_iter().chain(keys) {
        store.put(key, text(key), Precondition::Absent).await?;
    }
    let runs = ["runs/B", "runs/a-b", "runs/a.c", "runs/a/b/c", "runs/a/events.jsonl"];
    ensure_equal(&store.list("runs/").await?, &runs.map(String::from).to_vec(), "runs/")?;
    let journal = ["journal/0000000002", "journal/0000000010"].map(String::from).to_vec();
    ensure_equal(&store.list("journal/").await?, &journal, "journal/")?;
    ensure_equal(&store.list("nothing/").await?, &Vec::new(), "nothing/")?;
    let all = store.list("").await?;
    ensure_equal(&all.len(), &9, "all keys")?;
    ensure(all.is_sorted(), "all keys must be sorted")
}

/// Empty, binary and large contents come back, and a replacement leaves nothing of what was there.
pub async fn contents_come_back_as_they_were(factory: StoreFactory) -> TrialResult {
    let store = factory();
    let binary: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    for bytes in [binary, Vec::new(), vec![0, 10, 13, 255]] {
        let bytes = Bytes::from(bytes);
        let version = store.put("snapshots/a", bytes.clone(), Precondition::None).await?;
        let (found, seen) =
            store.get("snapshots/a").await?.unwrap_or((Bytes::new(), version.clone()));
        ensure(found == bytes, format!("{} bytes must come back as they were", bytes.len()))?;
        ensure_equal(&seen, &version, "the version that is read")?;
    }
    Ok(())
}

/// Keys that some store could not keep are refused by every store.
pub async fn illegal_keys_are_refused(factory: StoreFactory) -> TrialResult {
    let store = factory();
    for key in ["", "../head", "/head", "a//b", ".lock", "a b", "runs/"] {
        let put = store.put(key, text("x"), Precondition::None).await;
        let get = store.get(key).await;
        let delete = store.delete(key, Precondition::None).await;
        let all = matches!(put, Err(StoreError::InvalidKey { .. }))
            && matches!(get, Err(StoreError::InvalidKey { .. }))
            && matches!(delete, Err(StoreError::InvalidKey { .. }));
        ensure(all, format!("{key:?} must be refused"))?;
    }
    Ok(())
}
