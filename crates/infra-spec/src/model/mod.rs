//! What a file says, checked: every reference leads somewhere, every default that needs no cloud is filled in.
//!
//! Provider blocks and `on:` stay raw [`crate::Node`]s; provider crates decode them.

mod address;
mod cluster;
mod content;
mod image;
mod names;
mod pool;
mod provider;
mod registry;
mod spec;
mod stack;
mod state;
mod storage;
mod workload;

pub use address::{Address, Binding};
pub use cluster::{
    Cluster, KubeconfigEntry, MaintenanceDay, MaintenanceWindow, Network, NodeSelection,
    NodeSettings,
};
pub use content::{Content, ContentFile, NfsVolume};
pub use image::Image;
pub use names::{Existing, ItemReference, KubernetesVersion, Reference, SpecPath};
pub use pool::{Autoscale, Effect, Needs, Pool, Size, Taint};
pub use provider::ProviderBlock;
pub use registry::Registry;
pub use spec::Spec;
pub use stack::{Chart, ChartSource, ItemSource, StackItem};
pub use state::{State, StateBackend};
pub use storage::{ReclaimPolicy, StorageClass, VolumeBindingMode};
pub use workload::{
    Alphabet, Endpoint, EndpointScheme, Password, PullSecret, PullSecretSource, SmokeTest,
};
