//! Clusters.

use indexmap::IndexMap;
use serde::Serialize;

use super::{Existing, KubernetesVersion, Pool, Reference, SpecPath, Taint};
use crate::node::Node;
use crate::source::Location;

/// A Kubernetes cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Its name in the file; `main` for the short form `cluster:`.
    pub name: String,
    /// The provider instance that it is on.
    pub provider: Reference,
    /// Set when the cluster is somebody else's: read only.
    pub existing: Option<Existing>,
    /// Version of Kubernetes; without one the provider's default.
    pub version: Option<KubernetesVersion>,
    /// Number of control plane nodes, where the provider lets one choose.
    pub masters: Option<u32>,
    /// Whether the control plane is to survive the loss of a node.
    pub high_availability: Option<bool>,
    /// The network that the nodes are in.
    pub network: Option<Network>,
    /// When the provider may maintain the cluster.
    pub maintenance_window: Option<MaintenanceWindow>,
    /// Whether the provider may install patch versions by itself.
    pub auto_upgrade: Option<bool>,
    /// Whether an upgrade adds new nodes before it removes old ones.
    pub surge_upgrade: Option<bool>,
    /// Node pools in the order of the file.
    pub pools: Vec<Pool>,
    /// Labels and taints of nodes, set in the cluster.
    pub nodes: Vec<NodeSettings>,
    /// Labels at the provider, key and value.
    pub labels: IndexMap<String, String>,
    /// Tags at the provider.
    pub tags: Vec<String>,
    /// How the cluster appears in the user's kubeconfig.
    pub kubeconfig: Option<KubeconfigEntry>,
    /// In a provider's own words, by the provider's name or type.
    pub on: IndexMap<String, Node>,
    /// Where the cluster stands in the file.
    #[serde(skip)]
    pub location: Location,
}

impl Cluster {
    /// The pool of this name.
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.name == name)
    }
}

/// Labels and taints of nodes that no pool of the file describes.
#[derive(Clone, Debug, Serialize)]
pub struct NodeSettings {
    /// Its name in the file.
    pub name: String,
    /// Which nodes.
    pub select: NodeSelection,
    /// Labels that they have.
    pub labels: IndexMap<String, String>,
    /// Taints that they have.
    pub taints: Vec<Taint>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// Which nodes: those of these names and labels; all if nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeSelection {
    /// Names; any if empty.
    pub names: Vec<String>,
    /// Labels that they have.
    pub labels: IndexMap<String, String>,
}

/// The network of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// Name or id at the provider.
    pub name: Option<String>,
    /// Whether it is somebody else's: used, never changed.
    pub existing: bool,
    /// Addresses of the nodes, as a CIDR block.
    pub range: Option<String>,
    /// Addresses of the pods, as a CIDR block.
    pub pod_range: Option<String>,
    /// Addresses of the services, as a CIDR block.
    pub service_range: Option<String>,
}

/// A weekly window for maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MaintenanceWindow {
    /// The day.
    pub day: MaintenanceDay,
    /// The hour at which it begins, UTC.
    pub hour: u8,
    /// The minute at which it begins, UTC.
    pub minute: u8,
}

/// The day of a maintenance window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "days explain themselves")]
pub enum MaintenanceDay {
    /// Any day of the week.
    Any,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// How a cluster appears in the user's kubeconfig.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KubeconfigEntry {
    /// Name of the context.
    pub context: Option<String>,
    /// The kubeconfig file; without one the user's default.
    pub path: Option<SpecPath>,
}
