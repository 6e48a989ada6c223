//! Namespaces that are deleted: everything in them goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::objects::{is_going, items, name, pair, set_condition, text, uid};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::{Status, qualified};
use crate::kubernetes::server::{Change, Client};

/// How long a namespace is left alone after its deletion, as the real controller does it.
const DELAY: Duration = Duration::from_secs(5);

/// The namespace controller.
pub(super) struct Namespaces {
    client: Client,
    seen: Mutex<HashMap<String, WorldTime>>,
}

impl Namespaces {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client, seen: Mutex::default() }
    }

    /// How long ago the deletion of a namespace was first seen.
    fn waited(&self, namespace: &Value) -> Duration {
        let now = self.client.api.clock.now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        now.since(*seen.entry(uid(namespace).to_owned()).or_insert(now))
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(namespace) = self.client.get("namespaces", "", &key.name) else { return Ok(None) };
        if !is_going(&namespace) {
            return Ok(None);
        }
        let waited = self.waited(&namespace);
        if waited < DELAY {
            return Ok(Some(DELAY - waited));
        }
        let mut remaining: BTreeMap<String, usize> = BTreeMap::new();
        let mut waiting: BTreeMap<String, usize> = BTreeMap::new();
        let mut resources: Vec<_> =
            self.client.api.store.resources().into_iter().map(|(resource, _)| resource).collect();
        // Owners go before what they own, so that nothing is made anew meanwhile.
        resources.sort_by_key(|resource| (&**resource == "pods", resource.clone()));
        for resource in resources {
            for object in self.client.list(&resource, Some(&key.name)) {
                if !is_going(&object) {
                    let options = DeleteOptions {
                        propagation_policy: Some("Background".into()),
                        ..DeleteOptions::default()
                    };
                    match self.client.delete(&resource, pair(&object), &options).await {
                        // It went by itself, or its kind did.
                        Err(status) if status.code == 404 => {}
                        answer => drop(answer?),
                    }
                }
                let Some(left) = self.client.get(&resource, &key.name, name(&object)) else {
                    continue;
                };
                let (group, plural) = resource.rsplit_once('/').unwrap_or(("", &resource));
                *remaining.entry(qualified(group, plural)).or_default() += 1;
                for finalizer in items(&left, "/metadata/finalizers").filter_map(Value::as_str) {
                    *waiting.entry(finalizer.to_owned()).or_default() += 1;
                }
            }
        }
        if remaining.is_empty() {
            return self.finalize(&namespace).await.map(|()| None);
        }
        self.report(&key.name, &remaining, &waiting).await?;
        // The removal of what is left wakes this controller.
        Ok(None)
    }

    async fn finalize(&self, namespace: &Value) -> Result<(), Status> {
        let mut released = namespace.clone();
        let finalizers = items(namespace, "/spec/finalizers");
        let others: Vec<&Value> = finalizers.filter(|one| *one != "kubernetes").collect();
        released["spec"]["finalizers"] = json!(others);
        match self.client.update("namespaces", "finalize", &released).await {
            Err(status) if status.code == 404 => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    async fn report(
        &self,
        namespace: &str,
        remaining: &BTreeMap<String, usize>,
        waiting: &BTreeMap<String, usize>,
    ) -> Result<(), Status> {
        let list = |all: &BTreeMap<String, usize>, word: &str| {
            all.iter()
                .map(|(what, count)| format!("{what} {word} {count} resource instances"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let content = format!("Some resources are remaining: {}", list(remaining, "has"));
        let finalizers = format!(
            "Some content in the namespace has finalizers remaining: {}",
            list(waiting, "in")
        );
        self.client
            .modify("namespaces", "status", ("", namespace), |namespace| {
                let fine = [
                    (
                        "NamespaceDeletionDiscoveryFailure",
                        "ResourcesDiscovered",
                        "All resources successfully discovered",
                    ),
                    (
                        "NamespaceDeletionGroupVersionParsingFailure",
                        "ParsedGroupVersions",
                        "All legacy kube types successfully parsed",
                    ),
                    (
                        "NamespaceDeletionContentFailure",
                        "ContentDeleted",
                        "All content successfully deleted, may be waiting on finalization",
                    ),
                ];
                for (kind, reason, message) in fine {
                    set_condition(namespace, kind, "False", reason, message, false);
                }
                set_condition(
                    namespace,
                    "NamespaceContentRemaining",
                    "True",
                    "SomeResourcesRemain",
                    &content,
                    false,
                );
                if waiting.is_empty() {
                    set_condition(
                        namespace,
                        "NamespaceFinalizersRemaining",
                        "False",
                        "ContentHasNoFinalizers",
                        "All content-preserving finalizers finished",
                        false,
                    );
                } else {
                    set_condition(
                        namespace,
                        "NamespaceFinalizersRemaining",
                        "True",
                        "SomeFinalizersRemain",
                        &finalizers,
                        false,
                    );
                }
            })
            .await
            .map(|_| ())
    }
}

impl Controller for Namespaces {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        if &*change.key.resource == "namespaces" {
            return vec![WorkKey::new("", &change.key.name)];
        }
        let namespace = &change.key.namespace;
        let going = !namespace.is_empty()
            && self
                .client
                .get("namespaces", "", namespace)
                .is_some_and(|namespace| text(&namespace, "/status/phase") == "Terminating");
        if going { vec![WorkKey::new("", namespace)] } else { Vec::new() }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
