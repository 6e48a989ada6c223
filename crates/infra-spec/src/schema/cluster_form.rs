//! Clusters and node pools as they are written.
#![allow(dead_code, reason = "the types exist for the schema that is derived from them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// Blocks in providers' own words, by the name or type of the provider.
pub(super) type OnForm = BTreeMap<String, Option<BTreeMap<String, Value>>>;

/// A Kubernetes cluster.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ClusterForm {
    /// The provider instance; else `--provider`, else the only one.
    #[schemars(example = &"digitalocean")]
    provider: Option<String>,
    /// The cluster is somebody else's and only used: `true`, or its name or id at the provider.
    existing: Option<ExistingForm>,
    /// Version of Kubernetes, in quotes; `latest` is the newest of the provider.
    #[schemars(regex(pattern = "^(latest|1\\.[0-9]+(\\.[0-9]+)?([-+][-A-Za-z0-9+._]+)?|.*\\$\\{.*)$"), example = &"1.33", example = &"latest")]
    version: Option<String>,
    /// Number of control plane nodes.
    #[schemars(range(min = 1, max = 9))]
    masters: Option<u32>,
    /// Whether the control plane is to survive the loss of a node.
    high_availability: Option<bool>,
    /// The network of the nodes: a map, or the name of an existing network.
    network: Option<NetworkForm>,
    /// When the provider may maintain the cluster.
    maintenance_window: Option<MaintenanceForm>,
    /// Whether the provider may install patch versions by itself.
    auto_upgrade: Option<bool>,
    /// Whether an upgrade adds new nodes before it removes old ones.
    surge_upgrade: Option<bool>,
    /// Node pools.
    pools: Option<Vec<PoolForm>>,
    /// Labels and taints of nodes, set in the cluster; for nodes that no pool of the file describes.
    nodes: Option<Vec<NodeSettingsForm>>,
    /// Labels at the provider.
    labels: Option<BTreeMap<String, String>>,
    /// Tags at the provider.
    tags: Option<Vec<String>>,
    /// How the cluster appears in your kubeconfig.
    kubeconfig: Option<KubeconfigForm>,
    /// In a provider's own words.
    on: Option<OnForm>,
}

/// Labels or taints, or both, of some nodes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("anyOf" = [{"required": ["labels"]}, {"required": ["taints"]}]))]
pub(super) struct NodeSettingsForm {
    /// Its name.
    name: String,
    /// Which nodes; all unless given.
    select: Option<NodeSelectionForm>,
    /// Labels.
    labels: Option<BTreeMap<String, String>>,
    /// Taints, as `key=value:Effect`.
    taints: Option<Vec<String>>,
}

/// Nodes of these names and labels.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct NodeSelectionForm {
    /// Names.
    names: Option<Vec<String>>,
    /// Labels.
    labels: Option<BTreeMap<String, String>>,
}

/// `true`, or the name, id or address at the provider.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum ExistingForm {
    /// It has the name that it has here.
    Same(bool),
    /// Its name, id or address.
    Named(#[schemars(length(min = 1))] String),
}

/// The network of a cluster.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum NetworkForm {
    /// The name of an existing network.
    Named(#[schemars(length(min = 1))] String),
    /// Its settings.
    Settings(NetworkSettingsForm),
}

/// Settings of a network.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct NetworkSettingsForm {
    /// Name or id at the provider.
    name: Option<String>,
    /// Whether it is somebody else's.
    existing: Option<bool>,
    /// Addresses of the nodes.
    #[schemars(example = &"10.10.0.0/16")]
    range: Option<String>,
    /// Addresses of the pods.
    pod_range: Option<String>,
    /// Addresses of the services.
    service_range: Option<String>,
}

/// A weekly window for maintenance.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct MaintenanceForm {
    /// The day; any unless given.
    day: Option<DayForm>,
    /// When it begins, UTC, in quotes.
    #[schemars(regex(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$"), example = &"04:00")]
    start: String,
}

/// A day of the week, or any.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum DayForm {
    Any,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// How a cluster appears in your kubeconfig.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct KubeconfigForm {
    /// Name of the context.
    context: Option<String>,
    /// The kubeconfig file; else your default.
    path: Option<String>,
}

/// A pool of equal nodes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PoolForm {
    /// Its name, unique in the cluster.
    #[schemars(regex(pattern = "^([a-z]([-a-z0-9]{0,38}[a-z0-9])?|.*\\$\\{.*)$"), example = &"default")]
    name: String,
    /// Number of nodes; 1 unless given, or `autoscale.min`.
    #[schemars(range(max = 5000))]
    count: Option<u32>,
    /// Bounds of autoscaling.
    autoscale: Option<AutoscaleForm>,
    /// Size of each node: needs, or the provider's name of a size.
    size: Option<SizeForm>,
    /// Kubernetes labels of the nodes.
    labels: Option<BTreeMap<String, String>>,
    /// Kubernetes taints of the nodes: `key=value:Effect` or `key:Effect`.
    taints: Option<Vec<TaintForm>>,
    /// Tags at the provider.
    tags: Option<Vec<String>>,
    /// In a provider's own words.
    on: Option<OnForm>,
}

/// A taint: `key=value:Effect` or `key:Effect`.
#[derive(JsonSchema)]
pub(super) struct TaintForm(
    #[schemars(regex(pattern = "^(.+:(NoSchedule|PreferNoSchedule|NoExecute)|.*\\$\\{.*)$"), example = &"nvidia.com/gpu=:NoSchedule")]
     String,
);

/// Bounds of autoscaling.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct AutoscaleForm {
    /// The fewest nodes.
    #[schemars(range(max = 5000))]
    min: u32,
    /// The most nodes.
    #[schemars(range(min = 1, max = 5000))]
    max: u32,
}

/// Size of a node.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum SizeForm {
    /// In the provider's own words.
    Named(#[schemars(length(min = 1), example = &"s-2vcpu-4gb")] String),
    /// By need: the cheapest size that fits is chosen.
    Needs(NeedsForm),
}

/// What a node needs at least.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct NeedsForm {
    /// Processors: `4`, `0.5` or `500m`.
    #[schemars(example = 4)]
    cpus: Option<NumberOrTextForm>,
    /// Memory.
    #[schemars(example = &"8GiB")]
    memory: Option<NumberOrTextForm>,
    /// Graphics processors.
    #[schemars(range(max = 64))]
    gpus: Option<u32>,
}

/// A number, or a number with its unit.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum NumberOrTextForm {
    /// A bare number.
    Number(f64),
    /// A number with its unit.
    Text(String),
}
