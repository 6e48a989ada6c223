//! The scheduling of one pod.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::fit::{View, message};
use super::volumes::{self, Claims};
use crate::kubernetes::controllers::objects::{
    is_finished, is_going, items, name, pair, set_condition, text, uid,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, ChangeKind, Client, seconds};

#[derive(Debug, Default)]
struct State {
    /// Pods that have no node.
    waiting: HashSet<WorkKey>,
    /// When each pod was first seen, by uid.
    seen: HashMap<String, WorldTime>,
}

/// The scheduler.
pub(in crate::kubernetes::controllers) struct Scheduler {
    client: Client,
    delay: Duration,
    state: Mutex<State>,
}

impl Scheduler {
    /// With access to the API.
    pub(in crate::kubernetes::controllers) fn new(client: Client) -> Self {
        let delay = seconds(client.api.behaviour.scheduling_seconds);
        Self { client, delay, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, key: &WorkKey, pod: Option<&Value>) {
        let mut state = self.lock();
        state.waiting.remove(key);
        if let Some(pod) = pod {
            state.seen.remove(uid(pod));
        }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(pod) = self.client.get("pods", &key.namespace, &key.name) else {
            self.forget(key, None);
            return Ok(None);
        };
        if !waits(&pod) {
            self.forget(key, Some(&pod));
            return Ok(None);
        }
        if items(&pod, "/spec/schedulingGates").next().is_some() {
            return Ok(None);
        }
        let now = self.client.api.clock.now();
        let waited = {
            let mut state = self.lock();
            state.waiting.insert(key.clone());
            now.since(*state.seen.entry(uid(&pod).to_owned()).or_insert(now))
        };
        if waited < self.delay {
            return Ok(Some(self.delay - waited));
        }
        self.place(&pod).await
    }

    async fn place(&self, pod: &Value) -> Outcome {
        let nodes = self.client.list("nodes", None);
        let view = View::of(nodes, self.client.list("pods", None));
        let count = view.nodes.len();
        let (bound, waiting) = match volumes::claims(&self.client, pod, count) {
            Claims::Blocked(reason) => return self.refuse(pod, &reason).await.map(|()| None),
            Claims::Bound(volumes) => (volumes, Vec::new()),
            Claims::Waiting(claims) => (Vec::new(), claims),
        };
        let (mut fitting, mut refusals) = (Vec::new(), Vec::new());
        for node in &view.nodes {
            if !volumes::reachable(&bound, node) {
                refusals.push(super::fit::Refusal {
                    reasons: vec!["node(s) had volume node affinity conflict".into()],
                    preemptible: false,
                });
                continue;
            }
            match view.check(pod, node) {
                Ok(()) => fitting.push(node.clone()),
                Err(refusal) => refusals.push(refusal),
            }
        }
        let best = fitting.iter().min_by_key(|node| (view.pods_on(node), name(node).to_owned()));
        let Some(node) = best else {
            return self.refuse(pod, &message(count, &refusals)).await.map(|()| None);
        };
        if !waiting.is_empty() {
            // The binding of the claims wakes the scheduler for this pod again.
            volumes::select_node(&self.client, &waiting, name(node)).await?;
            return Ok(None);
        }
        match self.client.bind(pair(pod), name(node)).await {
            Err(status) if matches!(status.code, 404 | 409) => return Ok(None),
            answer => answer?,
        }
        let (namespace, own) = pair(pod);
        let text = format!("Successfully assigned {namespace}/{own} to {}", name(node));
        self.client.event_from("default-scheduler", pod, "Normal", "Scheduled", &text).await;
        Ok(None)
    }

    async fn refuse(&self, pod: &Value, reason: &str) -> Result<(), Status> {
        self.client
            .modify("pods", "status", pair(pod), |pod| {
                set_condition(pod, "PodScheduled", "False", "Unschedulable", reason, false);
                for condition in pod["status"]["conditions"].as_array_mut().into_iter().flatten() {
                    if condition.get("lastProbeTime").is_none() {
                        condition["lastProbeTime"] = json!(null);
                    }
                }
            })
            .await?;
        let client = &self.client;
        client.event_from("default-scheduler", pod, "Warning", "FailedScheduling", reason).await;
        Ok(())
    }
}

fn waits(pod: &Value) -> bool {
    text(pod, "/spec/nodeName").is_empty()
        && !is_going(pod)
        && !is_finished(pod)
        && matches!(text(pod, "/spec/schedulerName"), "default-scheduler" | "")
}

impl Controller for Scheduler {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        let own = WorkKey::new(&change.key.namespace, &change.key.name);
        let gone = change.kind == ChangeKind::Deleted;
        let others = || self.lock().waiting.iter().cloned().collect::<Vec<_>>();
        match &*change.key.resource {
            // A pod that no longer holds its place makes room.
            "pods" if gone || is_finished(&change.object) => {
                let mut keys = others();
                keys.push(own);
                keys
            }
            "pods" => {
                let only_status = change.previous.as_ref().is_some_and(|previous| {
                    previous["spec"] == change.object["spec"]
                        && previous["metadata"]["labels"] == change.object["metadata"]["labels"]
                });
                if waits(&change.object) && !only_status {
                    return vec![own];
                }
                let placed = change.previous.as_ref().is_some_and(|previous| waits(previous));
                if placed && !waits(&change.object) { others() } else { Vec::new() }
            }
            "nodes" | "persistentvolumeclaims" => others(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
