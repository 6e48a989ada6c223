//! Server-side apply, live diff, readiness, prune and removal against a Kubernetes API.
//!
//! [`Clients`] gives a [`Cluster`] per address; everything else works on that. Objects are JSON, as the API speaks it: what
//! infra knows of a kind is where its path is ([`kinds`]), when it is ready ([`readiness`]) and what stands in its way
//! ([`blocked`]). Nothing here keeps state of its own: what an item applied is in an [`Inventory`] in the cluster.

mod apply;
pub mod blocked;
mod client;
mod compare;
mod delete;
mod endpoints;
mod failure;
mod follow;
mod identity;
mod inventory;
mod job;
pub mod kinds;
mod live;
mod logs;
mod object;
mod parallel;
pub mod pods;
mod quantity;
pub mod readiness;
mod request;
mod session;
mod wait;
mod watch;

pub use apply::{ApplyOptions, apply};
pub use client::{Clients, Cluster};
pub use compare::{changes_between, same_value};
pub use delete::{delete, wait_gone};
pub use endpoints::{Port, ports};
pub use failure::Failure;
pub use identity::{Identity, identify, marked};
pub use inventory::Inventory;
pub use job::{JobOutcome, run_job};
pub use kinds::Resource;
pub use kube::api::{AttachedProcess, TerminalSize};
pub use live::{Desired, Finding, LiveDiff, created, fetch, live_diff, removable};
pub use logs::{LogLine, LogOptions, logs};
pub use object::{Json, ObjectRef, prepare};
pub use quantity::quantity;
pub use request::Propagation;
pub use session::{ExecOptions, PodPort, exit_code};
pub use wait::{WaitOptions, binds_at_first_consumer, wait_ready};

/// The field manager of everything that infra applies.
pub const FIELD_MANAGER: &str = "infra";

/// What the annotations and labels begin with that infra puts on objects.
pub const PREFIX: &str = "infra-rs.github.io";
