//! Where the events of a run go.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};

use super::RUNS_PREFIX;
use crate::store::{Precondition, Store, StoreError, create_folder};

/// Names of event files and chunks begin with it.
pub(super) const EVENTS: &str = "events";
/// A chunk is uploaded when it is about as long as this.
const CHUNK: usize = 256 << 10;

/// Takes whole lines, in order.
pub trait EventSink: Send {
    /// Adds lines, each ended by a line feed.
    fn append(&mut self, lines: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Makes everything durable.
    fn finish(&mut self) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// The sink that suits `store`: a growing file, or chunks.
pub(super) fn sink_for(store: &Arc<dyn Store>, run: &str) -> Box<dyn EventSink> {
    match store.local_directory() {
        Some(root) => {
            Box::new(FileSink { path: root.join(format!("{RUNS_PREFIX}{run}/{EVENTS}.jsonl")) })
        }
        None => Box::new(ChunkSink {
            store: Arc::clone(store),
            run: run.to_owned(),
            chunks: 0,
            waiting: Vec::new(),
        }),
    }
}

/// Appends to one file, which readers may follow.
struct FileSink {
    path: PathBuf,
}

impl FileSink {
    async fn write(&self, lines: Vec<u8>, durable: bool) -> Result<(), StoreError> {
        let path = self.path.clone();
        let work = move || append(&path, &lines, durable);
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::io("write", &self.path, io::Error::other(error))),
        }
    }
}

fn append(path: &Path, lines: &[u8], durable: bool) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(lines)?;
            if durable { file.sync_all() } else { Ok(()) }
        })
        .map_err(|error| StoreError::io("write", path, error))
}

impl EventSink for FileSink {
    fn append(&mut self, lines: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(lines, false).boxed()
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(Vec::new(), true).boxed()
    }
}

/// Uploads chunks, as objects cannot grow.
struct ChunkSink {
    store: Arc<dyn Store>,
    run: String,
    chunks: u64,
    waiting: Vec<u8>,
}

impl ChunkSink {
    async fn upload(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let key = format!("{RUNS_PREFIX}{}/{EVENTS}-{:06}.jsonl", self.run, self.chunks + 1);
        let content = self.waiting.clone().into();
        self.store.put(&key, content, Precondition::None).await?;
        self.chunks += 1;
        self.waiting.clear();
        Ok(())
    }
}

impl EventSink for ChunkSink {
    fn append(&mut self, mut lines: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            self.waiting.append(&mut lines);
            if self.waiting.len() >= CHUNK { self.upload().await } else { Ok(()) }
        }
        .boxed()
    }

    fn finish(&mut self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.upload().boxed()
    }
}
