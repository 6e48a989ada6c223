//! What becomes of each desired resource. No order yet: that is `operations`.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::{Diagnostic, Severity};

use super::binding::{bound, concealed_inputs};
use super::containers::container_of_node;
use super::refusals;
use super::removal::Removal;
use super::{Planner, PlanningError, Purpose};
use crate::{
    Address, Change, Effect, Kind, Node, Observed, Ownership, Readiness, Record, Reference, Row,
    Value, diff, resolve,
};

/// What becomes of a desired resource.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It must not be touched, and cannot be used as it is: a refusal says why.
    Refused,
    Nothing,
    Wait,
    Create,
    Adopt,
    Update,
    /// What is there goes in this way, then it is made.
    Replace(Removal),
}

impl Verdict {
    /// Whether its outputs are those of something that is still to be made.
    pub(super) fn is_made(&self) -> bool {
        matches!(self, Self::Create | Self::Replace(_))
    }
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
    /// Why it is done, where the changes do not tell.
    pub(super) reason: Option<String>,
}

/// The verdicts on everything.
#[derive(Default)]
pub(super) struct Decisions {
    pub(super) desired: BTreeMap<Address, Decision>,
    /// Records whose resources go (not those to be replaced).
    pub(super) removed: BTreeMap<Address, Removal>,
    /// What the state would know of resources of ours that go and that it does not know.
    pub(super) found: BTreeMap<Address, Record>,
    pub(super) notes: Vec<Diagnostic>,
    pub(super) refusals: Vec<Diagnostic>,
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
        self.note_outside_of_targets(&chosen, &mut decisions);
        Ok(decisions)
    }

    /// What the plan leaves alone although something that it needs is replaced.
    fn note_outside_of_targets(&self, chosen: &BTreeSet<Address>, decisions: &mut Decisions) {
        for record in self.records.values().filter(|record| !chosen.contains(&record.address)) {
            let replaced = record.depends_on.iter().find(|on| {
                decisions.desired.get(*on).is_some_and(|decided| decided.verdict.is_made())
            });
            if let Some(replaced) = replaced {
                decisions.notes.push(refusals::outside_of_targets(record, replaced));
            }
        }
    }

    fn decide_node(
        &self,
        node: &Node,
        decisions: &mut Decisions,
    ) -> Result<Decision, PlanningError> {
        let kind = self.kind(&node.address, &node.provider, &node.kind)?;
        let inputs = resolve(&node.inputs, &|reference| self.known_output(reference, decisions));
        let mut decision =
            Decision::new(Verdict::Create, concealed_inputs(kind, &inputs), node.rows.clone());
        let record = self.records.get(&node.address);
        let seen = self.observed.get(&node.address);
        if let Some(seen) = seen {
            decision.prior_id = Some(seen.id.clone());
            decision.ready = seen.readiness == Readiness::Ready;
        }
        if node.ownership == Ownership::Referenced {
            self.decide_referenced(node, kind, seen, &mut decision, decisions);
            return Ok(decision);
        }
        // What the state knows is at another provider, or is something else: it goes, whatever was looked at here.
        if let Some(record) = record
            && (record.provider != node.provider || record.kind != node.kind)
        {
            decision.changes = moved(record, node);
            let kind = self.kind(&record.address, &record.provider, &record.kind)?;
            self.approve_replacement(node, kind, decisions);
            decision.verdict = Verdict::Replace(Removal::Delete);
            return Ok(decision);
        }
        let Some(seen) = seen else {
            if record.is_some_and(|record| record.ownership != Ownership::Referenced) {
                decision.reason = Some(match not_ready(node, kind, decisions) {
                    Some(needed) => format!("not looked at, as {needed} is not ready"),
                    None => {
                        decisions.notes.push(refusals::gone(node));
                        "gone since the last run".to_owned()
                    }
                });
            }
            return Ok(decision);
        };
        let known = record.is_some_and(|record| record.id == seen.id);
        if !seen.ours && !known && node.ownership == Ownership::Owned {
            decisions.refusals.push(refusals::foreign(node, seen));
            decision.verdict = Verdict::Refused;
            return Ok(decision);
        }
        for remark in &seen.remarks {
            let to = match remark.severity {
                Severity::Error => &mut decisions.refusals,
                _ => &mut decisions.notes,
            };
            to.push(remark.clone());
        }
        self.decide_present(node, kind, seen, record, &mut decision, decisions);
        Ok(decision)
    }

    /// Somebody else's resource is only looked at, and waited for.
    fn decide_referenced(
        &self,
        node: &Node,
        kind: &Kind,
        seen: Option<&Observed>,
        decision: &mut Decision,
        decisions: &mut Decisions,
    ) {
        if self.replace.contains(&node.address) {
            decisions.refusals.push(refusals::not_replaceable(node));
        }
        decision.rows.clear();
        decision.verdict = match seen {
            None => {
                decisions.refusals.push(refusals::missing_reference(node));
                Verdict::Refused
            }
            Some(_) if kind.waits && !decision.ready => Verdict::Wait,
            Some(_) => Verdict::Nothing,
        };
    }

    /// The verdict on what is there and may be changed.
    fn decide_present(
        &self,
        node: &Node,
        kind: &Kind,
        seen: &Observed,
        record: Option<&Record>,
        decision: &mut Decision,
        decisions: &mut Decisions,
    ) {
        if let Some((container, removal)) = self.container_that_is_made(node, kind, decisions) {
            decision.reason = Some(format!("goes and comes with {container}"));
            // A word for a protected container counts for all that is in it.
            if !self.is_protected(&container) {
                self.approve_replacement(node, kind, decisions);
            }
            decision.verdict = Verdict::Replace(removal);
            return;
        }
        if seen.readiness == Readiness::Deleting {
            decision.reason = Some("is being deleted, and made again".to_owned());
            decision.verdict = Verdict::Replace(Removal::Delete);
            return;
        }
        decision.changes = match &seen.rows {
            Some(rows) => {
                let changed = rows.iter().filter(|row| row.action.is_some());
                changed.flat_map(|row| row.changes.clone()).collect()
            }
            None => {
                let prior = record.map(|record| &record.inputs);
                let all = diff(kind, &decision.inputs, &seen.fields, prior);
                all.into_iter().filter(|change| counts(change, node, decisions)).collect()
            }
        };
        let forced = self.replace.contains(&node.address);
        let replace = decision.changes.iter().any(|change| change.effect == Effect::Replace)
            && seen.rows.is_none();
        let moves = self.moves(node, kind, seen, decision);
        if let Some(change) = moves.clone() {
            decision.changes.retain(|other| !other.is_within(&change.path));
            decision.changes.insert(0, change);
        }
        if forced || replace || moves.is_some() {
            decision.reason = forced.then(|| "replaced as asked for".to_owned());
            self.approve_replacement(node, kind, decisions);
            decision.verdict = Verdict::Replace(Removal::Delete);
            return;
        }
        match &seen.rows {
            Some(rows) => decision.rows.clone_from(rows),
            // Nobody compared the objects: that they are there does not say that anything happens to them.
            None => {
                for row in &mut decision.rows {
                    row.action = None;
                    row.changes.clear();
                }
            }
        }
        decision.verdict = if record.is_none_or(|record| record.id != seen.id) {
            Verdict::Adopt
        } else if decision.has_changes() {
            Verdict::Update
        } else if kind.waits && !decision.ready {
            Verdict::Wait
        } else {
            Verdict::Nothing
        };
        if let Readiness::Failed { reason } = &seen.readiness {
            decisions.notes.push(refusals::failed(node, reason));
        }
    }

    fn is_protected(&self, address: &Address) -> bool {
        self.graph.get(address).is_some_and(|node| {
            node.protected
                || (self.kinds)(&node.provider, &node.kind).is_some_and(|kind| kind.protected)
        })
    }

    /// What the state would know of a resource of ours, made by a run that died before it could say so.
    pub(super) fn unrecorded(&self, node: &Node, inputs: &Value) -> Record {
        let seen = self.observed.get(&node.address);
        let live = seen.map(|seen| seen.fields.clone()).filter(|live| !live.is_null());
        Record {
            address: node.address.clone(),
            kind: node.kind.clone(),
            provider: node.provider.clone(),
            id: seen.map(|seen| seen.id.clone()).unwrap_or_default(),
            inputs: live.unwrap_or_else(|| bound(&node.inputs, inputs)),
            outputs: seen.map(|seen| seen.outputs.clone()).unwrap_or_default(),
            ownership: node.ownership,
            depends_on: node.dependencies().into_iter().collect(),
            protected: node.protected,
            objects: Vec::new(),
        }
    }

    /// The output that a reference is bound to, if it is known before anything runs.
    fn known_output(&self, reference: &Reference, decisions: &Decisions) -> Option<Value> {
        let decided = decisions.desired.get(&reference.address)?;
        if decided.verdict.is_made() || decided.verdict == Verdict::Refused {
            return None;
        }
        let seen = self.observed.get(&reference.address)?;
        let kept = || self.records.get(&reference.address)?.outputs.at(&reference.path);
        let found = seen.outputs.at(&reference.path).or_else(kept)?;
        // What is not ready may tell more later.
        (decided.ready || !found.is_null()).then(|| found.clone())
    }

    fn approve_replacement(&self, node: &Node, kind: &Kind, decisions: &mut Decisions) {
        let protected = kind.protected || node.protected;
        if protected && !self.approvals.replace.contains(&node.address) {
            decisions.refusals.push(refusals::protected_from_replacement(node));
        }
    }
}

