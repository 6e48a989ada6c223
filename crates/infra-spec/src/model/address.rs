//! Addresses that outlive what they lead to.

use indexmap::IndexMap;
use serde::Serialize;

use super::{Existing, Reference};
use crate::node::Node;
use crate::source::Location;

/// A lasting public address: what that is, each provider declares.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    /// Its name in the file.
    pub name: String,
    /// The provider instance that it is from.
    pub provider: Reference,
    /// Set when the address is somebody else's or was made by hand: used, never released.
    pub existing: Option<Existing>,
    /// What it is to be bound to; `None` leaves it to the provider and to the stack item that names it.
    pub bind: Option<Binding>,
    /// In a provider's own words, by the provider's name or type.
    pub on: IndexMap<String, Node>,
    /// Where the address stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// What an address is bound to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The load balancer of the stack item that names the address.
    LoadBalancer,
    /// A node of the cluster.
    Node {
        /// The cluster.
        cluster: Reference,
        /// The pool whose first node gets it; `None` for any node.
        pool: Option<Reference>,
    },
}
