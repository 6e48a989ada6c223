//! One pod on its node: volumes, init containers, containers, and its end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::Value;

use super::containers::{Context, Restart};
use super::life::{Container, Stage, wall};
use super::mounts::missing_mount;
use super::status::{Lives, Report};
use crate::kubernetes::controllers::objects::{
    is_finished, is_going, is_true, items, name, number, pair, text, uid,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome, World};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::server::{Change, ChangeKind, Client, seconds};

/// How long a kubelet waits for a volume before it looks again.
const MOUNT_RETRY: Duration = Duration::from_secs(2);

/// What is remembered of a pod.
#[derive(Debug, Default)]
struct Life {
    containers: Lives,
    stops: Option<WorldTime>,
    address: Option<String>,
}

/// The kubelets of all nodes.
pub(in crate::kubernetes::controllers) struct Kubelet {
    pub(super) client: Client,
    pub(super) world: World,
    lives: Mutex<HashMap<String, Life>>,
    next_address: Mutex<u32>,
}

impl Kubelet {
    /// With access to the API and the world's images.
    pub(in crate::kubernetes::controllers) fn new(client: Client, world: World) -> Self {
        let pods = client.list("pods", None);
        let highest = pods.iter().filter_map(|pod| {
            text(pod, "/status/podIP").parse::<std::net::Ipv4Addr>().ok().map(u32::from)
        });
        let first = u32::from(std::net::Ipv4Addr::new(10, 244, 0, 9));
        let last = highest.max().unwrap_or(first).max(first);
        Self { client, world, lives: Mutex::default(), next_address: Mutex::new(last + 1) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Life>> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(pod) = self.client.get("pods", &key.namespace, &key.name) else { return Ok(None) };
        let Some(node) = self.client.get("nodes", "", text(&pod, "/spec/nodeName")) else {
            return Ok(None);
        };
        // A node that has fallen silent does nothing and reports nothing.
        if !is_true(&node, "Ready") {
            return Ok(None);
        }
        if is_going(&pod) {
            return self.stop(&pod).await;
        }
        if is_finished(&pod) {
            self.lock().remove(uid(&pod));
            return Ok(None);
        }
        self.run(&pod, &node).await
    }

    /// Ends a pod that is being deleted.
    async fn stop(&self, pod: &Value) -> Outcome {
        let now = self.client.api.clock.now();
        let grace = number(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
        let grace = Duration::from_secs(u64::try_from(grace).unwrap_or_default());
        let delay = seconds(self.client.api.behaviour.stop_seconds).min(grace);
        let running = text(pod, "/status/phase") == "Running";
        let (stops, first) = {
            let mut lives = self.lock();
            let life = lives.entry(uid(pod).to_owned()).or_default();
            let first = life.stops.is_none();
            let when = if running { now + delay } else { now };
            (*life.stops.get_or_insert(when), first)
        };
        if first && running {
            for container in items(pod, "/spec/containers") {
                let message = format!("Stopping container {}", text(container, "/name"));
                self.client.event_from("kubelet", pod, "Normal", "Killing", &message).await;
            }
        }
        if stops > now {
            return Ok(Some(stops.since(now)));
        }
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            uid: Some(uid(pod).to_owned()),
            ..DeleteOptions::default()
        };
        match self.client.delete("pods", pair(pod), &options).await {
            // Another pod of that name has taken its place.
            Err(status) if status.reason == "Conflict" => {}
            answer => answer?,
        }
        // A finalizer may keep the pod; it is over nevertheless.
        Ok(None)
    }

    async fn run(&self, pod: &Value, node: &Value) -> Outcome {
        let now = self.client.api.clock.now();
        let begun = text(pod, "/status/phase") == "Running";
        let mut life = self.lock().remove(uid(pod)).unwrap_or_default();
        if !begun && let Some(cause) = missing_mount(&self.client, pod) {
            self.client.event_from("kubelet", pod, "Warning", "FailedMount", &cause).await;
            self.report(pod, node, &mut life, now, false).await?;
            self.lock().insert(uid(pod).to_owned(), life);
            return Ok(Some(MOUNT_RETRY));
        }
        let initialized = self.run_init(pod, &mut life, now).await;
        if initialized == Some(true) {
            let restart = Restart::of(pod);
            for spec in items(pod, "/spec/containers") {
                let context = Context { pod, spec, restart, init: false };
                self.container(&context, pod, &mut life, now).await;
            }
        }
        let next = life.containers.values().filter_map(|one| one.next(now)).min();
        self.report(pod, node, &mut life, now, initialized == Some(true)).await?;
        self.lock().insert(uid(pod).to_owned(), life);
        Ok(next.map(|next| next.since(now)))
    }

    /// Runs init containers one after the other; nothing if one has failed for good.
    async fn run_init(&self, pod: &Value, life: &mut Life, now: WorldTime) -> Option<bool> {
        for spec in items(pod, "/spec/initContainers") {
            let sidecar = text(spec, "/restartPolicy") == "Always";
            let restart = match Restart::of(pod) {
                _ if sidecar => Restart::Always,
                Restart::Never => Restart::Never,
                _ => Restart::OnFailure,
            };
            let context = Context { pod, spec, restart, init: !sidecar };
            self.container(&context, pod, life, now).await;
            let container = life.containers.get(text(spec, "/name"))?;
            let running = matches!(container.stage, Stage::Running { .. });
            match container.ended() {
                Some(0) => {}
                Some(_) => return None,
                None if sidecar && running => {}
                None => return Some(false),
            }
        }
        Some(true)
    }

    async fn container(&self, context: &Context<'_>, pod: &Value, life: &mut Life, now: WorldTime) {
        let own = text(context.spec, "/name").to_owned();
        let mut container = match life.containers.remove(&own) {
            Some(container) => container,
            None => self.resumed(context, pod, &own, now),
        };
        self.advance(context, &mut container, now).await;
        life.containers.insert(own, container);
    }

    /// A container as the pod's status describes it, for a world that is opened again.
    fn resumed(&self, context: &Context<'_>, pod: &Value, own: &str, now: WorldTime) -> Container {
        let mut container = Container::fresh();
        let key = if context.init {
            "/status/initContainerStatuses"
        } else {
            "/status/containerStatuses"
        };
        let Some(status) = items(pod, key).find(|status| status["name"] == *own) else {
            return container;
        };
        let restarts = number(status, "/restartCount").unwrap_or(0);
        container.restarts = u32::try_from(restarts).unwrap_or(0);
        if let Some(id) = status["containerID"].as_str().filter(|id| !id.is_empty()) {
            id.clone_into(&mut container.id);
        }
        if let Some(running) = status["state"].get("running") {
            let started = text(running, "/startedAt").to_owned();
            let mut stage = self.running(context, container.restarts, now, started);
            if let (Stage::Running { ready_at, .. }, true) = (&mut stage, status["ready"] == true) {
                *ready_at = Some(now);
            }
            container.stage = stage;
        } else if let Some(ended) = status["state"].get("terminated") {
            let code = i32::try_from(number(ended, "/exitCode").unwrap_or(0)).unwrap_or(1);
            container.stage = Stage::Ended {
                started: text(ended, "/startedAt").to_owned(),
                finished: text(ended, "/finishedAt").to_owned(),
                code,
            };
        }
        container
    }

    async fn report(
        &self,
        pod: &Value,
        node: &Value,
        life: &mut Life,
        now: WorldTime,
        initialized: bool,
    ) -> Result<(), crate::kubernetes::machinery::status::Status> {
        let host = items(node, "/status/addresses")
            .find(|address| address["type"] == "InternalIP")
            .map(|address| text(address, "/address").to_owned())
            .unwrap_or_default();
        let phase = phase(pod, &life.containers, initialized);
        let running = life.containers.values().any(|one| {
            !matches!(one.stage, Stage::Created | Stage::Pulling { .. } | Stage::PullFailed { .. })
        });
        if life.address.is_none() && running {
            life.address = Some(self.address(pod, &host));
        }
        let report = Report {
            lives: &life.containers,
            now,
            initialized,
            address: life.address.clone(),
            host,
            phase,
            start_time: wall(),
        };
        self.client.modify("pods", "status", pair(pod), |pod| report.write(pod)).await.map(|_| ())
    }

    fn address(&self, pod: &Value, host: &str) -> String {
        if pod["spec"]["hostNetwork"] == true {
            return host.to_owned();
        }
        let known = text(pod, "/status/podIP");
        if !known.is_empty() {
            return known.to_owned();
        }
        let mut next = self.next_address.lock().unwrap_or_else(PoisonError::into_inner);
        let address = std::net::Ipv4Addr::from(*next);
        *next += 1;
        address.to_string()
    }
}

/// The phase that follows from the containers.
fn phase(pod: &Value, lives: &Lives, initialized: bool) -> &'static str {
    let of = |path: &str| -> Vec<&Container> {
        items(pod, path).filter_map(|spec| lives.get(text(spec, "/name"))).collect()
    };
    let init_failed =
        of("/spec/initContainers").iter().any(|one| one.ended().is_some_and(|code| code != 0));
    if init_failed {
        return "Failed";
    }
    let main = of("/spec/containers");
    if !initialized || main.is_empty() {
        return "Pending";
    }
    if main.iter().all(|one| one.ended().is_some()) {
        let failed = main.iter().any(|one| one.ended() != Some(0));
        return if failed { "Failed" } else { "Succeeded" };
    }
    let begun = main.iter().all(|one| {
        matches!(one.stage, Stage::Running { .. } | Stage::Ended { .. } | Stage::CrashLoop { .. })
            || one.restarts > 0
    });
    if begun { "Running" } else { "Pending" }
}

impl Controller for Kubelet {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            "pods" => {
                if change.kind == ChangeKind::Deleted {
                    self.lock().remove(uid(&change.object));
                    return Vec::new();
                }
                let placed = !text(&change.object, "/spec/nodeName").is_empty();
                // What it writes itself needs no second look: deadlines bring it back.
                let own = change.previous.as_ref().is_some_and(|previous| {
                    previous["spec"] == change.object["spec"]
                        && is_going(previous) == is_going(&change.object)
                        && is_finished(previous) == is_finished(&change.object)
                });
                if placed && !own {
                    vec![WorkKey::new(&change.key.namespace, &change.key.name)]
                } else {
                    Vec::new()
                }
            }
            "nodes" => {
                let was = change.previous.as_ref().is_some_and(|node| is_true(node, "Ready"));
                if was == is_true(&change.object, "Ready") {
                    return Vec::new();
                }
                self.client
                    .list("pods", None)
                    .iter()
                    .filter(|pod| text(pod, "/spec/nodeName") == name(&change.object))
                    .map(|pod| crate::kubernetes::controllers::objects::key_of(pod))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
