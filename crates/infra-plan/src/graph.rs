//! [`Graph`]: the desired resources and what they depend on.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Address, Row, Value};

/// Whose a resource is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// Made by this deployment.
    #[default]
    Owned,
    /// Made by somebody else and taken over; deleted only on request.
    Adopted,
    /// Somebody else's: read, never changed or deleted.
    Referenced,
}

/// A desired resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its address.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// Instance of the provider that it belongs to; `kubernetes` for what is in a cluster.
    pub provider: String,
    /// Its fields.
    pub inputs: Value,
    /// What must be ready before it is made, besides what its inputs refer to.
    #[serde(default)]
    pub after: Vec<Address>,
    /// Whose it is.
    #[serde(default)]
    pub ownership: Ownership,
    /// Whether deleting or replacing it needs the user's word, beyond what its kind says.
    #[serde(default)]
    pub protected: bool,
    /// The objects that it will consist of, as far as they can be known.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// What it costs a month, in US dollars.
    #[serde(default)]
    pub monthly_cost: Option<f64>,
    /// A few words about choices that were made for it, such as the size that was chosen.
    #[serde(default)]
    pub note: Option<String>,
}

impl Node {
    /// An owned resource without dependencies beyond those of its inputs.
    pub fn new(address: Address, kind: &str, provider: &str, inputs: Value) -> Self {
        Self {
            address,
            kind: kind.to_owned(),
            provider: provider.to_owned(),
            inputs,
            after: Vec::new(),
            ownership: Ownership::Owned,
            protected: false,
            rows: Vec::new(),
            monthly_cost: None,
            note: None,
        }
    }

    /// Everything that must be ready before it is made.
    pub fn dependencies(&self) -> BTreeSet<Address> {
        let referred =
            self.inputs.references().into_iter().map(|reference| reference.address.clone());
        let mut all: BTreeSet<_> = self.after.iter().cloned().chain(referred).collect();
        all.remove(&self.address);
        all
    }
}

/// Why nodes do not make a graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two resources have one address.
    #[error("`{0}` is described twice")]
    Twice(Address),
    /// Something depends on what is not there.
    #[error("`{from}` needs `{to}`, which is not described anywhere")]
    Missing {
        /// Who needs it.
        from: Address,
        /// What is missing.
        to: Address,
    },
    /// Resources need each other.
    #[error("these need each other: {}", .0.iter().map(Address::as_str).collect::<Vec<_>>().join(" -> "))]
    Cycle(Vec<Address>),
}

/// The desired resources and what they depend on; free of cycles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    nodes: IndexMap<Address, Node>,
}

impl Graph {
    /// The graph of these nodes, in an order in which each stands after what it depends on.
    ///
    /// # Errors
    /// When an address is there twice, a dependency is not there, or there is a cycle.
    pub fn new(nodes: impl IntoIterator<Item = Node>) -> Result<Self, GraphError> {
        let mut all = IndexMap::new();
        for node in nodes {
            if let Some(twice) = all.insert(node.address.clone(), node) {
                return Err(GraphError::Twice(twice.address));
            }
        }
        for node in all.values() {
            if let Some(to) = node.dependencies().into_iter().find(|to| !all.contains_key(to)) {
                return Err(GraphError::Missing { from: node.address.clone(), to });
            }
        }
        Ok(Self { nodes: sorted(all)? })
    }

    /// The nodes, each after what it depends on.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = &Node> {
        self.nodes.values()
    }

    /// The node at an address.
    pub fn get(&self, address: &Address) -> Option<&Node> {
        self.nodes.get(address)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// Sorts so that each node stands after its dependencies; otherwise the given order is kept.
fn sorted(mut all: IndexMap<Address, Node>) -> Result<IndexMap<Address, Node>, GraphError> {
    let mut order = Vec::with_capacity(all.len());
    let mut done = BTreeSet::new();
    for start in all.keys() {
        // Depth first without recursion, so that a long chain cannot exhaust the stack.
        let mut path: Vec<(Address, Vec<Address>)> = Vec::new();
        let mut next = Some(start.clone());
        while let Some(address) = next.take() {
            if done.contains(&address) {
                next = advance(&mut path, &mut done, &mut order);
                continue;
            }
            if let Some(at) = path.iter().position(|(on_path, _)| *on_path == address) {
                let mut cycle: Vec<_> =
                    path[at..].iter().map(|(address, _)| address.clone()).collect();
                cycle.push(address);
                return Err(GraphError::Cycle(cycle));
            }
            let waiting = all.get(&address).map(Node::dependencies).unwrap_or_default();
            path.push((address, waiting.into_iter().rev().collect()));
            next = advance(&mut path, &mut done, &mut order);
        }
    }
    Ok(order.into_iter().filter_map(|address| all.shift_remove_entry(&address)).collect())
}

/// The next address to visit; finishes those that wait for nothing more.
fn advance(
    path: &mut Vec<(Address, Vec<Address>)>,
    done: &mut BTreeSet<Address>,
    order: &mut Vec<Address>,
) -> Option<Address> {
    while let Some((address, waiting)) = path.last_mut() {
        if let Some(next) = waiting.pop() {
            return Some(next);
        }
        if done.insert(address.clone()) {
            order.push(address.clone());
        }
        path.pop();
    }
    None
}
