//! The shared bootstrap stage: what the file wants in a cluster, as nodes of the graph, and the resources that make it.
//!
//! [`expand`] is pure: it reads the user's manifests through [`Files`], renders them as far as that can be done before anything
//! exists, and gives nodes. [`resources`] gives what the engine calls to make them; those render again with the real inputs.

mod expand;
mod files;
pub mod kinds;
mod kustomize;
pub mod render;
mod resources;

pub use expand::{ExpandRequest, expand};
pub use files::{DiskFiles, Files};
pub use kustomize::{KustomizeError, kustomize};
pub use resources::{Kinds, resources};

/// The provider instance of what is in clusters.
pub const KUBERNETES: &str = "kubernetes";

/// The provider instance of what needs no provider, such as generated passwords.
pub const INFRA: &str = "infra";
