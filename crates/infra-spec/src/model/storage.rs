//! Storage classes.

use indexmap::IndexMap;
use serde::Serialize;

use super::Reference;
use crate::node::Node;
use crate::source::Location;
use crate::text::Text;

/// A storage class of Kubernetes.
#[derive(Clone, Debug, Serialize)]
pub struct StorageClass {
    /// Its name in the cluster.
    pub name: String,
    /// Whether claims without a class get this one.
    pub default: bool,
    /// The clusters that it is made in; all of the file unless named.
    pub clusters: Vec<Reference>,
    /// The provisioner; without one the provider's.
    pub provisioner: Option<String>,
    /// Parameters of the provisioner.
    pub parameters: IndexMap<String, Text>,
    /// What becomes of a volume whose claim is deleted; without one the provisioner's default.
    pub reclaim_policy: Option<ReclaimPolicy>,
    /// When a volume is made.
    pub volume_binding_mode: Option<VolumeBindingMode>,
    /// Whether claims may grow.
    pub allow_volume_expansion: Option<bool>,
    /// In a provider's own words, by the provider's name or type.
    pub on: IndexMap<String, Node>,
    /// Where the class stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// What becomes of a volume whose claim is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ReclaimPolicy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
}

/// When a volume is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum VolumeBindingMode {
    /// With its claim.
    Immediate,
    /// With the first pod that uses the claim.
    WaitForFirstConsumer,
}
