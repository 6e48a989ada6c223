//! What the API serves: one table of resources, from which routing, discovery and schemas follow.
//!
//! Built-in kinds are those of kube-apiserver 1.36 with default features; kinds of CustomResourceDefinitions come and go.

mod builtin;
mod discovery;
mod open_api;
mod registry;
mod rows;
#[cfg(test)]
mod tests;

pub use registry::{GroupVersionKind, Resource, Scheme, Subresource};
