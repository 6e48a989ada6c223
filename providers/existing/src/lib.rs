//! The provider of clusters that are there already: any cluster that a kubeconfig leads to.
//!
//! [`connect`] makes a provider from a block of the file. The cluster is referenced: it is looked at and used, and never changed or
//! deleted. What a kubeconfig may hold: README.md.

mod config;
mod execute;
mod expand;
mod kinds;
mod kubeconfig;
mod provider;

pub use config::{Config, Rehearsal, connect};
pub use provider::ExistingClusters;

/// The JSON schema of the provider's block of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).into()
}

/// The `type` of this provider in the file.
pub const TYPE: &str = "existing";
