//! Storage classes, addresses, registries and images as they are written.
#![allow(dead_code, reason = "the types exist for the schema that is derived from them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::cluster_form::{ExistingForm, OnForm};

/// A storage class of Kubernetes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StorageClassForm {
    /// Its name in the cluster.
    #[schemars(length(min = 1, max = 253), example = &"standard")]
    name: String,
    /// Whether claims without a class get this one.
    default: Option<bool>,
    /// The clusters that it is made in; all unless given.
    clusters: Option<Vec<String>>,
    /// The provisioner; the provider's unless given.
    provisioner: Option<String>,
    /// Parameters of the provisioner.
    parameters: Option<BTreeMap<String, String>>,
    /// What becomes of a volume whose claim is deleted.
    reclaim_policy: Option<ReclaimForm>,
    /// When a volume is made.
    volume_binding_mode: Option<BindingModeForm>,
    /// Whether claims may grow.
    allow_volume_expansion: Option<bool>,
    /// In a provider's own words.
    on: Option<OnForm>,
}

/// What becomes of a volume whose claim is deleted.
#[derive(JsonSchema)]
pub(super) enum ReclaimForm {
    Delete,
    Retain,
}

/// When a volume is made.
#[derive(JsonSchema)]
pub(super) enum BindingModeForm {
    Immediate,
    WaitForFirstConsumer,
}

/// A lasting public address.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct AddressForm {
    /// Its name in the file.
    #[schemars(example = &"hub")]
    name: String,
    /// The provider instance that it is from.
    provider: Option<String>,
    /// The address is somebody else's and only used: `true`, or the address or its id.
    existing: Option<ExistingForm>,
    /// What it is bound to.
    bind: Option<BindForm>,
    /// In a provider's own words.
    on: Option<OnForm>,
}

/// What an address is bound to.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum BindForm {
    /// `load_balancer`, or `node` for any node of the only cluster.
    Word(BindWordForm),
    /// The first node of a pool.
    Pool(BindPoolForm),
}

/// A load balancer or a node.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum BindWordForm {
    LoadBalancer,
    Node,
}

/// A node of a pool.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct BindPoolForm {
    /// The cluster; the only one unless given.
    cluster: Option<String>,
    /// The pool.
    pool: String,
}

/// A registry for images.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct RegistryForm {
    /// Its name here and at the provider.
    #[schemars(example = &"images")]
    name: String,
    /// The provider instance; may be another one than the cluster's.
    provider: Option<String>,
    /// The registry is somebody else's and only used: `true`, or its name or id.
    existing: Option<ExistingForm>,
    /// The provider's word for its size.
    #[schemars(example = &"basic")]
    tier: Option<String>,
    /// The region, if not that of the provider instance.
    region: Option<String>,
    /// The clusters that may pull without a pull secret; all of the same provider instance unless given.
    integrate: Option<Vec<String>>,
    /// In a provider's own words.
    on: Option<OnForm>,
}

/// An image from an OCI layout on disk.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ImageForm {
    /// Name of the repository in the registries.
    #[schemars(example = &"app")]
    name: String,
    /// The folder that holds the OCI layout, relative to this file.
    #[schemars(example = &"./app")]
    oci_layout: String,
    /// Tag in the registries; `latest` unless given.
    tag: Option<String>,
    /// The registries that it is pushed to; the only one unless given.
    to: Option<Vec<String>>,
}
