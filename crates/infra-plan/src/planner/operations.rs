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
use super::removal::Removal;
use super::sorting::{Bond, Order};
use super::vanishing::{Leaving, settle};
use crate::{
    Address, Kind, Node, Operation, OperationId, Ownership, PLAN_FORMAT, Plan, Planner,
    PlanningError, Purpose, Record, Value,
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
    let graph = planner.graph.map_inputs(|node| match (planner.kinds)(&node.kind) {
        Some(kind) => concealed_inputs(kind, &node.inputs),
        None => node.inputs.clone(),
    });
    let mut notes = planner.notes;
    notes.extend(decisions.notes);
    Ok(Plan {
        format: PLAN_FORMAT,
        deployment: planner.deployment,
        destroy: planner.purpose == Purpose::Destroy,
        inputs_digest: planner.inputs_digest,
        operations,
        graph,
        costs,
        notes,
        refusals,
        totals,
    })
}

struct Builder<'planner, 'world> {
    planner: &'planner Planner<'world>,
    drafts: Vec<Operation>,
    order: Order,
    /// The operations after which a resource can be used: its own last one, or else those that it would wait for.
    last: BTreeMap<Address, BTreeSet<usize>>,
    /// The last operation on a resource that stays.
    own: BTreeMap<Address, usize>,
    /// What goes, also as half of a replacement.
    going: BTreeMap<Address, Going>,
}

/// A resource that goes.
struct Going {
    /// The operation.
    place: usize,
    /// What it depended on.
    depends_on: Vec<Address>,
    /// The container with which it goes.
    container: Option<Address>,
}

impl Builder<'_, '_> {
    fn add(&mut self, mut operation: Operation) -> usize {
        let place = self.drafts.len();
        operation.expected_seconds = (self.planner.expected)(&operation.address, operation.action)
            .or(operation.expected_seconds);
        self.drafts.push(operation);
        place
    }

    fn add_deletions(&mut self, decisions: &Decisions) -> Result<(), PlanningError> {
        let mut leaving = BTreeMap::new();
        let mut order = Vec::new();
        for (address, removal) in &decisions.removed {
            let Some(record) = self.planner.records.get(address).cloned() else { continue };
            order.push(address);
            let one = Leaving { record, removal: removal.clone(), replaces: false };
            leaving.insert(address.clone(), one);
        }
        for node in self.planner.graph.nodes().rev() {
            let Some(decision) = decisions.desired.get(&node.address) else { continue };
            let Verdict::Replace(removal) = &decision.verdict else { continue };
            let record = self.planner.records.get(&node.address).cloned();
            let record = record.unwrap_or_else(|| unrecorded(self.planner, node, decision));
            order.push(&node.address);
            let one = Leaving { record, removal: removal.clone(), replaces: true };
            leaving.insert(node.address.clone(), one);
        }
        settle(&mut leaving);
        for one in order.into_iter().filter_map(|address| leaving.get(address)) {
            self.add_deletion(&one.record, &one.removal, one.replaces)?;
        }
        Ok(())
    }

    fn add_deletion(
        &mut self,
        record: &Record,
        removal: &Removal,
        replaces: bool,
    ) -> Result<(), PlanningError> {
        let kind = self.planner.kind(&record.address, &record.kind)?;
        let node = self.planner.graph.get(&record.address);
        // What was looked at is what the state knows, unless the resource has moved to another provider.
        let seen = self.planner.observed.get(&record.address).filter(|seen| {
            let moved = node.is_some_and(|node| {
                replaces && (node.provider != record.provider || node.kind != record.kind)
            });
            !moved && (seen.ours || seen.id == record.id)
        });
        let given_away = node.is_some_and(|node| node.ownership == Ownership::Referenced);
        let (action, container, note) = match removal {
            Removal::Delete => (Action::Delete, None, None),
            Removal::Vanish(container) => {
                (Action::Forget, Some(container), Some(format!("goes with {container}")))
            }
            Removal::Forget => (Action::Forget, None, None),
        };
        let id = seen.map_or(&record.id, |seen| &seen.id).clone();
        let operation = Operation {
            id: OperationId(0),
            address: record.address.clone(),
            kind: record.kind.clone(),
            provider: record.provider.clone(),
            action,
            after: Vec::new(),
            inputs: concealed_inputs(kind, &record.inputs),
            // Without an id: there is nothing left of it.
            prior_id: (action == Action::Delete || seen.is_some()).then_some(id),
            ownership: if given_away { Ownership::Referenced } else { record.ownership },
            depends_on: record.depends_on.clone(),
            changes: Vec::new(),
            rows: seen.and_then(|seen| seen.rows.clone()).unwrap_or_default(),
            replaces,
            protected: kind.protected || record.protected,
            exclusive_within: self.exclusive_record(kind, record),
            expected_seconds: None,
            note,
        };
        let place = self.add(operation);
        self.going.insert(
            record.address.clone(),
            Going { place, depends_on: record.depends_on.clone(), container: container.cloned() },
        );
        Ok(())
    }

