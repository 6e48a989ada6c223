//! Records of runs: `runs/<run id>/run.json` and the run's events, one JSON line each.
//!
//! Run ids are time-ordered (UUID version 7), so that the order of keys is the order of time. In a folder the events grow in one file
//! as they come; in an object store they are uploaded in chunks.

mod recorder;
mod sink;

pub use recorder::RunRecorder;
pub use sink::EventSink;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ErrorKind;
use crate::format::{self, FormatError};
use crate::store::{Store, StoreError};

/// The keys of runs begin with this.
pub const RUNS_PREFIX: &str = "runs/";
const RUN_FORMAT: u64 = 1;

/// What is known of a run besides its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Format of this document.
    pub format: u64,
    /// Time-ordered identity of the run.
    pub id: String,
    /// The command, without secrets.
    pub command: String,
    /// When it began.
    pub started: jiff::Timestamp,
    /// When it ended; none if it still runs, or was killed.
    pub ended: Option<jiff::Timestamp>,
    /// How it ended, in the caller's words.
    pub outcome: Option<String>,
    /// Whatever else the caller wants to keep, without secrets.
    #[serde(default)]
    pub detail: serde_json::Value,
}

impl RunRecord {
    /// A run of `command` that begins now.
    pub fn begin(command: impl Into<String>, detail: serde_json::Value) -> Self {
        Self {
            format: RUN_FORMAT,
            id: uuid::Uuid::now_v7().to_string(),
            command: command.into(),
            started: crate::head::now(),
            ended: None,
            outcome: None,
            detail,
        }
    }
}

/// A run's record was not written or read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The store failed.
    #[error("cannot use the record of a run")]
    Store(#[source] Arc<StoreError>),
    /// It cannot be read.
    #[error("cannot read the record of a run")]
    Format(#[from] FormatError),
    /// There is no such run.
    #[error("there is no run {id}")]
    Unknown {
        /// The id that was asked for.
        id: String,
    },
}

impl From<StoreError> for RunError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl RunError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Format(error) => error.kind(),
            Self::Unknown { .. } => ErrorKind::Format,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Store(error) => error.next_step(),
            Self::Format(error) => error.next_step(),
            Self::Unknown { .. } => "List the runs that are kept with `infra replay`.".into(),
        }
    }
}

fn record_key(id: &str) -> String {
    format!("{RUNS_PREFIX}{id}/run.json")
}

/// The record of the run `id`.
///
/// # Errors
/// [`RunError::Unknown`] if there is none.
pub async fn read_run(store: &dyn Store, id: &str) -> Result<RunRecord, RunError> {
    let key = record_key(id);
    let unknown = || RunError::Unknown { id: id.to_owned() };
    let content = match store.get(&key).await {
        Ok(found) => found.ok_or_else(unknown)?.0,
        Err(StoreError::InvalidKey { .. }) => return Err(unknown()),
        Err(error) => return Err(error.into()),
    };
    Ok(format::decode(&key, &content, RUN_FORMAT)?)
}

/// The ids of all runs, the latest last.
async fn run_ids(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let keys = store.list(RUNS_PREFIX).await?;
    let id =
        |key: &String| Some(key.strip_prefix(RUNS_PREFIX)?.strip_suffix("/run.json")?.to_owned());
    Ok(keys.iter().filter_map(id).collect())
}

/// The last `most` runs that are kept, the latest last.
///
/// # Errors
/// When a record cannot be read.
pub async fn list_runs(store: &dyn Store, most: usize) -> Result<Vec<RunRecord>, RunError> {
    let ids = run_ids(store).await?;
    let mut runs = Vec::new();
    for id in ids.iter().skip(ids.len().saturating_sub(most)) {
        runs.push(read_run(store, id).await?);
    }
    Ok(runs)
}

/// The events of the run `id`, as the lines that were recorded. The incomplete last line of a killed run is left out.
///
/// # Errors
/// [`RunError::Unknown`] if there is no such run.
pub async fn read_events(store: &dyn Store, id: &str) -> Result<Vec<String>, RunError> {
    let prefix = format!("{RUNS_PREFIX}{id}/");
    let keys = match store.list(&prefix).await {
        Ok(keys) if !keys.is_empty() => keys,
        Ok(_) | Err(StoreError::InvalidKey { .. }) => {
            return Err(RunError::Unknown { id: id.to_owned() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut lines = Vec::new();
    let events = format!("{prefix}{}", sink::EVENTS);
    for key in keys.iter().filter(|key| key.starts_with(&events)) {
        let Some((content, _)) = store.get(key).await? else { continue };
        let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = std::str::from_utf8(&content[..whole])
            .map_err(|_| FormatError::corrupt(key, "it is no text"))?;
        lines.extend(text.lines().map(str::to_owned));
    }
    Ok(lines)
}

/// Deletes all runs but the last `keep`.
///
/// # Errors
/// The store's.
pub async fn prune_runs(store: &dyn Store, keep: usize) -> Result<(), RunError> {
    let mut ids = run_ids(store).await?;
    ids.truncate(ids.len().saturating_sub(keep));
    for id in ids {
        let keys = store.list(&format!("{RUNS_PREFIX}{id}/")).await?;
        store.delete_all(keys).await?;
    }
    Ok(())
}
