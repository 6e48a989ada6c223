//! Node pools: counts, sizes, labels and taints.

use std::fmt;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use crate::node::Node;
use crate::quantity::{Bytes, Cpus};
use crate::source::Location;

/// A pool of equal nodes.
#[derive(Clone, Debug, Serialize)]
pub struct Pool {
    /// Its name, unique in the cluster.
    pub name: String,
    /// Number of nodes; with autoscaling the number to begin with.
    pub count: u32,
    /// Bounds of autoscaling; `None` when the count is fixed.
    pub autoscale: Option<Autoscale>,
    /// Size of each node; `None` leaves it to the provider or to `on`.
    pub size: Option<Size>,
    /// Kubernetes labels of the nodes.
    pub labels: IndexMap<String, String>,
    /// Kubernetes taints of the nodes.
    pub taints: Vec<Taint>,
    /// Tags at the provider.
    pub tags: Vec<String>,
    /// In a provider's own words, by the provider's name or type.
    pub on: IndexMap<String, Node>,
    /// Where the pool stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// Bounds of autoscaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Autoscale {
    /// The fewest nodes.
    pub min: u32,
    /// The most nodes.
    pub max: u32,
}

/// Size of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Size {
    /// In the provider's own words (`s-2vcpu-4gb`, `g1.xlarge`).
    Named(String),
    /// By need: the provider chooses the cheapest size that fits.
    Needs(Needs),
}

/// What a node needs at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Processors.
    pub cpus: Option<Cpus>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Graphics processors; 0 when not asked for.
    pub gpus: u32,
}

/// A Kubernetes taint. Written `key=value:Effect` or `key:Effect`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Taint {
    /// The key, with its prefix.
    pub key: String,
    /// The value; often empty.
    pub value: String,
    /// What it does to pods that do not tolerate it.
    pub effect: Effect,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Effect {
    /// They are not scheduled on the node.
    NoSchedule,
    /// They are scheduled elsewhere if possible.
    PreferNoSchedule,
    /// They are not scheduled, and evicted if they run already.
    NoExecute,
}

impl Effect {
    /// All effects, in the API's words.
    pub const ALL: [(&'static str, Self); 3] = [
        ("NoSchedule", Self::NoSchedule),
        ("PreferNoSchedule", Self::PreferNoSchedule),
        ("NoExecute", Self::NoExecute),
    ];

    /// The effect in the API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSchedule => "NoSchedule",
            Self::PreferNoSchedule => "PreferNoSchedule",
            Self::NoExecute => "NoExecute",
        }
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}:{}", self.key, self.value, self.effect.as_str())
    }
}

impl Serialize for Taint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
