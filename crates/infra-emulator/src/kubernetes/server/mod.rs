//! The API server: store, TLS, HTTP, access, admission; and [`Cluster`], which starts it together with its controllers.

mod access;
mod api;
mod behaviour;
mod bootstrap;
mod client;
mod cluster;
mod error;
mod faults;
mod handlers;
mod http;
mod nodes;
mod pod_logs;
mod protobuf;
mod quantity;
mod registry;
mod security;
mod store;
mod streams;

pub(crate) use api::{Api, now, storage_name, time_text};
pub(crate) use behaviour::seconds;
pub use behaviour::{ExecAnswer, PodBehaviour, PodScript};
pub(crate) use bootstrap::DEFAULT_PROVISIONER;
pub(crate) use client::Client;
pub(crate) use cluster::Interceptor;
pub use cluster::{Cluster, ClusterOptions};
pub use error::EmulatorError;
pub use faults::{ApiFaults, RequestFault};
pub use nodes::NodeOptions;
pub(crate) use quantity::Quantity;
pub(crate) use registry::{namespace_usage, pod_resources, suffix};
pub use security::Identity;
pub(crate) use security::TokenSubject;
pub(crate) use store::{Change, ChangeKind, Key};
