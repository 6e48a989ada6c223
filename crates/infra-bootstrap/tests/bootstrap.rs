//! The bootstrap stage against the emulated Kubernetes API: the examples, changes, drift, prune, failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod suite;
