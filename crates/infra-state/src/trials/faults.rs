//! A store that fails when it is told to: a full disk, a lost answer, the end of the process.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};

use crate::store::{Object, Precondition, Store, StoreError, Version};

/// When and how a [`FaultStore`] fails.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The write that fails, from 1 on.
    pub at: u64,
    /// Whether the write happens all the same, and only its answer is lost.
    pub applied: bool,
    /// Whether everything after it fails, too, reads included: the process is dead.
    pub lasting: bool,
    /// What the operating system says.
    pub error: io::ErrorKind,
}

/// Passes everything on to another store until its fault comes.
pub struct FaultStore {
    inner: Arc<dyn Store>,
    fault: Fault,
    writes: AtomicU64,
}

enum Verdict {
    Pass,
    Fail,
    PassAndFail,
}

impl FaultStore {
    /// A store that fails as `fault` says.
    pub fn new(inner: Arc<dyn Store>, fault: Fault) -> Arc<Self> {
        Arc::new(Self { inner, fault, writes: AtomicU64::new(0) })
    }

    /// How many writes were asked for.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    fn verdict(&self) -> Verdict {
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        match number.cmp(&self.fault.at) {
            std::cmp::Ordering::Equal if self.fault.applied => Verdict::PassAndFail,
            std::cmp::Ordering::Equal => Verdict::Fail,
            std::cmp::Ordering::Greater if self.fault.lasting => Verdict::Fail,
            _ => Verdict::Pass,
        }
    }

    fn error(&self, key: &str) -> StoreError {
        StoreError::io("use", Path::new(key), self.fault.error.into())
    }

    async fn judge<T>(
        &self,
        key: &str,
        write: BoxFuture<'_, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.verdict() {
            Verdict::Pass => write.await,
            Verdict::Fail => Err(self.error(key)),
            Verdict::PassAndFail => {
                write.await?;
                Err(self.error(key))
            }
        }
    }

    fn dead(&self) -> bool {
        self.fault.lasting && self.writes() >= self.fault.at
    }
}

impl Store for FaultStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>> {
        if self.dead() {
            return std::future::ready(Err(self.error(key))).boxed();
        }
        self.inner.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>> {
        self.judge(key, self.inner.put(key, content, precondition)).boxed()
    }

    fn delete<'a>(
        &'a self,
        key: &'a str,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.judge(key, self.inner.delete(key, precondition)).boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        if self.dead() {
            return std::future::ready(Err(self.error(prefix))).boxed();
        }
        self.inner.list(prefix)
    }

    fn location(&self) -> String {
        self.inner.location()
    }
}
