//! Snapshots: the whole content at one place of the journal, so that reading a state does not take its whole history.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ErrorKind;
use crate::format::{self, FormatError};
use crate::store::{Precondition, Store, StoreError};

/// The keys of snapshots begin with this.
pub const SNAPSHOT_PREFIX: &str = "snapshots/";
const SNAPSHOT_FORMAT: u64 = 1;

/// Where the head finds a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReference {
    /// Its key.
    pub key: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A snapshot as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot<S> {
    /// Format of this document; what `content` looks like is its owner's matter.
    pub format: u64,
    /// Number of the first journal object that is not part of it.
    pub journal_base: u64,
    /// Fencing number of its writer.
    pub fencing: u64,
    /// When it was written.
    pub written: jiff::Timestamp,
    /// The content.
    pub content: S,
}

/// A snapshot cannot be written or read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The store failed.
    #[error("cannot use a snapshot of the state")]
    Store(#[source] Arc<StoreError>),
    /// It is damaged, or written by a newer version.
    #[error("cannot read a snapshot of the state")]
    Format(#[from] FormatError),
    /// The head names it, and it is not there.
    #[error("the state has lost its snapshot {key}")]
    Missing {
        /// Its key.
        key: String,
    },
}

impl From<StoreError> for SnapshotError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl SnapshotError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Format(error) => error.kind(),
            Self::Missing { .. } => ErrorKind::Corrupt,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Store(error) => error.next_step(),
            Self::Format(error) => error.next_step(),
            Self::Missing { key } => format!("Restore {key} from a backup of the state."),
        }
    }
}

fn key_of(journal_base: u64, fencing: u64) -> String {
    format!("{SNAPSHOT_PREFIX}{journal_base:010}-{fencing:06}")
}

/// A snapshot on its way into the store.
pub(crate) struct Draft {
    reference: SnapshotReference,
    bytes: Bytes,
}

/// The bytes of a snapshot that holds everything before `journal_base`.
pub(crate) fn draft<S: Serialize>(
    journal_base: u64,
    fencing: u64,
    content: &S,
) -> Result<Draft, SnapshotError> {
    let key = key_of(journal_base, fencing);
    let written = crate::head::now();
    let document = Snapshot { format: SNAPSHOT_FORMAT, journal_base, fencing, written, content };
    let bytes = format::encode(&key, &document)?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Ok(Draft { reference: SnapshotReference { key, sha256 }, bytes: bytes.into() })
}

/// Writes a snapshot. It counts once the head names it.
pub(crate) async fn write(
    store: &dyn Store,
    draft: Draft,
) -> Result<SnapshotReference, SnapshotError> {
    // The key is of this holder and this place alone; what may be there already has the same content.
    store.put(&draft.reference.key, draft.bytes, Precondition::None).await?;
    Ok(draft.reference)
}

/// Reads the snapshot that `reference` names.
pub(crate) async fn read<S: DeserializeOwned>(
    store: &dyn Store,
    reference: &SnapshotReference,
) -> Result<Snapshot<S>, SnapshotError> {
    let key = &reference.key;
    let Some((bytes, _)) = store.get(key).await? else {
        return Err(SnapshotError::Missing { key: key.clone() });
    };
    let read = format::decode(key, &bytes, SNAPSHOT_FORMAT);
    // A newer format says so by itself; only then does the checksum matter.
    if matches!(read, Err(FormatError::Newer { .. })) {
        return Ok(read?);
    }
    if hex::encode(Sha256::digest(&bytes)) != reference.sha256 {
        return Err(FormatError::corrupt(key, "its checksum does not fit").into());
    }
    Ok(read?)
}

/// Deletes all snapshots but the last `keep` and the one that `current` names.
pub(crate) async fn prune(
    store: &dyn Store,
    keep: usize,
    current: &SnapshotReference,
) -> Result<(), StoreError> {
    let mut keys = store.list(SNAPSHOT_PREFIX).await?;
    keys.truncate(keys.len().saturating_sub(keep));
    keys.retain(|key| *key != current.key);
    store.delete_all(keys).await
}
