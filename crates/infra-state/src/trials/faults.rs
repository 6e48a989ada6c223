//! Stores that fail when they are told to: a full disk, a lost answer, the end of the process, a pause at the wrong moment.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};

use super::outcome::{TrialFailure, TrialResult};
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

/// What happens during the pause of a [`PausingStore`].
type Meanwhile = BoxFuture<'static, TrialResult>;

/// Passes everything on to another store, but pauses before the first write of one key.
pub struct PausingStore {
    inner: Arc<dyn Store>,
    key: String,
    meanwhile: Mutex<Option<Meanwhile>>,
    outcome: Mutex<TrialResult>,
}

impl PausingStore {
    /// A store on which `meanwhile` happens before the first write of `key`.
    pub fn new(inner: Arc<dyn Store>, key: &str, meanwhile: Meanwhile) -> Arc<Self> {
        let outcome = Mutex::new(Err(TrialFailure::new(format!("{key} was never written"))));
        Arc::new(Self {
            inner,
            key: key.to_owned(),
            meanwhile: Mutex::new(Some(meanwhile)),
            outcome,
        })
    }

    /// How the pause went.
    ///
    /// # Errors
    /// What failed meanwhile; also if there was no pause.
    pub fn outcome(&self) -> TrialResult {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *outcome, Ok(()))
    }
}

impl Store for PausingStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>> {
        self.inner.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>> {
        async move {
            if key == self.key {
                let meanwhile =
                    self.meanwhile.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(meanwhile) = meanwhile {
                    let outcome = meanwhile.await;
                    *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
                }
            }
            self.inner.put(key, content, precondition).await
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        key: &'a str,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.inner.delete(key, precondition)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.inner.list(prefix)
    }

    fn location(&self) -> String {
        self.inner.location()
    }
}
