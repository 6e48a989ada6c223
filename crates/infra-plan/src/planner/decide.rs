//! What becomes of each resource. No order yet: that is `operations`.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::{Diagnostic, ExitCode};

use crate::{
    Address, Change, Effect, Node, Observed, Ownership, Planner, PlanningError, Purpose, Readiness,
    Record, Reference, Row, Value, diff, resolve,
};

/// What becomes of a desired resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Nothing,
    Wait,
    Create,
    Adopt,
    Update,
    Replace,
}

/// The verdict on one desired resource.
pub(super) struct Decision {
    pub(super) verdict: Verdict,
    /// Inputs with everything bound that is known.
    pub(super) inputs: Value,
    pub(super) changes: Vec<Change>,
    pub(super) rows: Vec<Row>,
    pub(super) ready: bool,
    pub(super) prior_id: Option<String>,
}

/// The verdicts on everything.
#[derive(Default)]
pub(super) struct Decisions {
    pub(super) desired: BTreeMap<Address, Decision>,
    /// Records whose resources go (not those to be replaced), and whether a call is made for it.
    pub(super) removed: BTreeMap<Address, Removal>,
    pub(super) refusals: Vec<Diagnostic>,
}

/// How a resource goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    Delete,
    Forget,
}

impl Planner<'_> {
    pub(super) fn decide(&self) -> Result<Decisions, PlanningError> {
        let mut decisions = Decisions::default();
        let chosen = self.chosen();
        if self.purpose == Purpose::Apply {
            for node in self.graph.nodes().filter(|node| chosen.contains(&node.address)) {
                let decision = self.decide_node(node, &mut decisions)?;
                decisions.desired.insert(node.address.clone(), decision);
            }
        }
        self.decide_removals(&chosen, &mut decisions)?;
        Ok(decisions)
    }

    /// The addresses that the plan is about.
    fn chosen(&self) -> BTreeSet<Address> {
        let all = self.graph.nodes().map(|node| &node.address).chain(self.records.keys());
        if self.targets.is_empty() {
            return all.cloned().collect();
        }
        let targeted =
            |address: &Address| self.targets.iter().any(|target| address.is_within(target));
        let mut chosen: BTreeSet<_> = all.filter(|address| targeted(address)).cloned().collect();
        if self.purpose == Purpose::Apply {
            for node in self.graph.nodes().collect::<Vec<_>>().into_iter().rev() {
                if chosen.contains(&node.address) {
                    chosen.extend(node.dependencies());
                }
            }
        } else {
            while let Some(more) = self.records.values().find(|record| {
                !chosen.contains(&record.address)
                    && record.depends_on.iter().any(|on| chosen.contains(on))
            }) {
                chosen.insert(more.address.clone());
            }
        }
        chosen
    }

    fn decide_node(
        &self,
        node: &Node,
        decisions: &mut Decisions,
    ) -> Result<Decision, PlanningError> {
        let kind = self.kind(&node.address, &node.kind)?;
        let inputs = resolve(&node.inputs, &|reference| self.known_output(reference, decisions));
        let record = self.records.get(&node.address);
        let Some(seen) = self.observed.get(&node.address) else {
            if node.ownership == Ownership::Referenced {
                decisions.refusals.push(missing_reference(node));
            }
            let decision = Decision::new(Verdict::Create, inputs, node.rows.clone());
            return Ok(decision);
        };
        let mut decision =
            Decision::new(Verdict::Nothing, inputs, seen.rows.clone().unwrap_or_default());
        decision.prior_id = Some(seen.id.clone());
        decision.ready = seen.readiness == Readiness::Ready;
        if node.ownership == Ownership::Referenced {
            return Ok(decision);
        }
        if record.is_none() && !seen.ours {
            decisions.refusals.push(foreign(node, seen));
        }
        let changed_rows = decision.rows.iter().any(|row| row.action.is_some());
        decision.changes = match &seen.rows {
            Some(rows) => rows
                .iter()
                .filter(|row| row.action.is_some())
                .flat_map(|row| row.changes.clone())
                .collect(),
            None => diff(kind, &decision.inputs, &seen.fields, record.map(|record| &record.inputs)),
        };
        let forced = self.replace.iter().any(|address| node.address == *address);
        let replace = decision.changes.iter().any(|change| change.effect == Effect::Replace)
            && seen.rows.is_none();
        // Failed is final for a resource that waits: only a new one helps, and that is the user's decision.
        decision.verdict = if forced || replace {
            self.approve_replacement(node, kind.protected, decisions);
            Verdict::Replace
        } else if record.is_none() {
            Verdict::Adopt
        } else if !decision.changes.is_empty() || changed_rows {
            Verdict::Update
        } else if kind.waits && !decision.ready {
            Verdict::Wait
        } else {
            Verdict::Nothing
        };
        Ok(decision)
    }

    /// The output that a reference is bound to, if it is known before anything runs.
    fn known_output(&self, reference: &Reference, decisions: &Decisions) -> Option<Value> {
        let decided = decisions.desired.get(&reference.address)?;
        if matches!(decided.verdict, Verdict::Create | Verdict::Replace) {
            return None;
        }
        let seen = self.observed.get(&reference.address)?;
        let kept = || self.records.get(&reference.address)?.outputs.at(&reference.path);
        seen.outputs.at(&reference.path).or_else(kept).cloned()
    }

    fn approve_replacement(&self, node: &Node, protected: bool, decisions: &mut Decisions) {
        if (protected || node.protected) && !self.approvals.replace.contains(&node.address) {
            let problem =
                Diagnostic::error("protected", "it is protected and would have to be replaced")
                    .about(&node.address)
                    .set(format!("if that is meant: --allow-replace {}", node.address))
                    .exit(ExitCode::Failed);
            decisions.refusals.push(problem);
        }
    }

    fn decide_removals(
        &self,
        chosen: &BTreeSet<Address>,
        decisions: &mut Decisions,
    ) -> Result<(), PlanningError> {
        let going: Vec<_> = self
            .records
            .values()
            .filter(|record| chosen.contains(&record.address))
            .filter(|record| {
                self.purpose == Purpose::Destroy || self.graph.get(&record.address).is_none()
            })
            .collect();
        for record in &going {
            let removal = self.decide_removal(record, &going, decisions)?;
            decisions.removed.insert(record.address.clone(), removal);
        }
        Ok(())
    }

    fn decide_removal(
        &self,
        record: &Record,
        going: &[&Record],
        decisions: &mut Decisions,
    ) -> Result<Removal, PlanningError> {
        let kind = self.kind(&record.address, &record.kind)?;
        let kept = record.ownership == Ownership::Referenced
            || (record.ownership == Ownership::Adopted && !self.approvals.include_adopted);
        if kept || !self.observed.contains_key(&record.address) {
            return Ok(Removal::Forget);
        }
        let container = kind.dies_with.and_then(|input| record.inputs.get(input));
        let dies = container.is_some_and(|container| {
            going.iter().any(|other| {
                self.observed.contains_key(&other.address)
                    && other.ownership == Ownership::Owned
                    && names_container(container, other)
            })
        });
        if dies {
            return Ok(Removal::Forget);
        }
        let protected = kind.protected || record.protected;
        if protected
            && self.purpose == Purpose::Apply
            && !self.approvals.delete.contains(&record.address)
        {
            let problem =
                Diagnostic::error("protected", "it is protected and would have to be deleted")
                    .about(&record.address)
                    .set(format!(
                        "if that is meant: --allow-delete {}; else put it back into the file",
                        record.address
                    ));
            decisions.refusals.push(problem);
        }
        Ok(Removal::Delete)
    }
}

/// Whether an input names this resource: by its address or by its id.
fn names_container(input: &Value, record: &Record) -> bool {
    match input {
        Value::Reference(reference) => reference.address == record.address,
        other => {
            other.text().is_some_and(|text| text == record.id || text == record.address.as_str())
        }
    }
}

impl Decision {
    fn new(verdict: Verdict, inputs: Value, rows: Vec<Row>) -> Self {
        Self { verdict, inputs, changes: Vec::new(), rows, ready: false, prior_id: None }
    }
}

fn missing_reference(node: &Node) -> Diagnostic {
    Diagnostic::error("not-found", "it is said to exist, and it does not")
        .about(&node.address)
        .set("correct its name, or drop `existing` so that it is made")
        .exit(ExitCode::Invalid)
}

fn foreign(node: &Node, seen: &Observed) -> Diagnostic {
    Diagnostic::error(
        "not-ours",
        format!("something of that name exists and is not of this deployment (id {})", seen.id),
    )
    .about(&node.address)
    .set("give it another name, or say `existing: true` to use it as it is")
}
