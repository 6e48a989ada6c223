//! The provider SDK: resource traits, errors, HTTP with retries, waits.
//!
//! A provider is a declared set of [`Capabilities`] plus a [`Resource`] for each of its kinds. The engine calls resources through
//! these traits and knows nothing else of a cloud; a provider never loops, retries or draws by itself: [`http::HttpClient`] retries,
//! [`poll`] waits, [`Context`] tells what is going on.

mod access;
mod context;
mod error;
pub mod http;
mod provider;
mod resource;
mod wait;

pub use access::{AccessError, AccessSource, ClusterAccess, Credential, RegistryLogin};
pub use context::{Context, Progress};
pub use error::{ErrorKind, ProviderError, Retry};
pub use provider::{
    Capabilities, ExpandRequest, Findings, OfferedSize, Provider, Survey, choose_size,
};
pub use resource::{Created, Goal, Resource, Subject, decode};
pub use wait::{Probe, Schedule, poll};
