//! [`Store`]: what etcd and the watch cache are to a real API server.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;
use tokio::sync::watch;

use super::history::History;
use super::log::{Line, SystemLog};
use super::{Change, ChangeKind, Expired};
use crate::kubernetes::server::EmulatorError;

/// Which object: its resource (`pods`, `apps/deployments`), namespace (empty at cluster scope) and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    /// `resource` of the core group or `group/resource`.
    pub(crate) resource: Arc<str>,
    /// Namespace, empty for objects of the cluster.
    pub(crate) namespace: String,
    /// Name.
    pub(crate) name: String,
}

impl Key {
    /// The key of an object.
    pub(crate) fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// Why a write did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WriteError {
    /// There is an object of that name.
    Exists,
    /// There is no such object.
    Missing,
    /// The object has changed since it was read.
    Changed,
    /// The log cannot be written; with the system's answer.
    Log(String),
}

type Objects = BTreeMap<(String, String), Arc<Value>>;

#[derive(Debug)]
struct Inner {
    objects: HashMap<Arc<str>, Objects>,
    history: History,
    revision: u64,
    log: Option<SystemLog>,
}

/// The objects of one cluster.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
    latest: watch::Sender<u64>,
}

impl Store {
    /// Opens the store of a directory, compacting its log.
    ///
    /// # Errors
    /// When the log cannot be read, is damaged or cannot be written.
    pub(crate) fn open(directory: &Path) -> Result<Self, EmulatorError> {
        let mut objects: HashMap<Arc<str>, Objects> = HashMap::new();
        let (log, revision) = SystemLog::open(directory, |line| {
            let resource = objects.entry(Arc::from(line.resource.as_str())).or_default();
            match line.object {
                Some(object) => resource.insert((line.namespace, line.name), Arc::new(object)),
                None => resource.remove(&(line.namespace, line.name)),
            };
        })?;
        let store = Self::with(objects, revision.max(1), None);
        let mut inner = store.lock();
        let lines = inner.objects.iter().flat_map(|(resource, objects)| {
            objects
                .iter()
                .map(move |((namespace, name), object)| (resource, namespace, name, object))
        });
        let log = log.compact(revision.max(1), lines)?;
        inner.log = Some(log);
        drop(inner);
        Ok(store)
    }

    fn with(objects: HashMap<Arc<str>, Objects>, revision: u64, log: Option<SystemLog>) -> Self {
        let history = History::starting_at(revision);
        Self {
            inner: Mutex::new(Inner { objects, history, revision, log }),
            latest: watch::Sender::new(revision),
        }
    }

    /// A panic of another holder leaves the objects usable: what a write changes, it changes last.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The present revision.
    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// Tells of each new revision.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// One object.
    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Value>> {
        let inner = self.lock();
        let objects = inner.objects.get(&key.resource)?;
        objects.get(&(key.namespace.clone(), key.name.clone())).cloned()
    }

    /// The objects of a resource in order of namespace and name, of one namespace or of all, with the revision they are of.
    pub(crate) fn list(&self, resource: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let inner = self.lock();
        let Some(objects) = inner.objects.get(resource) else {
            return (Vec::new(), inner.revision);
        };
        let found = match namespace {
            None => objects.values().cloned().collect(),
            Some(namespace) => objects
                .range((namespace.to_owned(), String::new())..)
                .take_while(|((of, _), _)| of == namespace)
                .map(|(_, object)| object.clone())
                .collect(),
        };
        (found, inner.revision)
    }

    /// The resources that have objects, with how many.
    pub(crate) fn resources(&self) -> Vec<(Arc<str>, usize)> {
        let inner = self.lock();
        let mut all: Vec<_> = inner
            .objects
            .iter()
            .filter(|(_, objects)| !objects.is_empty())
            .map(|(resource, objects)| (resource.clone(), objects.len()))
            .collect();
        all.sort();
        all
    }

    /// Changes after a revision, at most `most`.
    ///
    /// # Errors
    /// [`Expired`] when the history does not reach back so far.
    pub(crate) fn changes_after(&self, revision: u64, most: usize) -> Result<Vec<Change>, Expired> {
        self.lock().history.after(revision, most)
    }

