//! The root of the model.

use indexmap::IndexMap;
use serde::Serialize;

use super::{
    Address, Cluster, Image, ItemReference, ProviderBlock, Registry, StackItem, State, StorageClass,
};

/// A whole specification: all `-f` files laid over each other, interpolated and checked.
#[derive(Clone, Debug, Serialize)]
pub struct Spec {
    /// Version of the file format: `infra/v1`.
    pub api_version: String,
    /// Name of the deployment.
    pub name: String,
    /// Provider instances by name.
    pub providers: IndexMap<String, ProviderBlock>,
    /// Clusters by name.
    pub clusters: IndexMap<String, Cluster>,
    /// Storage classes in the order of the file.
    pub storage_classes: Vec<StorageClass>,
    /// Addresses in the order of the file.
    pub addresses: Vec<Address>,
    /// Registries in the order of the file.
    pub registries: Vec<Registry>,
    /// Images in the order of the file.
    pub images: Vec<Image>,
    /// What runs on the clusters, in the order of the file.
    pub stack: Vec<StackItem>,
    /// Where the state is kept.
    pub state: State,
}

impl Spec {
    /// The address of this name.
    pub fn address(&self, name: &str) -> Option<&Address> {
        self.addresses.iter().find(|address| address.name == name)
    }

    /// The registry of this name.
    pub fn registry(&self, name: &str) -> Option<&Registry> {
        self.registries.iter().find(|registry| registry.name == name)
    }

    /// The stack item that a reference names.
    pub fn item(&self, reference: &ItemReference) -> Option<&StackItem> {
        self.stack
            .iter()
            .find(|item| item.name == reference.item && item.cluster.as_str() == reference.cluster)
    }

    /// Names of the provider blocks that something in the file uses.
    pub fn providers_in_use(&self) -> impl Iterator<Item = &str> {
        self.providers.values().filter(|block| block.in_use).map(|block| block.name.as_str())
    }
}