    fn add_node(&mut self, node: &Node, decision: &Decision) -> Result<(), PlanningError> {
        let kind = self.planner.kind(&node.address, &node.kind)?;
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

    fn order_deletions(&mut self) {
        for (address, going) in &self.going {
            let gone = self.gone_with(address);
            // What vanishes is dropped from the state when its container is really gone.
            self.order.add(going.place, gone, Bond::Firm);
            for on in going.depends_on.iter().filter(|on| self.going.contains_key(*on)) {
                let recorded = self.planner.records.contains_key(address);
                let bond = if recorded { Bond::Record } else { Bond::Guess };
                self.order.add(self.gone_with(on), gone, bond);
            }
        }
        // What stays and depended on something that goes was changed so that it does no more.
        for record in self.planner.records.values() {
            let Some(own) = self.own.get(&record.address) else { continue };
            if self.going.contains_key(&record.address) {
                continue;
            }
            for on in record.depends_on.iter().filter(|on| self.going.contains_key(*on)) {
                if let Some(bond) = self.bond_of_change(record, on) {
                    self.order.add(self.gone_with(on), *own, bond);
                }
            }
        }
    }

    /// How firmly the deletion of `on` waits for the change of what depended on it; not at all if that depends on what replaces it.
    fn bond_of_change(&self, record: &Record, on: &Address) -> Option<Bond> {
        let stays = self.planner.graph.get(on).is_some();
        let node = self.planner.graph.get(&record.address)?;
        match stays {
            false => Some(Bond::Change),
            true if node.dependencies().contains(on) => None,
            // It is replaced: better if nobody uses it then, but those who use it are used to that.
            true => Some(Bond::Guess),
        }
    }

    /// The operation by which a resource that goes is gone: its own, or that of the container at the end of the chain.
    fn gone_with(&self, address: &Address) -> usize {
        let mut at = self.going.get(address);
        let mut place = at.map_or(0, |going| going.place);
        // Chains are as long as containers are deep; the bound only guards against a state that was edited by hand.
        for _ in 0..64 {
            let Some(going) = at else { break };
            place = going.place;
            at = going.container.as_ref().and_then(|container| self.going.get(container));
        }
        place
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

    /// The text that all operations share of which one may run at a time: the kind and its container.
    fn exclusive_record(&self, kind: &Kind, record: &Record) -> Option<String> {
        let field = kind.exclusive_within?;
        let container = match self.planner.container_of(record, field) {
            Some(address) => address.to_string(),
            None => plain_text(record.inputs.get(field)?)?,
        };
        exclusive(kind, &record.address, &container)
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

/// What the state would know of a resource of ours that a run made which died before it could say so.
fn unrecorded(planner: &Planner<'_>, node: &Node, decision: &Decision) -> Record {
    let seen = planner.observed.get(&node.address);
    Record {
        address: node.address.clone(),
        kind: node.kind.clone(),
        provider: node.provider.clone(),
        id: decision.prior_id.clone().unwrap_or_default(),
        inputs: bound(&node.inputs, &decision.inputs),
        outputs: seen.map(|seen| seen.outputs.clone()).unwrap_or_default(),
        ownership: node.ownership,
        depends_on: node.dependencies().into_iter().collect(),
        protected: node.protected,
        objects: Vec::new(),
    }
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

fn exclusive(kind: &Kind, address: &Address, container: &str) -> Option<String> {
    (container != address.as_str()).then(|| format!("{} {container}", kind.name))
}

/// The text, unless it is a secret one: this one is shown.
fn plain_text(value: &Value) -> Option<String> {
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
