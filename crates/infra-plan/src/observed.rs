//! [`Observed`]: what the cloud or the cluster says of a resource.

use infra_event::{Action, Diagnostic};
use serde::{Deserialize, Serialize};

use crate::{Address, Change, Secret, Value};

/// How ready a resource is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Readiness {
    /// It can be used.
    Ready,
    /// Not yet.
    Pending {
        /// What it is waiting for.
        reason: String,
        /// What is in the way, if something is.
        blocked: Option<String>,
    },
    /// It will not become ready without help.
    Failed {
        /// Why.
        reason: String,
    },
    /// It is being deleted.
    Deleting,
}

/// An object that belongs to a resource, such as one of a set of manifests: a row of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its address, within that of the resource.
    pub address: Address,
    /// What happens to it; `None` if nothing.
    pub action: Option<Action>,
    /// What changes, or all of it when it is made.
    pub changes: Vec<Change>,
}

impl Row {
    /// The same row with every secret passed through `change`.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_secrets<E>(
        &self,
        change: &mut impl FnMut(&Secret) -> Result<Secret, E>,
    ) -> Result<Self, E> {
        let changes =
            self.changes.iter().map(|one| one.map_secrets(change)).collect::<Result<_, E>>()?;
        Ok(Self { address: self.address.clone(), action: self.action, changes })
    }
}

/// What the cloud or the cluster says of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Id in the cloud.
    pub id: String,
    /// Live values, in the shape of the inputs. Keys that the API does not tell are absent.
    pub fields: Value,
    /// What others may refer to.
    pub outputs: Value,
    /// How ready it is.
    pub readiness: Readiness,
    /// Whether it bears this deployment's marker for this address, or may be taken for ours by its identity class.
    pub ours: bool,
    /// The rows of a resource that compares its objects by itself, with their changes.
    pub rows: Option<Vec<Row>>,
    /// What the plan must say besides. An error among them makes that the plan cannot be applied.
    pub remarks: Vec<Diagnostic>,
}

impl Observed {
    /// A ready resource of ours, with nothing but an id.
    pub fn ready(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            fields: Value::Null,
            outputs: Value::Null,
            readiness: Readiness::Ready,
            ours: true,
            rows: None,
            remarks: Vec::new(),
        }
    }
}
