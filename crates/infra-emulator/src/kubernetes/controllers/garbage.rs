//! The garbage collector: objects whose owners are gone go too, in the way that their owners were deleted.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::objects::{has_finalizer, is_going, items, pair, set_finalizer, text, uid};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::scheme::GroupVersionKind;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, ChangeKind, Client, storage_name};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Who depends on whom, by uid of the owner.
type Dependents = HashMap<String, HashSet<WorkKey>>;

/// The garbage collector.
pub(super) struct GarbageCollector {
    client: Client,
    dependents: Mutex<Dependents>,
}

#[derive(Default)]
struct Owners<'a> {
    solid: Vec<&'a Value>,
    gone: Vec<&'a Value>,
    waiting: Vec<&'a Value>,
}

impl GarbageCollector {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client, dependents: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Dependents> {
        self.dependents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(object) = self.client.get(&key.resource, &key.namespace, &key.name) else {
            return Ok(None);
        };
        if is_going(&object) {
            if has_finalizer(&object, ORPHAN) {
                self.orphan(key, &object).await?;
            }
            if has_finalizer(&object, FOREGROUND) {
                self.finish_foreground(key, &object).await?;
            }
            return Ok(None);
        }
        self.collect(key, &object).await?;
        Ok(None)
    }

    async fn collect(&self, key: &WorkKey, object: &Arc<Value>) -> Result<(), Status> {
        let mut owners = Owners::default();
        for reference in items(object, "/metadata/ownerReferences") {
            match self.owner(reference, &key.namespace) {
                None => owners.gone.push(reference),
                Some(owner) => {
                    let waits = is_going(&owner) && has_finalizer(&owner, FOREGROUND);
                    if waits { &mut owners.waiting } else { &mut owners.solid }.push(reference);
                }
            }
        }
        if owners.gone.is_empty() && owners.waiting.is_empty() {
            return Ok(());
        }
        if !owners.solid.is_empty() {
            let kept: Vec<Value> = owners.solid.into_iter().cloned().collect();
            return self.set_owners(key, kept).await;
        }
        let policy = if has_finalizer(object, ORPHAN) {
            "Orphan"
        } else if has_finalizer(object, FOREGROUND)
            || !owners.waiting.is_empty() && self.has_dependents(object)
        {
            "Foreground"
        } else {
            "Background"
        };
        let options = DeleteOptions {
            propagation_policy: Some(policy.into()),
            uid: Some(uid(object).to_owned()),
            ..DeleteOptions::default()
        };
        self.client.delete(&key.resource, pair(object), &options).await
    }

    async fn set_owners(&self, key: &WorkKey, owners: Vec<Value>) -> Result<(), Status> {
        self.client
            .modify(&key.resource, "", key.pair(), |object| {
                object["metadata"]["ownerReferences"] = json!(owners);
            })
            .await
            .map(|_| ())
    }

    /// The owner that a reference names, if it still is the same object.
    fn owner(&self, reference: &Value, namespace: &str) -> Option<Arc<Value>> {
        let version = text(reference, "/apiVersion");
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        let kind = GroupVersionKind::new(group, version, text(reference, "/kind"));
        let scheme = self.client.api.scheme();
        let by_group = || {
            let same = |kind: &GroupVersionKind| {
                kind.group == group && kind.kind == text(reference, "/kind")
            };
            scheme.resources().find(|resource| same(&resource.kind))
        };
        let resource = scheme.of_kind(&kind).or_else(by_group)?;
        let namespace = if resource.namespaced { namespace } else { "" };
        let owner =
            self.client.get(&storage_name(resource), namespace, text(reference, "/name"))?;
        (uid(&owner) == text(reference, "/uid")).then_some(owner)
    }

    fn dependents_of(&self, object: &Value) -> Vec<(WorkKey, Arc<Value>)> {
        let keys: Vec<WorkKey> =
            self.lock().get(uid(object)).into_iter().flatten().cloned().collect();
        keys.into_iter()
            .filter_map(|key| {
                let found = self.client.get(&key.resource, &key.namespace, &key.name)?;
                Some((key, found))
            })
            .collect()
    }

