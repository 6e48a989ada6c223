//! The emulated cluster over real HTTPS, in a world whose clock jumps.

// The harness and its helpers are test code too, though not marked as such one by one.
#![allow(clippy::unwrap_used)]

#[path = "kubernetes/access.rs"]
mod access;
#[path = "kubernetes/harness.rs"]
mod harness;
#[path = "kubernetes/nodes.rs"]
mod nodes;
#[path = "kubernetes/persistence.rs"]
mod persistence;
#[path = "kubernetes/volumes.rs"]
mod volumes;
#[path = "kubernetes/watches.rs"]
mod watches;
#[path = "kubernetes/webhooks.rs"]
mod webhooks;
#[path = "kubernetes/workloads.rs"]
mod workloads;
