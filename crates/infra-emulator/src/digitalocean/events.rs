//! What happens by itself: the schedule of the account, and its execution when world time comes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clusters::lifecycle;
use super::context::Context;
use super::registries::garbage;
use super::state::State;
use super::{actions, load_balancers};

/// An event with its moment in world milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Due {
    pub(super) at_ms: u64,
    pub(super) event: Event,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    /// The control plane answers.
    ApiServerUp { cluster: String },
    /// The cluster is handed over.
    ClusterRunning { cluster: String },
    /// Creating the cluster has failed.
    ClusterFailed { cluster: String, message: String },
    /// The cluster and its nodes are gone.
    ClusterGone { cluster: String },
    /// A node's Droplet exists.
    NodeBooted { cluster: String, node: String },
    /// A node has joined.
    NodeRunning { cluster: String, node: String },
    /// A node could not be made.
    NodeFailed { cluster: String, node: String, message: String },
    /// A node has been drained.
    NodeDrained { cluster: String, node: String },
    /// A node's Droplet is gone.
    NodeGone { cluster: String, node: String },
    /// The control plane has its new version; nodes come next.
    ControlPlaneUpgraded { cluster: String, version: String },
    /// The next node is replaced.
    UpgradeNextNode { cluster: String, old: Vec<String> },
    /// A load balancer has its address.
    LoadBalancerActive { load_balancer: String },
    /// A load balancer could not be made.
    LoadBalancerErrored { load_balancer: String, message: String },
    /// A load balancer is gone.
    LoadBalancerGone { load_balancer: String },
    /// An action ends.
    ActionCompleted { action: u64 },
    /// A garbage collection goes on.
    GarbageCollection { uuid: String },
    /// A short-lived token of a cluster expires.
    TokenExpired { cluster: String, token: String },
}

/// Work outside the account's own state: at the emulated Kubernetes clusters. Done in order, each before the next request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Start the API server of a cluster, with the nodes that have joined.
    StartCluster { cluster: String },
    /// End the API server and forget its data.
    EndCluster { cluster: String },
    /// A node registers.
    AddNode { cluster: String, node: String },
    /// Evict what runs on a node.
    DrainNode { cluster: String, node: String },
    /// A node unregisters.
    RemoveNode { cluster: String, name: String },
    /// Labels and taints of a pool changed; labels are only added.
    UpdateNodes { cluster: String, pool: String },
    /// A token was handed out.
    AddToken { cluster: String, token: String, expires_ms: u64 },
    /// A token has expired.
    RevokeToken { cluster: String, token: String },
    /// The registries that the cluster is integrated with changed.
    SyncRegistries { cluster: String },
    /// The control plane has a new version.
    SetVersion { cluster: String, version: String },
}

impl State {
    pub(super) fn after(&mut self, now_ms: u64, delay: Duration, event: Event) {
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.schedule.push(Due { at_ms: now_ms.saturating_add(delay), event });
        self.changed = true;
    }

    /// The moment of the next event.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.schedule.iter().map(|due| due.at_ms).min()
    }

    /// Lets everything happen that is due, each at its own moment.
    pub(super) fn advance(&mut self, now_ms: u64, context: &Context) -> Vec<Effect> {
        let mut effects = Vec::new();
        loop {
            let next = self
                .schedule
                .iter()
                .enumerate()
                .filter(|(_, due)| due.at_ms <= now_ms)
                .min_by_key(|(index, due)| (due.at_ms, *index))
                .map(|(index, _)| index);
            let Some(index) = next else { return effects };
            let due = self.schedule.remove(index);
            self.changed = true;
            effects.extend(happen(self, context, due));
        }
    }

    /// Forgets events that no longer have an object.
    pub(super) fn cancel(&mut self, concerns: impl Fn(&Event) -> bool) {
        self.schedule.retain(|due| !concerns(&due.event));
    }
}

fn happen(state: &mut State, context: &Context, due: Due) -> Vec<Effect> {
    let now = due.at_ms;
    match due.event {
        Event::ApiServerUp { cluster } => lifecycle::api_server_up(state, &cluster),
        Event::ClusterRunning { cluster } => lifecycle::running(state, &cluster),
        Event::ClusterFailed { cluster, message } => lifecycle::failed(state, &cluster, &message),
        Event::ClusterGone { cluster } => lifecycle::gone(state, &cluster),
        Event::NodeBooted { cluster, node } => lifecycle::node_booted(state, &cluster, &node),
        Event::NodeRunning { cluster, node } => {
            lifecycle::node_running(state, now, &cluster, &node)
        }
        Event::NodeFailed { cluster, node, message } => {
            lifecycle::node_failed(state, &cluster, &node, &message)
        }
        Event::NodeDrained { cluster, node } => {
            lifecycle::node_drained(state, now, &cluster, &node)
        }
        Event::NodeGone { cluster, node } => lifecycle::node_gone(state, &cluster, &node),
        Event::ControlPlaneUpgraded { cluster, version } => {
            lifecycle::control_plane_upgraded(state, now, &cluster, &version)
        }
        Event::UpgradeNextNode { cluster, old } => {
            lifecycle::upgrade_next_node(state, context, now, &cluster, old)
        }
        Event::LoadBalancerActive { load_balancer } => {
            load_balancers::active(state, &load_balancer);
            Vec::new()
        }
        Event::LoadBalancerErrored { load_balancer, message } => {
            load_balancers::errored(state, &load_balancer, &message);
            Vec::new()
        }
        Event::LoadBalancerGone { load_balancer } => {
            load_balancers::gone(state, &load_balancer);
            Vec::new()
        }
        Event::ActionCompleted { action } => {
            actions::completed(state, action);
            Vec::new()
        }
        Event::TokenExpired { cluster, token } => vec![Effect::RevokeToken { cluster, token }],
        Event::GarbageCollection { uuid } => {
            garbage::step(state, context, now, &uuid);
            Vec::new()
        }
    }
}