    fn has_dependents(&self, object: &Value) -> bool {
        !self.dependents_of(object).is_empty()
    }

    async fn orphan(&self, key: &WorkKey, object: &Value) -> Result<(), Status> {
        for (dependent, found) in self.dependents_of(object) {
            let kept: Vec<Value> = items(&found, "/metadata/ownerReferences")
                .filter(|reference| reference["uid"] != *uid(object))
                .cloned()
                .collect();
            self.set_owners(&dependent, kept).await?;
        }
        self.release(key, ORPHAN).await
    }

    async fn finish_foreground(&self, key: &WorkKey, object: &Value) -> Result<(), Status> {
        let mut blocked = false;
        for (dependent, found) in self.dependents_of(object) {
            let blocks = items(&found, "/metadata/ownerReferences").any(|reference| {
                reference["uid"] == *uid(object) && reference["blockOwnerDeletion"] == true
            });
            if !is_going(&found) {
                self.collect(&dependent, &found).await?;
            }
            let left = self.client.get(&dependent.resource, &dependent.namespace, &dependent.name);
            blocked = blocked || blocks && left.is_some_and(|left| uid(&left) == uid(&found));
        }
        if blocked { Ok(()) } else { self.release(key, FOREGROUND).await }
    }

    async fn release(&self, key: &WorkKey, finalizer: &str) -> Result<(), Status> {
        self.client
            .modify(&key.resource, "", key.pair(), |object| set_finalizer(object, finalizer, false))
            .await
            .map(|_| ())
    }

    /// Keeps the index; gives the owners' keys that the change concerns besides the object itself.
    fn index(&self, change: &Change) {
        let key = WorkKey::of(&change.key);
        let mut dependents = self.lock();
        if let Some(previous) = &change.previous {
            for reference in items(previous, "/metadata/ownerReferences") {
                let owner = text(reference, "/uid");
                if let Some(all) = dependents.get_mut(owner) {
                    all.remove(&key);
                    if all.is_empty() {
                        dependents.remove(owner);
                    }
                }
            }
        }
        if change.kind != ChangeKind::Deleted {
            for reference in items(&change.object, "/metadata/ownerReferences") {
                let owner = text(reference, "/uid").to_owned();
                dependents.entry(owner).or_default().insert(key.clone());
            }
        }
    }

    /// The owners that wait for an object in the foreground.
    fn waiting_owners(&self, change: &Change) -> Vec<WorkKey> {
        let references = items(&change.object, "/metadata/ownerReferences");
        references
            .filter_map(|reference| {
                let owner = self.owner(reference, &change.key.namespace)?;
                if !is_going(&owner) {
                    return None;
                }
                let version = text(reference, "/apiVersion");
                let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
                let kind = GroupVersionKind::new(group, version, text(reference, "/kind"));
                let scheme = self.client.api.scheme();
                let resource = storage_name(scheme.of_kind(&kind)?);
                let (namespace, name) = pair(&owner);
                Some(WorkKey { resource, ..WorkKey::new(namespace, name) })
            })
            .collect()
    }
}

impl Controller for GarbageCollector {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        if &*change.key.resource == "events" {
            return Vec::new();
        }
        let before: Vec<WorkKey> = if change.kind == ChangeKind::Deleted || is_going(&change.object)
        {
            self.lock().get(uid(&change.object)).into_iter().flatten().cloned().collect()
        } else {
            Vec::new()
        };
        self.index(change);
        let mut keys = before;
        if change.kind == ChangeKind::Deleted {
            keys.extend(self.waiting_owners(change));
        } else if is_going(&change.object)
            || change.object["metadata"].get("ownerReferences").is_some()
        {
            keys.push(WorkKey::of(&change.key));
        }
        keys
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
