//! From verdicts to operations in their order. All rules of order stand here:
//!
//! - a resource is made or changed after all that it depends on is ready;
//! - a resource is deleted after all that depended on it is deleted, or is changed so that it does no more;
//! - what goes with its container is forgotten after that is deleted, and what depended on it is deleted before;
//! - of a replacement the deletion comes first, as names and addresses are seldom free for two.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::{Action, Diagnostic, Totals};

use super::binding::{bound, concealed_inputs, shown};
use super::containers::container_of_node;
use super::decide::{Decision, Decisions, Verdict};
use super::deletions::Going;
use super::removal::Removal;
use super::sorting::{Bond, Order};
use crate::{
    Address, Kind, Node, Operation, OperationId, PLAN_FORMAT, Plan, Planner, PlanningError,
    Purpose, Value,
};

pub(super) fn build(planner: Planner<'_>, decisions: Decisions) -> Result<Plan, PlanningError> {
    let mut builder = Builder {
        planner: &planner,
        drafts: Vec::new(),
        order: Order::default(),
        last: BTreeMap::new(),
        own: BTreeMap::new(),
        going: BTreeMap::new(),
    };
    builder.add_deletions(&decisions)?;
    for node in planner.graph.nodes() {
        if let Some(decision) = decisions.desired.get(&node.address) {
            builder.add_node(node, decision)?;
        }
    }
    builder.order_deletions();
    let mut refusals = decisions.refusals.clone();
    let operations = builder.sorted(&mut refusals);
    let totals = totals(&decisions);
    let costs = costs(&planner);
    let graph =
        planner.graph.map_inputs(|node| match (planner.kinds)(&node.provider, &node.kind) {
            Some(kind) => concealed_inputs(kind, &node.inputs),
            None => node.inputs.clone(),
        });
    let mut notes = planner.notes;
    notes.extend(decisions.notes);
    Ok(Plan {
        format: PLAN_FORMAT,
        deployment: planner.deployment,
        destroy: planner.purpose == Purpose::Destroy,
        targets: planner.targets.iter().cloned().collect(),
        replace: planner.replace.iter().cloned().collect(),
        inputs_digest: planner.inputs_digest,
        operations,
        graph,
        costs,
        notes,
        refusals,
        totals,
    })
}

pub(super) struct Builder<'planner, 'world> {
    pub(super) planner: &'planner Planner<'world>,
    pub(super) drafts: Vec<Operation>,
    pub(super) order: Order,
    /// The operations after which a resource can be used: its own last one, or else those that it would wait for.
    pub(super) last: BTreeMap<Address, BTreeSet<usize>>,
    /// The last operation on a resource that stays.
    pub(super) own: BTreeMap<Address, usize>,
    /// What goes, also as half of a replacement.
    pub(super) going: BTreeMap<Address, Going>,
}

impl Builder<'_, '_> {
    pub(super) fn add(&mut self, mut operation: Operation) -> usize {
        let place = self.drafts.len();
        operation.expected_seconds = (self.planner.expected)(&operation.address, operation.action)
            .or(operation.expected_seconds);
        self.drafts.push(operation);
        place
    }

    fn add_node(&mut self, node: &Node, decision: &Decision) -> Result<(), PlanningError> {
        let kind = self.planner.kind(&node.address, &node.provider, &node.kind)?;
        let dependencies = node.dependencies();
        let mut after: BTreeSet<usize> = dependencies
            .iter()
            .filter_map(|address| self.last.get(address))
            .flatten()
            .copied()
            .collect();
        let actions = actions(decision, kind);
        // A resource that has nothing to do itself passes on what it waits for.
        if actions.is_empty() {
            self.last.insert(node.address.clone(), after);
            return Ok(());
        }
        let replaces = matches!(decision.verdict, Verdict::Replace(_));
        if replaces && let Some(going) = self.going.get(&node.address) {
            after.insert(going.place);
        }
        let inputs = concealed_inputs(kind, &bound(&node.inputs, &decision.inputs));
        for action in actions {
            let waits = action == Action::Wait;
            let place = self.add(Operation {
                id: OperationId(0),
                address: node.address.clone(),
                kind: node.kind.clone(),
                provider: node.provider.clone(),
                action,
                after: Vec::new(),
                inputs: inputs.clone(),
                prior_id: decision.prior_id.clone().filter(|_| !replaces),
                ownership: node.ownership,
                depends_on: dependencies.iter().cloned().collect(),
                changes: shown(action, decision),
                rows: if waits { Vec::new() } else { decision.rows.clone() },
                replaces,
                protected: kind.protected || node.protected,
                exclusive_within: exclusive_node(kind, node),
                expected_seconds: (kind.waits == waits && action != Action::Adopt)
                    .then_some(kind.expected_seconds),
                note: if waits { None } else { note(node, decision) },
            });
            for needed in std::mem::replace(&mut after, BTreeSet::from([place])) {
                self.order.add(place, needed, Bond::Firm);
            }
            self.own.insert(node.address.clone(), place);
        }
        self.last.insert(node.address.clone(), after);
        Ok(())
    }

