//! An OCI registry with its data on disk, as it stands behind `registry.digitalocean.com`.
//!
//! Pushing (at once, in chunks, by mounting), pulling, tags with paging, deletion and referrers, with bearer tokens that the
//! DigitalOcean emulator issues. Which registries exist, and who may do what, is the cloud's to say: see [`Authority`].

mod blobs;
mod error;
mod manifests;
mod names;
mod service;
mod show;
mod store;
mod tokens;
mod uploads;

pub(crate) use names::{Reference, split_registry};
pub(crate) use service::{Authority, RegistryService};
pub(crate) use show::show;
pub(crate) use store::{ManifestRecord, Store};
pub(crate) use tokens::{Access, Tokens};

/// The host name in image references that pods and users write.
pub(crate) const HOST: &str = "registry.digitalocean.com";
