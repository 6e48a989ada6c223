//! [`Plan`]: what will be done, as an immutable value.

use std::collections::BTreeMap;
use std::fmt;

use infra_event::{Action, Diagnostic, Outline, OutlineOperation, Totals};
use serde::{Deserialize, Serialize};

use crate::{Address, Change, Graph, Marker, Ownership, Row, Secret, Value};

/// Version of the form of saved plans.
pub const PLAN_FORMAT: u32 = 1;

/// Number of an operation within its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One step of a plan. All its inputs are bound, or bound by name to another operation's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number.
    pub id: OperationId,
    /// Address of the resource.
    pub address: Address,
    /// Kind of the resource.
    pub kind: String,
    /// Instance of the provider.
    pub provider: String,
    /// What is done. Never `Replace`: that is a deletion and a creation.
    pub action: Action,
    /// Operations that must have succeeded before.
    pub after: Vec<OperationId>,
    /// The resource's fields; for a deletion those it had.
    pub inputs: Value,
    /// Id in the cloud of what is changed or deleted.
    pub prior_id: Option<String>,
    /// Whose the resource is.
    pub ownership: Ownership,
    /// What the resource depends on, kept in its record.
    pub depends_on: Vec<Address>,
    /// What changes.
    pub changes: Vec<Change>,
    /// The objects that belong to the resource.
    pub rows: Vec<Row>,
    /// Whether it is half of a replacement.
    pub replaces: bool,
    /// Whether the resource is protected.
    pub protected: bool,
    /// Only one operation with the same text here runs at a time.
    pub exclusive_within: Option<String>,
    /// World seconds that it is expected to take.
    pub expected_seconds: Option<f64>,
    /// Why it is done, or what was chosen, in a few words.
    pub note: Option<String>,
}

impl Operation {
    /// Whether it stands for a resource of ours that goes with the container that it is in: no call of its own is made.
    pub fn vanishes(&self) -> bool {
        self.action == Action::Forget
            && self.ownership == Ownership::Owned
            && self.prior_id.is_some()
    }
}

/// What will be done. Nothing in it is decided later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the form.
    pub format: u32,
    /// The deployment that it is for.
    pub deployment: Marker,
    /// Whether it is a plan of `down`.
    pub destroy: bool,
    /// The addresses that it was limited to; everything if empty.
    #[serde(default)]
    pub targets: Vec<Address>,
    /// The addresses whose replacement was asked for.
    #[serde(default)]
    pub replace: Vec<Address>,
    /// Digest of the files that it was made from.
    pub inputs_digest: String,
    /// The operations, each after those that it needs.
    pub operations: Vec<Operation>,
    /// The desired resources.
    pub graph: Graph,
    /// Monthly costs in US dollars, by address.
    pub costs: BTreeMap<String, f64>,
    /// What the user should know.
    pub notes: Vec<Diagnostic>,
    /// What stands in the way of applying it.
    pub refusals: Vec<Diagnostic>,
    /// Counts.
    pub totals: Totals,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The sum of the monthly costs in US dollars, if any is known.
    pub fn monthly_cost(&self) -> Option<f64> {
        (!self.costs.is_empty()).then(|| self.costs.values().sum())
    }

    /// Passes every value of the plan through `change`, such as to seal or open its secrets.
    ///
    /// # Errors
    /// The first error of `change`; the plan is of no use then.
    pub fn try_map_values<E>(
        &mut self,
        change: &mut impl FnMut(&Value) -> Result<Value, E>,
    ) -> Result<(), E> {
        for operation in &mut self.operations {
            operation.inputs = change(&operation.inputs)?;
            map_changes(&mut operation.changes, change)?;
            map_rows(&mut operation.rows, change)?;
        }
        for node in self.graph.nodes_mut() {
            node.inputs = change(&node.inputs)?;
            map_rows(&mut node.rows, change)?;
        }
        Ok(())
    }

    /// The operation with this number.
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        // Numbers are places, unless somebody edited a saved plan.
        match self.operations.get(id.0 as usize) {
            Some(operation) if operation.id == id => Some(operation),
            _ => self.operations.iter().find(|operation| operation.id == id),
        }
    }

    /// The same plan with every secret passed through `change`, such as to seal all of them before it is saved.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_secrets<E>(
        &self,
        change: &mut impl FnMut(&Secret) -> Result<Secret, E>,
    ) -> Result<Self, E> {
        let mut plan = self.clone();
        plan.graph = plan.graph.map_secrets(change)?;
        for operation in &mut plan.operations {
            operation.inputs = operation.inputs.map_secrets(change)?;
            for one in &mut operation.changes {
                *one = one.map_secrets(change)?;
            }
            for row in &mut operation.rows {
                *row = row.map_secrets(change)?;
            }
        }
        Ok(plan)
    }

    /// The plan as listeners need it.
    pub fn outline(&self) -> Outline {
        let operations = self.operations.iter().map(|operation| OutlineOperation {
            id: operation.id.0,
            address: operation.address.to_string(),
            kind: operation.kind.clone(),
            provider: operation.provider.clone(),
            action: operation.action,
            after: operation.after.iter().map(|id| id.0).collect(),
            expected_seconds: operation.expected_seconds,
            objects: operation.rows.iter().map(|row| row.address.to_string()).collect(),
        });
        Outline {
            operations: operations.collect(),
            totals: self.totals,
            monthly_cost: self.monthly_cost(),
            costs: self.costs.iter().map(|(address, cost)| (address.clone(), *cost)).collect(),
            currency: self.monthly_cost().map(|_| "USD".to_owned()),
        }
    }
}

fn map_rows<E>(
    rows: &mut [Row],
    change: &mut impl FnMut(&Value) -> Result<Value, E>,
) -> Result<(), E> {
    rows.iter_mut().try_for_each(|row| map_changes(&mut row.changes, change))
}

fn map_changes<E>(
    changes: &mut [Change],
    change: &mut impl FnMut(&Value) -> Result<Value, E>,
) -> Result<(), E> {
    for one in changes {
        one.before = change(&one.before)?;
        one.after = change(&one.after)?;
    }
    Ok(())
}
