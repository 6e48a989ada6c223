//! [`Outline`]: the plan as a listener needs it, sent as the first event so that it can size itself.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an operation does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Looks it up and changes nothing.
    Read,
    /// Takes what is there into the state.
    Adopt,
    /// Makes it.
    Create,
    /// Changes it in place.
    Update,
    /// Deletes it and makes it anew. Shown in plans; executed as a deletion and a creation.
    Replace,
    /// Waits until it is ready.
    Wait,
    /// Deletes it.
    Delete,
    /// Drops it from the state and leaves it where it is.
    Forget,
}

impl Action {
    /// The word in lower case, such as `create`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Adopt => "adopt",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Wait => "wait",
            Self::Delete => "delete",
            Self::Forget => "forget",
        }
    }

    /// The sign that plans put before a line: `+`, `~`, `-/+`, `-`, `>` and so on.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Read => "?",
            Self::Adopt => ">",
            Self::Create => "+",
            Self::Update => "~",
            Self::Replace => "-/+",
            Self::Wait => ".",
            Self::Delete => "-",
            Self::Forget => "x",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One operation of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutlineOperation {
    /// Number of the operation in its plan; events refer to it.
    pub id: u32,
    /// Address of the resource.
    pub address: String,
    /// Kind of the resource, such as `node_pool`.
    pub kind: String,
    /// Instance of the provider, or `kubernetes` for what is in a cluster.
    pub provider: String,
    /// What is done.
    pub action: Action,
    /// Operations that must have succeeded before.
    pub after: Vec<u32>,
    /// World seconds that it took in earlier runs, or that the provider expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_seconds: Option<f64>,
    /// Addresses of the objects that belong to it (of a set of manifests, a release).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
}

/// How many resources a plan creates, changes and deletes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Resources to be created, incl. those to be replaced.
    pub create: usize,
    /// Resources to be changed in place.
    pub update: usize,
    /// Resources to be replaced.
    pub replace: usize,
    /// Resources to be deleted, without those to be replaced.
    pub delete: usize,
    /// Resources to be adopted.
    pub adopt: usize,
    /// Resources to be dropped from the state.
    pub forget: usize,
    /// Resources that stay as they are.
    pub unchanged: usize,
}

/// The plan as a listener needs it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// The operations, in an order in which they could run one by one.
    pub operations: Vec<OutlineOperation>,
    /// Counts.
    pub totals: Totals,
    /// What all resources of the plan cost a month, in `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_cost: Option<f64>,
    /// Costs by address, where known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<(String, f64)>,
    /// Currency of the costs, such as `USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}
