//! What handlers and events can reach besides the account's own state.

use std::sync::Arc;

use super::clusters::model::Cluster;
use crate::registry::Store;
use crate::runtime::{Dates, Faults, World};

/// The surroundings of the account.
pub(super) struct Context {
    pub(super) world: Arc<World>,
    pub(super) faults: Arc<Faults>,
    pub(super) dates: Dates,
    /// Images of all registries.
    pub(super) images: Arc<Store>,
}

/// How a running cluster is reached.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) server: String,
    pub(super) certificate_authority: String,
}

/// Finds out how a cluster is reached.
pub(super) trait Clusters: Send + Sync {
    fn reach(&self, cluster: &Cluster) -> Option<Reach>;
}
