//! [`Planner`]: from what is desired, what the state knows and what is there, to what must be done.

mod binding;
mod containers;
mod decide;
mod deletions;
mod operations;
mod refusals;
mod removal;
mod sorting;
mod targets;
mod vanishing;

use std::collections::{BTreeMap, BTreeSet};

use infra_event::Diagnostic;

use crate::{Address, Graph, Kind, Marker, Observed, Plan, Record};

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Make the world as the file says.
    Apply,
    /// Take everything down.
    Destroy,
}

/// What the user has agreed to, beyond what a plan may do by itself.
#[derive(Clone, Debug, Default)]
pub struct Approvals {
    /// Protected addresses that may be deleted.
    pub delete: BTreeSet<Address>,
    /// Protected addresses that may be replaced.
    pub replace: BTreeSet<Address>,
    /// Whether what was adopted may be deleted.
    pub include_adopted: bool,
}

/// Why no plan can be made at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanningError {
    /// A kind is not known to the program.
    #[error(
        "`{address}` is of the kind `{kind}`, which this version does not know: use the version of `infra` that made it"
    )]
    UnknownKind {
        /// Whose kind.
        address: Address,
        /// The kind.
        kind: String,
    },
    /// A target is in neither the file nor the state.
    #[error("there is nothing at `{0}`: `infra status` lists the addresses")]
    UnknownTarget(Address),
}

/// Everything that a plan is made from.
pub struct Planner<'world> {
    /// What is desired.
    pub graph: &'world Graph,
    /// What the state knows, by address.
    pub records: &'world BTreeMap<Address, Record>,
    /// What is there, by address; what is not in it is not there.
    pub observed: &'world BTreeMap<Address, Observed>,
    /// The kind of an instance of a provider, by both names: two providers may have kinds of one name.
    pub kinds: &'world dyn Fn(&str, &str) -> Option<&'world Kind>,
    /// What the plan is for.
    pub purpose: Purpose,
    /// What the user has agreed to.
    pub approvals: &'world Approvals,
    /// Only these, what they need, and (when they are deleted) what needs them; everything if empty.
    pub targets: &'world BTreeSet<Address>,
    /// These are replaced even if nothing differs.
    pub replace: &'world BTreeSet<Address>,
    /// Seconds that the operation on an address took in earlier runs.
    pub expected: &'world dyn Fn(&Address, infra_event::Action) -> Option<f64>,
    /// The deployment.
    pub deployment: Marker,
    /// Digest of the files.
    pub inputs_digest: String,
    /// What was noticed before planning.
    pub notes: Vec<Diagnostic>,
}

impl Planner<'_> {
    /// Makes the plan.
    ///
    /// # Errors
    /// When a kind or a target is unknown. What the plan must not do is no error: it is in [`Plan::refusals`].
    pub fn plan(self) -> Result<Plan, PlanningError> {
        self.check_targets()?;
        let decisions = self.decide()?;
        operations::build(self, decisions)
    }

    fn kind(&self, address: &Address, provider: &str, name: &str) -> Result<&Kind, PlanningError> {
        (self.kinds)(provider, name).ok_or_else(|| PlanningError::UnknownKind {
            address: address.clone(),
            kind: name.to_owned(),
        })
    }
}
