//! The stores of the state pass their trials.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;

use infra_conformance::run_stores;
use infra_state::{DirectoryStore, MemoryStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_passes() {
    let report = run_stores("memory", Arc::new(|| Arc::new(MemoryStore::new()))).await;
    println!("{report}");
    report.verdict().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let factory = Arc::new(move || {
        let own = tempfile::tempdir_in(&root).unwrap().keep();
        Arc::new(DirectoryStore::new(own.join("state"))) as Arc<dyn infra_state::Store>
    });
    let report = run_stores("folder", factory).await;
    println!("{report}");
    report.verdict().unwrap();
}
