//! The journal of requests: what was asked of each emulator, when, and what it answered. Neither bodies nor credentials.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::EmulatorError;

/// Name of the journal in the world directory: one JSON document per line.
pub(crate) const FILE: &str = "requests.jsonl";

/// One request that reached an emulator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// `digitalocean`, `registry` or `kubernetes`.
    pub service: String,
    /// Of `kubernetes`: which cluster, by its id in the cloud. Empty for others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query without the question mark; empty if there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Status of the answer; 0 if the connection was closed before anything was done.
    pub status: u16,
    /// World time in milliseconds when the request was answered.
    pub world_ms: u64,
    /// The method can change something, it was no dry run, and the answer says that it was accepted.
    pub mutating: bool,
    /// What a fault rule did to this request; empty if none did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
}

/// Requests since the world was opened, in memory, and all of them in the file.
#[derive(Debug)]
pub(crate) struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    records: Vec<RequestRecord>,
}

impl Journal {
    pub(crate) fn open(world: &Path) -> Result<Self, EmulatorError> {
        let path = world.join(FILE);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|source| EmulatorError::File {
            doing: "open",
            path,
            source,
        })?;
        Ok(Self { inner: Mutex::new(Inner { file, records: Vec::new() }) })
    }

    pub(crate) fn record(&self, record: RequestRecord) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(mut line) = serde_json::to_vec(&record) {
            line.push(b'\n');
            if let Err(error) = inner.file.write_all(&line) {
                tracing::warn!(%error, "the request journal of the emulated world cannot be written");
            }
        }
        inner.records.push(record);
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).records.clone()
    }
}