    /// The oldest revision that a watch can start from.
    pub(crate) fn oldest_revision(&self) -> u64 {
        self.lock().history.oldest()
    }

    /// Drops the history, so that every watch of an older revision has expired.
    pub(crate) fn forget_history(&self) {
        let mut inner = self.lock();
        let revision = inner.revision;
        inner.history.forget(revision);
    }

    /// Adds an object and gives it back with its resource version.
    ///
    /// # Errors
    /// [`WriteError::Exists`] or a failing log.
    pub(crate) fn create(&self, key: &Key, object: Value) -> Result<Arc<Value>, WriteError> {
        let mut inner = self.lock();
        if inner.find(key).is_some() {
            return Err(WriteError::Exists);
        }
        let object = inner.write(key, object, ChangeKind::Added, None)?;
        self.announce(inner);
        Ok(object)
    }

    /// Replaces an object if it still is `previous`, and gives it back with its resource version.
    ///
    /// # Errors
    /// When it is gone or has changed, or the log fails.
    pub(crate) fn update(
        &self,
        key: &Key,
        previous: &Arc<Value>,
        object: Value,
    ) -> Result<Arc<Value>, WriteError> {
        let mut inner = self.lock();
        let present = inner.find(key).ok_or(WriteError::Missing)?;
        if !same_version(&present, previous) {
            return Err(WriteError::Changed);
        }
        let object = inner.write(key, object, ChangeKind::Modified, Some(present))?;
        self.announce(inner);
        Ok(object)
    }

    /// Removes an object if it still is `previous`; `last` is its last state, given back with the revision of the removal.
    ///
    /// # Errors
    /// When it is gone or has changed, or the log fails.
    pub(crate) fn delete(
        &self,
        key: &Key,
        previous: &Arc<Value>,
        last: Value,
    ) -> Result<Arc<Value>, WriteError> {
        let mut inner = self.lock();
        let present = inner.find(key).ok_or(WriteError::Missing)?;
        if !same_version(&present, previous) {
            return Err(WriteError::Changed);
        }
        let object = inner.write(key, last, ChangeKind::Deleted, Some(present))?;
        self.announce(inner);
        Ok(object)
    }

    fn announce(&self, inner: MutexGuard<'_, Inner>) {
        let revision = inner.revision;
        drop(inner);
        self.latest.send_if_modified(|latest| {
            let newer = revision > *latest;
            *latest = revision.max(*latest);
            newer
        });
    }
}

impl Inner {
    fn find(&self, key: &Key) -> Option<Arc<Value>> {
        let objects = self.objects.get(&key.resource)?;
        objects.get(&(key.namespace.clone(), key.name.clone())).cloned()
    }

    fn write(
        &mut self,
        key: &Key,
        mut object: Value,
        kind: ChangeKind,
        previous: Option<Arc<Value>>,
    ) -> Result<Arc<Value>, WriteError> {
        let revision = self.revision + 1;
        set_version(&mut object, revision);
        let object = Arc::new(object);
        let line = Line {
            revision,
            resource: key.resource.to_string(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            object: (kind != ChangeKind::Deleted).then(|| object.clone()),
        };
        let text = serde_json::to_vec(&line).map_err(|error| WriteError::Log(error.to_string()))?;
        let bytes = text.len();
        if let Some(log) = &mut self.log {
            log.append(text).map_err(|error| WriteError::Log(error.to_string()))?;
        }
        self.revision = revision;
        let objects = self.objects.entry(key.resource.clone()).or_default();
        let place = (key.namespace.clone(), key.name.clone());
        match kind {
            ChangeKind::Deleted => objects.remove(&place),
            _ => objects.insert(place, object.clone()),
        };
        let change = Change::new(key.clone(), kind, revision, object.clone(), previous, bytes);
        self.history.push(change);
        Ok(object)
    }
}

fn same_version(one: &Arc<Value>, other: &Arc<Value>) -> bool {
    Arc::ptr_eq(one, other) || version(one) == version(other)
}

fn version(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("resourceVersion")?.as_str()
}

/// Sets `metadata.resourceVersion`.
fn set_version(object: &mut Value, revision: u64) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.insert("resourceVersion".into(), Value::String(revision.to_string()));
}
