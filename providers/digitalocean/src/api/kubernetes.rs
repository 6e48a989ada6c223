//! Managed Kubernetes: options, clusters, node pools, credentials, associated resources.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(crate) struct OptionsEnvelope {
    pub(crate) options: Options,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Options {
    #[serde(default)]
    pub(crate) regions: Vec<Slug>,
    #[serde(default)]
    pub(crate) versions: Vec<Slug>,
    #[serde(default)]
    pub(crate) sizes: Vec<Slug>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Slug {
    pub(crate) slug: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ClusterEnvelope {
    pub(crate) kubernetes_cluster: Cluster,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) ha: bool,
    pub(crate) vpc_uuid: Option<String>,
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) auto_upgrade: bool,
    #[serde(default)]
    pub(crate) surge_upgrade: bool,
    pub(crate) maintenance_policy: Option<MaintenancePolicy>,
    #[serde(default)]
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) node_pools: Vec<NodePool>,
    #[serde(default)]
    pub(crate) registries: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize, Clone)]
pub(crate) struct MaintenancePolicy {
    pub(crate) start_time: String,
    pub(crate) day: String,
}

#[derive(Debug, Deserialize, Default, Clone)]
pub(crate) struct Status {
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) message: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NodePoolEnvelope {
    pub(crate) node_pool: NodePool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NodePoolsEnvelope {
    #[serde(default)]
    pub(crate) node_pools: Vec<NodePool>,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct NodePool {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: String,
    #[serde(default)]
    pub(crate) count: u64,
    #[serde(default)]
    pub(crate) auto_scale: bool,
    #[serde(default)]
    pub(crate) min_nodes: u64,
    #[serde(default)]
    pub(crate) max_nodes: u64,
    #[serde(default)]
    pub(crate) labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) taints: Option<Vec<Taint>>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) nodes: Option<Vec<PoolNode>>,
}

#[derive(Debug, Deserialize, Serialize, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taint {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) effect: String,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct PoolNode {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) droplet_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) server: String,
    pub(crate) certificate_authority_data: Option<String>,
    pub(crate) client_certificate_data: Option<String>,
    pub(crate) client_key_data: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) expires_at: Option<String>,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct StatusMessages {
    #[serde(default)]
    pub(crate) messages: Vec<StatusMessage>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StatusMessage {
    #[serde(default)]
    pub(crate) message: String,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct Associated {
    #[serde(default)]
    pub(crate) load_balancers: Option<Vec<AssociatedItem>>,
    #[serde(default)]
    pub(crate) volumes: Option<Vec<AssociatedItem>>,
    #[serde(default)]
    pub(crate) volume_snapshots: Option<Vec<AssociatedItem>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AssociatedItem {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
}
