//! The DigitalOcean provider: managed Kubernetes (DOKS), the container registry and reserved IPs.
//!
//! [`connect`] makes a provider from a block of the file. Permissions, quotas and gaps: README.md.

mod api;
mod client;
mod config;
mod error;
mod expand;
mod kinds;
mod leftovers;
mod preflight;
mod provider;
mod survey;

pub use config::{Config, Rehearsal, connect};
pub use provider::DigitalOcean;

/// The JSON schema of the provider's block of the file.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).into()
}

/// The `type` of this provider in the file.
pub const TYPE: &str = "digitalocean";
