//! A store in memory, for tests and for runs that keep nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, ready};

use super::key::{check_key, check_prefix};
use super::{Object, Precondition, Store, StoreError, Version};

/// Keeps everything in this process; share it by `Arc`.
#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Object>,
    writes: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every change is one statement, so that a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn check(&self, key: &str, precondition: &Precondition) -> Result<(), StoreError> {
        let current = self.objects.get(key).map(|(_, version)| version);
        let holds = match precondition {
            Precondition::None => true,
            Precondition::Absent => current.is_none(),
            Precondition::Matches(version) => current == Some(version),
        };
        if holds { Ok(()) } else { Err(StoreError::PreconditionFailed { key: key.to_owned() }) }
    }

    fn put(
        &mut self,
        key: &str,
        content: Bytes,
        precondition: &Precondition,
    ) -> Result<Version, StoreError> {
        check_key(key)?;
        self.check(key, precondition)?;
        self.writes += 1;
        let version = Version::new(self.writes.to_string());
        self.objects.insert(key.to_owned(), (content, version.clone()));
        Ok(version)
    }

    fn delete(&mut self, key: &str, precondition: &Precondition) -> Result<(), StoreError> {
        check_key(key)?;
        if *precondition == Precondition::Absent {
            return Err(StoreError::PreconditionFailed { key: key.to_owned() });
        }
        self.check(key, precondition)?;
        self.objects.remove(key);
        Ok(())
    }
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>> {
        ready(check_key(key).map(|()| self.lock().objects.get(key).cloned())).boxed()
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>> {
        // Yields first, so that tests see the interleavings that a slower store has.
        async move {
            tokio::task::yield_now().await;
            self.lock().put(key, content, &precondition)
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        key: &'a str,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            tokio::task::yield_now().await;
            self.lock().delete(key, &precondition)
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        let keys = check_prefix(prefix).map(|()| {
            let inner = self.lock();
            inner.objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
        });
        ready(keys).boxed()
    }

    fn location(&self) -> String {
        "memory".into()
    }
}
