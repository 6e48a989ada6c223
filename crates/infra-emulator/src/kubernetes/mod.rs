//! An emulated Kubernetes cluster: API server ([`Cluster`]), the rules of its API, and the controllers that make workloads live.

mod controllers;
pub mod machinery;
mod server;

pub use server::{
    ApiFaults, Cluster, ClusterOptions, EmulatorError, ExecAnswer, Identity, NodeOptions,
    PodBehaviour, PodScript, RequestFault,
};
pub(crate) use server::{Client, Interceptor};
