//! A cluster, its pools and its nodes, and how the API writes them.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Cluster {
    pub(in crate::digitalocean) id: String,
    pub(in crate::digitalocean) name: String,
    pub(in crate::digitalocean) region: String,
    pub(in crate::digitalocean) version: String,
    pub(in crate::digitalocean) vpc_uuid: String,
    pub(in crate::digitalocean) cluster_subnet: String,
    pub(in crate::digitalocean) service_subnet: String,
    pub(in crate::digitalocean) tags: Vec<String>,
    pub(in crate::digitalocean) ha: bool,
    pub(in crate::digitalocean) auto_upgrade: bool,
    pub(in crate::digitalocean) surge_upgrade: bool,
    pub(in crate::digitalocean) isolated_workers: bool,
    /// Maintenance policy, autoscaler, firewall, single sign-on and plugins: as sent, checked.
    pub(in crate::digitalocean) settings: Map<String, Value>,
    pub(in crate::digitalocean) state: String,
    pub(in crate::digitalocean) message: String,
    pub(in crate::digitalocean) created_at: String,
    pub(in crate::digitalocean) updated_at: String,
    pub(in crate::digitalocean) pools: Vec<Pool>,
    /// Names of the registries that it is integrated with.
    pub(in crate::digitalocean) registries: Vec<String>,
    /// The API server has been started.
    pub(in crate::digitalocean) api_up: bool,
    pub(in crate::digitalocean) ipv4: String,
    /// Where the emulated API server listens; empty while provisioning.
    pub(in crate::digitalocean) endpoint: String,
    pub(in crate::digitalocean) messages: Vec<StatusMessage>,
    pub(in crate::digitalocean) lint: Option<LintRun>,
    /// Tokens that were handed out.
    pub(in crate::digitalocean) tokens: Vec<IssuedToken>,
}

/// A line of progress.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct StatusMessage {
    pub(in crate::digitalocean) message: String,
    pub(in crate::digitalocean) timestamp: String,
}

/// A run of clusterlint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct LintRun {
    pub(in crate::digitalocean) run_id: String,
    pub(in crate::digitalocean) requested_at: String,
    pub(in crate::digitalocean) completed_at: String,
}

/// A token for the API server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct IssuedToken {
    pub(in crate::digitalocean) token: String,
    pub(in crate::digitalocean) expires_ms: u64,
}

/// A node pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Pool {
    pub(in crate::digitalocean) id: String,
    pub(in crate::digitalocean) name: String,
    pub(in crate::digitalocean) size: String,
    pub(in crate::digitalocean) count: u64,
    pub(in crate::digitalocean) tags: Vec<String>,
    pub(in crate::digitalocean) labels: Option<IndexMap<String, String>>,
    pub(in crate::digitalocean) taints: Vec<Taint>,
    pub(in crate::digitalocean) auto_scale: bool,
    pub(in crate::digitalocean) min_nodes: u64,
    pub(in crate::digitalocean) max_nodes: u64,
    pub(in crate::digitalocean) nodes: Vec<Node>,
    /// It goes once its last node is gone.
    pub(in crate::digitalocean) deleting: bool,
}

/// A taint of a pool's nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Taint {
    pub(in crate::digitalocean) key: String,
    pub(in crate::digitalocean) value: String,
    pub(in crate::digitalocean) effect: String,
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Node {
    pub(in crate::digitalocean) id: String,
    /// Empty until its Droplet exists.
    pub(in crate::digitalocean) name: String,
    pub(in crate::digitalocean) state: String,
    pub(in crate::digitalocean) message: String,
    pub(in crate::digitalocean) droplet: Option<u64>,
    pub(in crate::digitalocean) created_at: String,
    pub(in crate::digitalocean) updated_at: String,
    /// It has registered with the API server.
    pub(in crate::digitalocean) joined: bool,
}

impl Cluster {
    pub(in crate::digitalocean) fn json(&self) -> Value {
        let pools: Vec<Value> = self.pools.iter().map(Pool::json).collect();
        let mut value = json!({
            "id": self.id,
            "name": self.name,
            "region": self.region,
            "version": self.version,
            "cluster_subnet": self.cluster_subnet,
            "service_subnet": self.service_subnet,
            "vpc_uuid": self.vpc_uuid,
            "ipv4": self.ipv4,
            "endpoint": self.endpoint,
            "tags": self.tags,
            "node_pools": pools,
            "auto_upgrade": self.auto_upgrade,
            "surge_upgrade": self.surge_upgrade,
            "ha": self.ha,
            "isolated_workers": self.isolated_workers,
            "registry_enabled": !self.registries.is_empty(),
            "registries": self.registries,
            "status": { "state": self.state, "message": self.message },
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        });
        for (name, setting) in &self.settings {
            value[name] = setting.clone();
        }
        value
    }

    pub(in crate::digitalocean) fn pool(&self, id: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == id)
    }

    pub(in crate::digitalocean) fn pool_mut(&mut self, id: &str) -> Option<&mut Pool> {
        self.pools.iter_mut().find(|pool| pool.id == id)
    }

    /// A node with the index of its pool.
    pub(in crate::digitalocean) fn node_mut(&mut self, id: &str) -> Option<(usize, &mut Node)> {
        self.pools.iter_mut().enumerate().find_map(|(index, pool)| {
            pool.nodes.iter_mut().find(|node| node.id == id).map(|node| (index, node))
        })
    }

    pub(in crate::digitalocean) fn nodes(&self) -> impl Iterator<Item = (&Pool, &Node)> {
        self.pools.iter().flat_map(|pool| pool.nodes.iter().map(move |node| (pool, node)))
    }

    /// Nodes as the account's Droplet limit counts them.
    pub(in crate::digitalocean) fn counted_nodes(&self) -> u64 {
        self.pools.iter().map(Pool::counted_nodes).sum()
    }

    pub(in crate::digitalocean) fn say(&mut self, message: impl Into<String>) {
        let timestamp = crate::runtime::Dates::date_now();
        self.messages.push(StatusMessage { message: message.into(), timestamp });
    }

    pub(in crate::digitalocean) fn touch(&mut self) {
        self.updated_at = crate::runtime::Dates::date_now();
    }
}

impl Pool {
    pub(in crate::digitalocean) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "count": self.count,
            "tags": self.tags,
            "labels": self.labels,
            "taints": self.taints,
            "auto_scale": self.auto_scale,
            "min_nodes": self.min_nodes,
            "max_nodes": self.max_nodes,
            "nodes": self.nodes.iter().map(Node::json).collect::<Vec<_>>(),
        })
    }

    pub(in crate::digitalocean) fn counted_nodes(&self) -> u64 {
        let existing = u64::try_from(self.nodes.len()).unwrap_or(u64::MAX);
        let wanted = if self.auto_scale { self.max_nodes.max(self.count) } else { self.count };
        wanted.max(existing)
    }

    /// Nodes that are not on their way out.
    pub(in crate::digitalocean) fn staying(&self) -> u64 {
        let nodes = self.nodes.iter().filter(|node| !node.leaves());
        u64::try_from(nodes.count()).unwrap_or(u64::MAX)
    }
}

impl Node {
    pub(in crate::digitalocean) fn leaves(&self) -> bool {
        matches!(self.state.as_str(), "draining" | "deleting")
    }

    fn json(&self) -> Value {
        let mut status = json!({ "state": self.state });
        if !self.message.is_empty() {
            status["message"] = self.message.clone().into();
        }
        json!({
            "id": self.id,
            "name": self.name,
            "status": status,
            "droplet_id": self.droplet.map(|id| id.to_string()).unwrap_or_default(),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}
