//! From verdicts to operations in their order. All rules of order stand here:
//!
//! - a resource is made or changed after all that it depends on is ready;
//! - a resource is deleted after all that depended on it is deleted, or is changed so that it does no more;
//! - of a replacement the deletion comes first, as names and addresses are seldom free for two.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::{Action, Diagnostic, Totals};

use super::decide::{Decision, Decisions, Removal, Verdict};
use crate::{
    Address, Change, Effect, Node, Operation, OperationId, Ownership, PLAN_FORMAT, Plan, Planner,
    PlanningError, Purpose, Record, Value,
};

pub(super) fn build(planner: Planner<'_>, decisions: Decisions) -> Result<Plan, PlanningError> {
    let mut builder = Builder {
        planner: &planner,
        drafts: Vec::new(),
        last: BTreeMap::new(),
        deleted: BTreeMap::new(),
    };
    builder.add_deletions(&decisions)?;
    builder.add_changes(&decisions)?;
    builder.order_deletions();
    let drafted = builder.drafts.len();
    let operations = builder.sorted();
    let mut refusals = decisions.refusals.clone();
    if operations.len() < drafted {
        refusals.push(
            Diagnostic::error(
                "order",
                "the deletions and changes of this plan wait for each other",
            )
            .set("apply the deletions first: take the changed items out of the file for one run"),
        );
    }
    let totals = totals(&planner, &decisions);
    let costs = costs(&planner);
    Ok(Plan {
        format: PLAN_FORMAT,
        deployment: planner.deployment,
        destroy: planner.purpose == Purpose::Destroy,
        inputs_digest: planner.inputs_digest,
        operations,
        graph: planner.graph.clone(),
        costs,
        notes: planner.notes,
        refusals,
        totals,
    })
}

struct Builder<'planner, 'world> {
    planner: &'planner Planner<'world>,
    drafts: Vec<Operation>,
    /// The operations after which a resource can be used.
    last: BTreeMap<Address, Vec<OperationId>>,
    /// The operation that deletes a resource.
    deleted: BTreeMap<Address, OperationId>,
}

impl Builder<'_, '_> {
    fn add(&mut self, mut operation: Operation) -> OperationId {
        operation.id = OperationId(u32::try_from(self.drafts.len()).unwrap_or(u32::MAX));
        operation.expected_seconds = (self.planner.expected)(&operation.address, operation.action)
            .or(operation.expected_seconds);
        let id = operation.id;
        self.drafts.push(operation);
        id
    }

    fn add_deletions(&mut self, decisions: &Decisions) -> Result<(), PlanningError> {
        for (address, removal) in &decisions.removed {
            let Some(record) = self.planner.records.get(address) else { continue };
            let action = if *removal == Removal::Delete { Action::Delete } else { Action::Forget };
            self.add_deletion(record, action, false)?;
        }
        for (address, decision) in &decisions.desired {
            if decision.verdict == Verdict::Replace
                && let Some(record) = self.planner.records.get(address)
            {
                self.add_deletion(record, Action::Delete, true)?;
            }
        }
        Ok(())
    }

    fn add_deletion(
        &mut self,
        record: &Record,
        action: Action,
        replaces: bool,
    ) -> Result<(), PlanningError> {
        let kind = self.planner.kind(&record.address, &record.kind)?;
        let seen = self.planner.observed.get(&record.address);
        let operation = Operation {
            id: OperationId(0),
            address: record.address.clone(),
            kind: record.kind.clone(),
            provider: record.provider.clone(),
            action,
            after: Vec::new(),
            inputs: record.inputs.clone(),
            prior_id: Some(seen.map_or(&record.id, |seen| &seen.id).clone()),
            ownership: record.ownership,
            depends_on: record.depends_on.clone(),
            changes: Vec::new(),
            rows: seen.and_then(|seen| seen.rows.clone()).unwrap_or_default(),
            replaces,
            protected: kind.protected || record.protected,
            exclusive_within: exclusive(kind, &record.address, &record.inputs),
            expected_seconds: None,
            note: (action == Action::Forget
                && record.ownership == Ownership::Owned
                && seen.is_some())
            .then(|| "goes with what it is in".to_owned()),
        };
        let id = self.add(operation);
        self.deleted.insert(record.address.clone(), id);
        Ok(())
    }

    /// Creations, changes and waits, in the order of the graph.
    fn add_changes(&mut self, decisions: &Decisions) -> Result<(), PlanningError> {
        for node in self.planner.graph.nodes() {
            let Some(decision) = decisions.desired.get(&node.address) else { continue };
            self.add_node(node, decision)?;
        }
        Ok(())
    }

