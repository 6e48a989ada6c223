//! Runs controllers: each reads the store's changes, queues what they concern and works on one key at a time.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::queue::{Queue, WorkKey};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Api, Change, ChangeKind, Key};
use crate::surroundings::Surroundings;

/// The most changes that are read at once.
const BATCH: usize = 512;

/// What lies around the controllers.
#[derive(Clone)]
pub(in crate::kubernetes) struct World {
    /// The cluster's id in the cloud.
    pub(in crate::kubernetes) cluster_id: String,
    /// The cloud.
    pub(in crate::kubernetes) surroundings: Arc<dyn Surroundings>,
    /// The cluster's certificate authority.
    pub(in crate::kubernetes) authority_pem: String,
}

/// When a key is to be looked at again, if nothing changes before.
pub(super) type Outcome = Result<Option<Duration>, Status>;

/// One controller.
pub(super) trait Controller: Send + Sync + 'static {
    /// The keys that a change concerns.
    fn concerns(&self, change: &Change) -> Vec<WorkKey>;

    /// Brings the world closer to what the object of a key wants.
    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome>;
}

/// Controllers that run.
pub(in crate::kubernetes) struct Running {
    tracker: TaskTracker,
}

impl Running {
    /// Waits until all have stopped; cancel their token first.
    pub(in crate::kubernetes) async fn stopped(self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Starts all controllers of a cluster.
pub(in crate::kubernetes) fn start(
    api: &Arc<Api>,
    world: World,
    stop: &CancellationToken,
) -> Running {
    let tracker = TaskTracker::new();
    for controller in super::roster::all(api, &world) {
        let (api, stop) = (api.clone(), stop.clone());
        tracker.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = run(api, controller) => {}
            }
        });
    }
    Running { tracker }
}

async fn run(api: Arc<Api>, controller: Box<dyn Controller>) {
    let mut latest = api.store.subscribe();
    let mut queue = Queue::default();
    let mut revision = queue_present(&api, &*controller, &mut queue);
    loop {
        match api.store.changes_after(revision, BATCH) {
            Ok(changes) => {
                if let Some(last) = changes.last() {
                    revision = last.revision;
                }
                for change in &changes {
                    for key in controller.concerns(change) {
                        queue.add(key);
                    }
                }
            }
            Err(_) => revision = queue_present(&api, &*controller, &mut queue),
        }
        if let Some(key) = queue.next(api.clock.now()) {
            work(&api, &*controller, &mut queue, key).await;
            continue;
        }
        if *latest.borrow_and_update() > revision {
            continue;
        }
        let deadline = queue.deadline();
        let due = async {
            match deadline {
                Some(when) => api.clock.sleep_until(when).await,
                None => pending().await,
            }
        };
        tokio::select! {
            changed = latest.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = due => {}
        }
    }
}

async fn work(api: &Api, controller: &dyn Controller, queue: &mut Queue, key: WorkKey) {
    match controller.reconcile(&key).await {
        Ok(again) => {
            queue.succeeded(&key);
            if let Some(delay) = again {
                queue.add_at(key, api.clock.now() + delay);
            }
        }
        Err(status) if status.reason == "Conflict" => queue.add(key),
        Err(status) => {
            tracing::debug!(namespace = key.namespace, name = key.name, "{}", status.message);
            queue.add_after_failure(key, api.clock.now());
        }
    }
}

/// Queues everything that exists, as if it had just been made; gives the revision of that look.
fn queue_present(api: &Api, controller: &dyn Controller, queue: &mut Queue) -> u64 {
    let revision = api.store.revision();
    for (resource, _) in api.store.resources() {
        for object in api.store.list(&resource, None).0 {
            let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
            let key = Key::new(&resource, text("namespace"), text("name"));
            let change = Change::present(key, ChangeKind::Added, revision, object.clone());
            for key in controller.concerns(&change) {
                queue.add(key);
            }
        }
    }
    revision
}
