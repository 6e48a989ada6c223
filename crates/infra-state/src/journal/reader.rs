//! Reading the journal from a snapshot's end on.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use super::object::{JOURNAL_PREFIX, JournalObject, decode_object, key_of, sequence_of};
use super::{JournalError, Position};
use crate::store::{Store, StoreError};

/// Objects fetched at once; a remote store answers each in tens of milliseconds.
const AT_ONCE: usize = 16;

/// All objects of the journal from number `base` on, in order and without a gap.
///
/// # Errors
/// [`JournalError::Gap`] if one is missing (also when a snapshot was made meanwhile, see [`crate::State::read`]);
/// [`JournalError::Format`] if one cannot be read.
pub async fn read_journal<E: DeserializeOwned + Send>(
    store: &dyn Store,
    base: u64,
) -> Result<Vec<JournalObject<E>>, JournalError> {
    let read = |error: StoreError| JournalError::Read(Arc::new(error));
    let keys = store.list(JOURNAL_PREFIX).await.map_err(read)?;
    let mut sequences: Vec<u64> =
        keys.iter().filter_map(|key| sequence_of(key)).filter(|found| *found >= base).collect();
    sequences.sort_unstable();
    for (place, found) in (0_u64..).zip(&sequences) {
        let expected = base.saturating_add(place);
        if expected != *found {
            return Err(JournalError::Gap { key: key_of(expected) });
        }
    }
    stream::iter(sequences.into_iter().map(|sequence| async move {
        let key = key_of(sequence);
        match store.get(&key).await.map_err(read)? {
            Some((content, _)) => Ok(decode_object(&key, &content)?),
            None => Err(JournalError::Gap { key }),
        }
    }))
    .buffered(AT_ONCE)
    .try_collect()
    .await
}

/// The place after the last object.
pub(crate) fn next_place<E>(base: u64, objects: &[JournalObject<E>]) -> Position {
    let next = objects.last().map_or(base, |last| last.sequence.saturating_add(1));
    Position { base, next }
}
