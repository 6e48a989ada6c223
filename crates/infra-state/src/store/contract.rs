//! The contract of a store: get, put with precondition, delete with precondition, list.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::StoreError;

/// What identifies one content of a key: an entity tag, a digest, a counter. Opaque to everybody but the store it comes from.
///
/// Equal contents may have equal versions, as the entity tags of S3 do; whoever compares and swaps therefore writes something that
/// never was there before (a revision, a heartbeat).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// A version as the store names it.
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// The store's own text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What must hold of a key, at the moment of the write, for the write to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// The key does not exist (`If-None-Match: *`).
    Absent,
    /// The key exists with just this version (`If-Match`).
    Matches(Version),
    /// Nothing; the write always happens.
    None,
}

/// Deletes on their way at the same time, for stores that know no better.
const DELETES_AT_ONCE: usize = 16;

/// What a key holds, and its version.
pub type Object = (Bytes, Version);

/// A place that keeps bytes under keys.
///
/// Every write is durable when its future is ready, is seen whole or not at all by any reader, and checks its precondition in one
/// step with the write, also against other processes and machines. Dropping a future leaves open whether the write happens.
pub trait Store: Send + Sync {
    /// The content and version of `key`; `None` if it does not exist.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>>;

    /// Writes `content` under `key` if `precondition` holds, and returns the new version.
    ///
    /// # Errors
    /// [`StoreError::PreconditionFailed`] when it does not hold; nothing is written then.
    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>>;

    /// Deletes `key` if `precondition` holds. Without precondition, a key that does not exist is no error.
    ///
    /// # Errors
    /// [`StoreError::PreconditionFailed`] when it does not hold; [`Precondition::Absent`] never holds here.
    fn delete<'a>(
        &'a self,
        key: &'a str,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Deletes all `keys`, without precondition; faster than one by one where the store knows how.
    fn delete_all(&self, keys: Vec<String>) -> BoxFuture<'_, Result<(), StoreError>> {
        let delete = move |key: String| async move { self.delete(&key, Precondition::None).await };
        stream::iter(keys.into_iter().map(delete))
            .buffer_unordered(DELETES_AT_ONCE)
            .try_collect()
            .boxed()
    }

    /// All keys that begin with `prefix`, sorted by their bytes. The prefix is empty or ends with `/`.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>>;

    /// The folder behind the store, if it is a folder of this machine: append-only files can then grow in place.
    fn local_directory(&self) -> Option<&Path> {
        None
    }

    /// The place in words, for messages: a path or a URL without credentials.
    fn location(&self) -> String;
}
