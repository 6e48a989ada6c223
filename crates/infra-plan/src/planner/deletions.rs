//! Deletions: what goes for good, and what goes to be made anew; and their order.

use std::collections::BTreeMap;

use infra_event::Action;

use super::binding::concealed_inputs;
use super::decide::{Decisions, Verdict};
use super::operations::{Builder, exclusive, plain_text};
use super::removal::Removal;
use super::sorting::Bond;
use super::vanishing::{Leaving, settle};
use crate::{Address, Kind, Operation, OperationId, Ownership, PlanningError, Record};

/// A resource that goes.
pub(super) struct Going {
    /// The operation.
    pub(super) place: usize,
    /// What it depended on.
    depends_on: Vec<Address>,
    /// The container with which it goes.
    container: Option<Address>,
}

impl Builder<'_, '_> {
    pub(super) fn add_deletions(&mut self, decisions: &Decisions) -> Result<(), PlanningError> {
        let mut leaving = BTreeMap::new();
        let mut order = Vec::new();
        for (address, removal) in &decisions.removed {
            let known = self.planner.records.get(address).or_else(|| decisions.found.get(address));
            let Some(record) = known.cloned() else { continue };
            order.push(address);
            let one = Leaving { record, removal: removal.clone(), replaces: false };
            leaving.insert(address.clone(), one);
        }
        for node in self.planner.graph.nodes().rev() {
            let Some(decision) = decisions.desired.get(&node.address) else { continue };
            let Verdict::Replace(removal) = &decision.verdict else { continue };
            let record = self.planner.records.get(&node.address).cloned();
            let record = record.unwrap_or_else(|| self.planner.unrecorded(node, &decision.inputs));
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
        let kind = self.planner.kind(&record.address, &record.provider, &record.kind)?;
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

    pub(super) fn order_deletions(&mut self) {
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
