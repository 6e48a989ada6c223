//! The state as its users see it, in a folder.

use std::sync::Arc;
use std::time::Duration;

use infra_state::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Log(Vec<u32>);

impl Fold<u32> for Log {
    fn apply(&mut self, entry: &u32) {
        self.0.push(*entry);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smoke() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(DirectoryStore::new(folder.path().join("state")));
    let options = StateOptions::new("hub", false, KeySettings::file(folder.path().join("key.txt")));
    let state = State::<Log, u32>::open(store, options).await.unwrap();
    let session = Arc::new(state.lock(Holder::current("test"), Duration::ZERO).await.unwrap());
    let began = std::time::Instant::now();
    for n in 0..200 {
        session.append(n).await.unwrap();
    }
    println!("200 serial: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    let tasks: Vec<_> = (0..400)
        .map(|n| {
            let session = session.clone();
            tokio::spawn(async move { session.append(n).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!("400 at once: {:?}, {:?}", began.elapsed(), session.position().await);
    let began = std::time::Instant::now();
    assert_eq!(state.read().await.unwrap().content, session.content());
    println!("read: {:?}", began.elapsed());
    let began = std::time::Instant::now();
    Arc::into_inner(session).unwrap().close().await.unwrap();
    println!("close: {:?}", began.elapsed());
    assert_eq!(state.read().await.unwrap().content.0.len(), 600);
}