impl Decision {
    fn new(verdict: Verdict, inputs: Value, rows: Vec<Row>) -> Self {
        let (changes, ready, prior_id, reason) = (Vec::new(), false, None, None);
        Self { verdict, inputs, changes, rows, ready, prior_id, reason }
    }

    /// Whether something must be changed, in the resource or in one of its objects.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty() || self.rows.iter().any(|row| row.action.is_some())
    }
}

/// What a resource is in or bound to that is not ready: the resource could not be looked at, so that nobody knows whether it is gone.
fn not_ready<'node>(
    node: &'node Node,
    kind: &Kind,
    decisions: &Decisions,
) -> Option<&'node Address> {
    let container = kind.dies_with.and_then(|field| container_of_node(node, field));
    let bound = node.inputs.references().into_iter().map(|reference| &reference.address);
    container.into_iter().chain(bound).find(|address| {
        let decided = decisions.desired.get(*address);
        decided.is_some_and(|decided| decided.verdict.is_made() || !decided.ready)
    })
}

/// Whether a difference counts.
///
/// What will be known only later differs for certain if that comes from something that is made. If it comes from something that stays
/// and merely does not tell it now, what is there is taken to be right: it was made from it.
fn counts(change: &Change, node: &Node, decisions: &Decisions) -> bool {
    if change.after.is_known() || (change.before.is_null() && change.effect == Effect::Update) {
        return true;
    }
    let Value::Map(inputs) = &node.inputs else { return true };
    let Some((_, input)) = inputs.iter().find(|(name, _)| change.is_within(name)) else {
        return true;
    };
    let references = input.references();
    let stays = |reference: &&Reference| {
        decisions
            .desired
            .get(&reference.address)
            .is_some_and(|decision| !decision.verdict.is_made())
    };
    references.is_empty() || !references.iter().all(stays)
}

fn moved(record: &Record, node: &Node) -> Vec<Change> {
    let change = |path: &str, before: &str, after: &str| Change {
        path: path.to_owned(),
        before: before.into(),
        after: after.into(),
        effect: Effect::Replace,
    };
    let all = [
        change("(provider)", &record.provider, &node.provider),
        change("(kind)", &record.kind, &node.kind),
    ];
    all.into_iter().filter(|change| change.before != change.after).collect()
}
