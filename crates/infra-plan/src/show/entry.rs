//! [`Entry`]: all operations on one resource, as people see them: one thing that happens to it.

use indexmap::IndexMap;
use infra_event::Action;

use crate::{Address, Effect, Operation, Ownership, Plan};

/// All operations on one resource.
pub(crate) struct Entry<'plan> {
    /// Address of the resource.
    pub(crate) address: &'plan Address,
    /// What happens to it, taken together.
    pub(crate) action: Action,
    /// The operation that tells most: what is made or changed, else what goes.
    pub(crate) main: &'plan Operation,
    /// All of them, in their order.
    pub(crate) operations: Vec<&'plan Operation>,
}

/// The entries in the order in which their first operations stand in the plan.
pub(crate) fn entries(plan: &Plan) -> Vec<Entry<'_>> {
    let mut all: IndexMap<&Address, Vec<&Operation>> = IndexMap::new();
    for operation in &plan.operations {
        all.entry(&operation.address).or_default().push(operation);
    }
    all.into_iter()
        .filter_map(|(address, operations)| {
            let main = *operations.iter().max_by_key(|operation| telling(operation.action))?;
            Some(Entry { address, action: together(&operations), main, operations })
        })
        .collect()
}

/// How much an action tells about what becomes of a resource.
fn telling(action: Action) -> u8 {
    match action {
        Action::Wait => 0,
        Action::Read => 1,
        Action::Forget => 2,
        Action::Adopt => 3,
        Action::Delete => 4,
        Action::Update => 5,
        Action::Create => 6,
        Action::Replace => 7,
    }
}

fn together(operations: &[&Operation]) -> Action {
    let has = |action| operations.iter().any(|operation| operation.action == action);
    let goes = has(Action::Delete) || has(Action::Forget);
    if has(Action::Create) && goes {
        return Action::Replace;
    }
    if operations.iter().any(|operation| operation.vanishes()) {
        return Action::Delete;
    }
    let order = [Action::Adopt, Action::Create, Action::Update, Action::Delete, Action::Forget];
    let rest = [Action::Replace, Action::Read];
    order.into_iter().chain(rest).find(|action| has(*action)).unwrap_or(Action::Wait)
}

impl Entry<'_> {
    /// Whether it is more than a wait.
    pub(crate) fn is_listed(&self) -> bool {
        !matches!(self.action, Action::Wait | Action::Read)
    }

    /// Whether something that is there goes.
    pub(crate) fn takes_away(&self) -> bool {
        matches!(self.action, Action::Delete | Action::Replace)
    }

    /// What happens, in words: `create cluster (digitalocean)`.
    pub(crate) fn headline(&self) -> String {
        let of = format!("{} ({})", self.main.kind, self.main.provider);
        let objects = match self.main.rows.len() {
            0 => String::new(),
            1 => ", 1 object".to_owned(),
            count => format!(", {count} objects"),
        };
        let words = match self.action {
            Action::Update => format!("change {of} in place"),
            Action::Adopt if self.main.action == Action::Update => format!("adopt and change {of}"),
            Action::Adopt => format!("adopt {of} as it is"),
            Action::Forget if self.main.ownership == Ownership::Owned => {
                format!("forget {of}, which is gone")
            }
            Action::Forget => format!("forget {of} and leave it where it is"),
            action => format!("{action} {of}"),
        };
        super::style::clean(&format!("{words}{objects}"))
    }

    /// Why it cannot be changed in place: `must be replaced: region changes`.
    pub(crate) fn replace_reason(&self) -> Option<String> {
        if self.action != Action::Replace {
            return None;
        }
        let forcing: Vec<_> = self
            .main
            .changes
            .iter()
            .filter(|change| change.effect == Effect::Replace)
            .map(|change| change.path.as_str())
            .collect();
        match forcing.as_slice() {
            [] => None,
            [path] => Some(format!("must be replaced: {path} changes")),
            [rest @ .., last] => {
                Some(format!("must be replaced: {} and {last} change", rest.join(", ")))
            }
        }
    }

    /// What it will cost a month in US dollars, if that is known and it stays or comes.
    pub(crate) fn monthly_cost(&self, plan: &Plan) -> Option<f64> {
        let goes = matches!(self.action, Action::Delete | Action::Forget);
        plan.costs.get(self.address.as_str()).copied().filter(|_| !goes)
    }
}
