//! [`Graph`]: the desired resources and what they depend on.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{Address, Row, Secret, Value};

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

    /// Everything that must be ready before it is made: what its inputs refer to, and `after`.
    pub fn dependencies(&self) -> BTreeSet<Address> {
        let referred =
            self.inputs.references().into_iter().map(|reference| reference.address.clone());
        self.after.iter().cloned().chain(referred).collect()
    }
}

/// Why nodes do not make a graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two resources have one address.
    #[error("`{0}` is described twice: give one of them another name")]
    Twice(Address),
    /// Something depends on what is not there.
    #[error(
        "`{from}` needs `{to}`, which is not described anywhere: describe it, or drop what names it"
    )]
    Missing {
        /// Who needs it.
        from: Address,
        /// What is missing.
        to: Address,
    },
    /// Resources need each other.
    #[error("these need each other, so that none can be first: {}", .0.iter().map(Address::as_str).collect::<Vec<_>>().join(" -> "))]
    Cycle(Vec<Address>),
}

/// The desired resources and what they depend on; free of cycles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub struct Graph {
    nodes: IndexMap<Address, Node>,
}

/// A graph as it is read, maybe edited by hand: checked like a new one.
#[derive(Deserialize)]
struct Saved {
    nodes: IndexMap<Address, Node>,
}

impl TryFrom<Saved> for Graph {
    type Error = GraphError;

    fn try_from(saved: Saved) -> Result<Self, GraphError> {
        Self::new(saved.nodes.into_values())
    }
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

    /// The nodes, to change their values; what they depend on must stay.
    pub(crate) fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.nodes.values_mut()
    }

    /// The node at an address.
    pub fn get(&self, address: &Address) -> Option<&Node> {
        self.nodes.get(address)
    }

    /// The same graph with every secret passed through `change`.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_secrets<E>(
        &self,
        change: &mut impl FnMut(&Secret) -> Result<Secret, E>,
    ) -> Result<Self, E> {
        let mut graph = self.clone();
        for node in graph.nodes.values_mut() {
            node.inputs = node.inputs.map_secrets(change)?;
            for row in &mut node.rows {
                *row = row.map_secrets(change)?;
            }
        }
        Ok(graph)
    }

    /// The same graph with other inputs; they must not refer to anything else.
    pub(crate) fn map_inputs(&self, mut change: impl FnMut(&Node) -> Value) -> Self {
        let mut graph = self.clone();
        for node in graph.nodes.values_mut() {
            node.inputs = change(node);
        }
        graph
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
fn sorted(all: IndexMap<Address, Node>) -> Result<IndexMap<Address, Node>, GraphError> {
    let dependencies: Vec<Vec<usize>> = all
        .values()
        .map(|node| {
            let mut places: Vec<_> = node
                .dependencies()
                .iter()
                .filter_map(|address| all.get_index_of(address))
                .collect();
            // The last comes first off the stack of what is to be visited.
            places.sort_unstable_by(|a, b| b.cmp(a));
            places
        })
        .collect();
    let order = depth_first(&dependencies).map_err(|cycle| {
        let address = |place: usize| all.get_index(place).map(|(address, _)| address.clone());
        GraphError::Cycle(cycle.into_iter().filter_map(address).collect())
    })?;
    let mut slots: Vec<_> = all.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|place| slots.get_mut(place)?.take()).collect())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    OnPath,
    Done,
}

/// An order in which each place stands after its dependencies, or a cycle, its first place also at its end.
///
/// Without recursion, so that a long chain cannot exhaust the stack.
fn depth_first(dependencies: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut visits = vec![Visit::Not; dependencies.len()];
    let mut order = Vec::with_capacity(dependencies.len());
    for start in 0..dependencies.len() {
        let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut next = Some(start);
        loop {
            if let Some(place) = next.take() {
                match visits[place] {
                    Visit::Done => {}
                    Visit::OnPath => {
                        let mut cycle: Vec<_> = path
                            .iter()
                            .map(|(on_path, _)| *on_path)
                            .skip_while(|on_path| *on_path != place)
                            .collect();
                        // Told in the direction of "needs", as the path was walked.
                        cycle.push(place);
                        return Err(cycle);
                    }
                    Visit::Not => {
                        visits[place] = Visit::OnPath;
                        path.push((place, dependencies[place].clone()));
                    }
                }
            }
            let Some((place, waiting)) = path.last_mut() else { break };
            next = waiting.pop();
            if next.is_none() {
                visits[*place] = Visit::Done;
                order.push(*place);
                path.pop();
            }
        }
    }
    Ok(order)
}