    /// The operations numbered so that each stands after those that it needs.
    fn sorted(self, refusals: &mut Vec<Diagnostic>) -> Vec<Operation> {
        let sorted = self.order.sorted(self.drafts.len());
        let address = |place: &usize| {
            self.drafts.get(*place).map_or("", |operation| operation.address.as_str())
        };
        for cycle in &sorted.conflicts {
            let mut names: Vec<_> = cycle.iter().map(address).collect();
            names.dedup();
            refusals.push(
                Diagnostic::error("order", "deletions and changes of this plan wait for each other")
                    .detail(format!("each of these waits for the next: {}", names.join(" -> ")))
                    .set("do it in two runs: first keep what is to be deleted in the file, then take it out"),
            );
        }
        let mut numbers = vec![OperationId(0); self.drafts.len()];
        for (number, place) in sorted.order.iter().enumerate() {
            numbers[*place] = OperationId(u32::try_from(number).unwrap_or(u32::MAX));
        }
        let mut slots: Vec<_> = self.drafts.into_iter().map(Some).collect();
        let mut operations = Vec::with_capacity(slots.len());
        for place in sorted.order {
            let Some(mut operation) = slots[place].take() else { continue };
            operation.id = numbers[place];
            operation.after = sorted.waits[place].iter().map(|needed| numbers[*needed]).collect();
            operation.after.sort_unstable();
            operations.push(operation);
        }
        operations
    }
}

/// What is done for a verdict, step by step.
fn actions(decision: &Decision, kind: &Kind) -> Vec<Action> {
    let mut actions = match decision.verdict {
        Verdict::Refused | Verdict::Nothing => Vec::new(),
        Verdict::Wait => vec![Action::Wait],
        Verdict::Adopt if decision.has_changes() => {
            vec![Action::Adopt, Action::Update, Action::Wait]
        }
        Verdict::Adopt if decision.ready => vec![Action::Adopt],
        Verdict::Adopt => vec![Action::Adopt, Action::Wait],
        Verdict::Update => vec![Action::Update, Action::Wait],
        Verdict::Create | Verdict::Replace(_) => vec![Action::Create, Action::Wait],
    };
    actions.retain(|action| kind.waits || *action != Action::Wait);
    actions
}

/// Why it is done, and what was chosen for it.
fn note(node: &Node, decision: &Decision) -> Option<String> {
    let parts: Vec<_> =
        [&decision.reason, &node.note].into_iter().flatten().map(String::as_str).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn exclusive_node(kind: &Kind, node: &Node) -> Option<String> {
    let field = kind.exclusive_within?;
    let container = match container_of_node(node, field) {
        Some(address) => address.to_string(),
        None => plain_text(node.inputs.get(field)?)?,
    };
    exclusive(kind, &node.address, &container)
}

pub(super) fn exclusive(kind: &Kind, address: &Address, container: &str) -> Option<String> {
    (container != address.as_str()).then(|| format!("{} {container}", kind.name))
}

/// The text, unless it is a secret one: this one is shown.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    if let Value::Text(text) = value { Some(text.clone()) } else { None }
}

fn totals(decisions: &Decisions) -> Totals {
    let mut totals = Totals::default();
    for decision in decisions.desired.values() {
        match decision.verdict {
            Verdict::Refused => {}
            Verdict::Nothing | Verdict::Wait => totals.unchanged += 1,
            Verdict::Create => totals.create += 1,
            Verdict::Adopt => totals.adopt += 1,
            Verdict::Update => totals.update += 1,
            Verdict::Replace(_) => {
                totals.create += 1;
                totals.replace += 1;
            }
        }
    }
    for removal in decisions.removed.values() {
        match removal {
            Removal::Delete | Removal::Vanish(_) => totals.delete += 1,
            Removal::Forget => totals.forget += 1,
        }
    }
    totals
}

fn costs(planner: &Planner<'_>) -> BTreeMap<String, f64> {
    if planner.purpose == Purpose::Destroy {
        return BTreeMap::new();
    }
    planner
        .graph
        .nodes()
        .filter_map(|node| Some((node.address.to_string(), node.monthly_cost?)))
        .collect()
}
