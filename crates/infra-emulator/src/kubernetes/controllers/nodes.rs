//! Nodes that fall silent or disappear: taints, and what becomes of their pods.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::objects::{is_true, items, name, pair, set_condition, text};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use super::scheduler::tolerates;
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, ChangeKind, Client, now, time_text};

const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The node life-cycle controller, with the collector of pods whose node is gone.
pub(super) struct Nodes {
    client: Client,
    lost: Mutex<HashMap<String, WorldTime>>,
}

impl Nodes {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client, lost: Mutex::default() }
    }

    fn pods_of(&self, node: &str) -> Vec<std::sync::Arc<Value>> {
        let mut pods = self.client.list("pods", None);
        pods.retain(|pod| text(pod, "/spec/nodeName") == node);
        pods
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(node) = self.client.get("nodes", "", &key.name) else {
            // Pods of a node that does not exist any more are lost with it.
            for pod in self.pods_of(&key.name) {
                self.remove(&pod, Some(0)).await?;
            }
            return Ok(None);
        };
        let ready = is_true(&node, "Ready");
        self.taint(&node, ready).await?;
        if ready {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).remove(&key.name);
            return Ok(None);
        }
        self.evict(&node).await
    }

    async fn taint(&self, node: &Value, ready: bool) -> Result<(), Status> {
        // A node without any condition has not reported yet; its taint came with its creation.
        if items(node, "/status/conditions").next().is_none() {
            return Ok(());
        }
        let time = time_text(now());
        self.client
            .modify("nodes", "", pair(node), |node| {
                let mut taints: Vec<Value> = items(node, "/spec/taints").cloned().collect();
                let ours = |taint: &Value| matches!(text(taint, "/key"), UNREACHABLE | NOT_READY);
                let tainted = taints.iter().any(ours);
                if ready != tainted {
                    return;
                }
                taints.retain(|taint| !ours(taint));
                if !ready {
                    for effect in ["NoSchedule", "NoExecute"] {
                        taints
                            .push(json!({"key": UNREACHABLE, "effect": effect, "timeAdded": time}));
                    }
                }
                node["spec"]["taints"] = json!(taints);
            })
            .await
            .map(|_| ())
    }

    /// Marks the pods of a silent node as not ready, and deletes them when they no longer tolerate it.
    async fn evict(&self, node: &Value) -> Outcome {
        let clock = self.client.api.clock.now();
        let since = {
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            *lost.entry(name(node).to_owned()).or_insert(clock)
        };
        let waited = clock.since(since);
        let taint = json!({"key": UNREACHABLE, "effect": "NoExecute"});
        let mut next: Option<Duration> = None;
        for pod in self.pods_of(name(node)) {
            self.client
                .modify("pods", "status", pair(&pod), |pod| {
                    if is_true(pod, "Ready") {
                        set_condition(pod, "Ready", "False", "", "", false);
                    }
                })
                .await?;
            let Some(stays) = stay(&pod, &taint) else { continue };
            if waited >= stays {
                self.remove(&pod, None).await?;
            } else {
                let left = stays - waited;
                next = Some(next.map_or(left, |next| next.min(left)));
            }
        }
        Ok(next)
    }

    async fn remove(&self, pod: &Value, grace: Option<i64>) -> Result<(), Status> {
        let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
        self.client.delete("pods", pair(pod), &options).await
    }
}

/// How long a pod stays on a tainted node; nothing for ever.
fn stay(pod: &Value, taint: &Value) -> Option<Duration> {
    if !tolerates(pod, taint) {
        return Some(Duration::ZERO);
    }
    items(pod, "/spec/tolerations")
        .filter(|toleration| {
            let one = json!({"spec": {"tolerations": [toleration]}});
            tolerates(&one, taint)
        })
        .filter_map(|toleration| toleration["tolerationSeconds"].as_i64())
        .min()
        .map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

impl Controller for Nodes {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            "nodes" => vec![WorkKey::new("", &change.key.name)],
            // A pod may be bound to a node that was removed a moment before.
            "pods" if change.kind != ChangeKind::Deleted => {
                let node = text(&change.object, "/spec/nodeName");
                let lost = !node.is_empty()
                    && self.client.get("nodes", "", node).is_none()
                    && !self.client.list("nodes", None).is_empty();
                if lost { vec![WorkKey::new("", node)] } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
