//! The emulated Kubernetes API.

pub mod machinery;
