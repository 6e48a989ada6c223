//! The bootstrap stage against the emulated Kubernetes API: the examples, changes, drift, prune, failures.

mod suite;
