//! Asks a store to prove that it honours preconditions, before anything rests on them.
//!
//! Some S3-compatible servers accept `If-None-Match` and `If-Match` and ignore them; two runs would then overwrite each other.

use bytes::Bytes;

use super::{Precondition, Store, StoreError};

/// Creates one key twice, replaces it with a wrong version, and removes it again.
///
/// # Errors
/// [`StoreError::Unconditional`] if a write happened that its precondition forbade; any other error of the store as it is.
pub async fn probe_conditions(store: &dyn Store) -> Result<(), StoreError> {
    let key = format!("probe-{}", uuid::Uuid::new_v4().simple());
    let result = probe(store, &key).await;
    let removed = store.delete(&key, Precondition::None).await;
    result.and(removed)
}

async fn probe(store: &dyn Store, key: &str) -> Result<(), StoreError> {
    let content = |text: &'static str| Bytes::from_static(text.as_bytes());
    let first = store.put(key, content("first"), Precondition::Absent).await?;
    let again = store.put(key, content("second"), Precondition::Absent).await;
    refused(store, again, "a key was created although it existed")?;
    let second = store.put(key, content("third"), Precondition::Matches(first.clone())).await?;
    if second == first {
        let reason = "the version did not change with the content".into();
        return Err(StoreError::Unconditional { location: store.location(), reason });
    }
    let stale = store.put(key, content("fourth"), Precondition::Matches(first)).await;
    refused(store, stale, "a key was replaced although it had changed")
}

fn refused<T>(
    store: &dyn Store,
    result: Result<T, StoreError>,
    reason: &str,
) -> Result<(), StoreError> {
    match result {
        Err(error) if error.is_precondition() => Ok(()),
        Err(error) => Err(error),
        Ok(_) => {
            Err(StoreError::Unconditional { location: store.location(), reason: reason.to_owned() })
        }
    }
}