    fn add_node(&mut self, node: &Node, decision: &Decision) -> Result<(), PlanningError> {
        let kind = self.planner.kind(&node.address, &node.kind)?;
        let mut after: Vec<_> = node
            .dependencies()
            .iter()
            .filter_map(|address| self.last.get(address))
            .flatten()
            .copied()
            .collect();
        let actions: &[Action] = match decision.verdict {
            Verdict::Nothing => &[],
            Verdict::Wait => &[Action::Wait],
            Verdict::Adopt if decision.changes.is_empty() && decision.ready => &[Action::Adopt],
            Verdict::Adopt if decision.changes.is_empty() => &[Action::Adopt, Action::Wait],
            Verdict::Adopt => &[Action::Adopt, Action::Update, Action::Wait],
            Verdict::Update => &[Action::Update, Action::Wait],
            Verdict::Create | Verdict::Replace => &[Action::Create, Action::Wait],
        };
        for action in actions.iter().filter(|action| kind.waits || **action != Action::Wait) {
            if decision.verdict == Verdict::Replace {
                after.extend(self.deleted.get(&node.address));
            }
            let operation = Operation {
                id: OperationId(0),
                address: node.address.clone(),
                kind: node.kind.clone(),
                provider: node.provider.clone(),
                action: *action,
                after: std::mem::take(&mut after),
                inputs: bound(&node.inputs, &decision.inputs),
                prior_id: decision
                    .prior_id
                    .clone()
                    .filter(|_| decision.verdict != Verdict::Replace),
                ownership: node.ownership,
                depends_on: node.dependencies().into_iter().collect(),
                changes: shown(*action, decision),
                rows: if *action == Action::Wait { Vec::new() } else { decision.rows.clone() },
                replaces: decision.verdict == Verdict::Replace,
                protected: kind.protected || node.protected,
                exclusive_within: exclusive(kind, &node.address, &node.inputs),
                expected_seconds: (kind.waits == (*action == Action::Wait)
                    && *action != Action::Adopt)
                    .then_some(kind.expected_seconds),
                note: node.note.clone(),
            };
            let id = self.add(operation);
            after.push(id);
            self.last.insert(node.address.clone(), vec![id]);
        }
        // A resource that has nothing to do itself passes on what it waits for.
        if actions.is_empty() {
            self.last.insert(node.address.clone(), after);
        }
        Ok(())
    }

    /// A resource goes after all that depended on it has gone or was changed so that it does no more.
    fn order_deletions(&mut self) {
        let deleted: Vec<_> =
            self.deleted.iter().map(|(address, id)| (address.clone(), *id)).collect();
        for (address, id) in deleted {
            let dependents =
                self.planner.records.values().filter(|record| record.depends_on.contains(&address));
            let mut before = BTreeSet::new();
            for record in dependents {
                if let Some(gone) = self.deleted.get(&record.address) {
                    before.insert(*gone);
                } else if self.planner.graph.get(&address).is_none() {
                    before.extend(self.last.get(&record.address).into_iter().flatten().copied());
                }
            }
            before.remove(&id);
            if let Some(operation) = self.drafts.get_mut(id.0 as usize) {
                operation.after.extend(before);
            }
        }
    }

    /// The operations numbered so that each stands after those that it needs.
    fn sorted(self) -> Vec<Operation> {
        let mut left: Vec<_> = self.drafts.into_iter().map(Some).collect();
        let mut numbers: BTreeMap<OperationId, OperationId> = BTreeMap::new();
        let mut done = Vec::with_capacity(left.len());
        loop {
            let before = done.len();
            for slot in &mut left {
                let ready = |operation: &Operation| {
                    operation.after.iter().all(|id| numbers.contains_key(id))
                };
                if !slot.as_ref().is_some_and(ready) {
                    continue;
                }
                let Some(mut operation) = slot.take() else { continue };
                let number = OperationId(u32::try_from(done.len()).unwrap_or(u32::MAX));
                numbers.insert(operation.id, number);
                operation.id = number;
                let after: BTreeSet<_> =
                    operation.after.iter().filter_map(|id| numbers.get(id).copied()).collect();
                operation.after = after.into_iter().collect();
                done.push(operation);
            }
            if done.len() == before {
                return done;
            }
        }
    }
}

/// Inputs as the executor needs them: what is known is bound, what is not stays bound by name.
fn bound(desired: &Value, resolved: &Value) -> Value {
    match (desired, resolved) {
        (Value::Reference(_) | Value::Joined(_), known) if known.is_known() => known.clone(),
        (Value::List(desired), Value::List(resolved)) => Value::List(
            desired
                .iter()
                .zip(resolved)
                .map(|(desired, resolved)| bound(desired, resolved))
                .collect(),
        ),
        (Value::Map(desired), Value::Map(resolved)) => Value::Map(
            desired
                .iter()
                .map(|(key, value)| {
                    (
                        key.clone(),
                        resolved
                            .get(key)
                            .map_or_else(|| value.clone(), |known| bound(value, known)),
                    )
                })
                .collect(),
        ),
        (desired, _) => desired.clone(),
    }
}

/// What the plan shows of an operation: all fields of what is made, the differences of what is changed.
fn shown(action: Action, decision: &Decision) -> Vec<Change> {
    match (action, &decision.inputs) {
        (Action::Create, Value::Map(map)) if decision.changes.is_empty() => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Change {
                path: key.clone(),
                before: Value::Null,
                after: value.clone(),
                effect: Effect::Update,
            })
            .collect(),
        (Action::Create | Action::Update, _) => decision.changes.clone(),
        _ => Vec::new(),
    }
}

/// The text that all operations share of which one may run at a time: the kind and its container.
fn exclusive(kind: &crate::Kind, address: &Address, inputs: &Value) -> Option<String> {
    let field = kind.exclusive_within?;
    let container = match inputs.get(field)? {
        Value::Reference(reference) => reference.address.to_string(),
        other => other.text()?.to_owned(),
    };
    (container != address.as_str()).then(|| format!("{} {container}", kind.name))
}

fn totals(planner: &Planner<'_>, decisions: &Decisions) -> Totals {
    let mut totals = Totals::default();
    for decision in decisions.desired.values() {
        match decision.verdict {
            Verdict::Nothing | Verdict::Wait => totals.unchanged += 1,
            Verdict::Create => totals.create += 1,
            Verdict::Adopt => totals.adopt += 1,
            Verdict::Update => totals.update += 1,
            Verdict::Replace => totals.replace += 1,
        }
    }
    for (address, removal) in &decisions.removed {
        let there = planner.observed.contains_key(address);
        let owned =
            planner.records.get(address).is_some_and(|record| record.ownership == Ownership::Owned);
        match removal {
            Removal::Delete => totals.delete += 1,
            Removal::Forget if there && owned => totals.delete += 1,
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
