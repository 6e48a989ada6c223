//! What becomes of resources that the state knows and the file does not describe (or that `down` takes away).

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Decisions;
use super::refusals;
use super::{Planner, PlanningError, Purpose};
use crate::{Address, Kind, Node, Ownership, Record, Reference, resolve};

/// How a resource goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// By a call.
    Delete,
    /// With the container that is deleted.
    Vanish(Address),
    /// It is not there, or not ours to delete: it is only dropped from the state.
    Forget,
}

impl Planner<'_> {
    pub(super) fn decide_removals(
        &self,
        chosen: &BTreeSet<Address>,
        decisions: &mut Decisions,
    ) -> Result<(), PlanningError> {
        let found = self.unrecorded_to_destroy(chosen);
        let mut going: BTreeMap<&Address, (&Record, &Kind)> = BTreeMap::new();
        let all = self.records.values().chain(found.values());
        for record in all.filter(|record| chosen.contains(&record.address)) {
            if self.purpose == Purpose::Destroy || self.graph.get(&record.address).is_none() {
                going.insert(
                    &record.address,
                    (record, self.kind(&record.address, &record.provider, &record.kind)?),
                );
            } else if self.is_given_away(record) {
                decisions.removed.insert(record.address.clone(), Removal::Forget);
            }
        }
        let containers = self.containers_that_go(&going);
        for (address, (record, kind)) in &going {
            let removal = if !self.is_ours_and_there(record) {
                self.note_stranger(record, decisions);
                Removal::Forget
            } else if let Some(container) = containers.get(*address) {
                Removal::Vanish(container.clone())
            } else {
                Removal::Delete
            };
            if !self.may_go(record, kind, &removal, &going) {
                decisions.refusals.push(refusals::protected_from_deletion(record));
            }
            decisions.removed.insert((*address).clone(), removal);
        }
        decisions.found = found;
        Ok(())
    }

    /// What `down` takes away although the state does not know it: it is in the file, there, and bears our marker.
    fn unrecorded_to_destroy(&self, chosen: &BTreeSet<Address>) -> BTreeMap<Address, Record> {
        let ours = |node: &&Node| {
            self.purpose == Purpose::Destroy
                && node.ownership == Ownership::Owned
                && chosen.contains(&node.address)
                && !self.records.contains_key(&node.address)
                && self.observed.get(&node.address).is_some_and(|seen| seen.ours)
        };
        let output = |reference: &Reference| {
            self.observed.get(&reference.address)?.outputs.at(&reference.path).cloned()
        };
        self.graph
            .nodes()
            .filter(ours)
            .map(|node| self.unrecorded(node, &resolve(&node.inputs, &output)))
            .map(|record| (record.address.clone(), record))
            .collect()
    }

    /// The file now says that it is somebody else's, and the state says that it is ours.
    fn is_given_away(&self, record: &Record) -> bool {
        record.ownership != Ownership::Referenced
            && self
                .graph
                .get(&record.address)
                .is_some_and(|node| node.ownership == Ownership::Referenced)
    }

    /// Whether a resource is there and is the plan's to delete.
    fn is_ours_and_there(&self, record: &Record) -> bool {
        let kept = record.ownership == Ownership::Referenced
            || (record.ownership == Ownership::Adopted && !self.approvals.include_adopted)
            || self.is_given_away(record);
        let there = self
            .observed
            .get(&record.address)
            .is_some_and(|seen| seen.ours || seen.id == record.id);
        !kept && there
    }

    /// For each resource that dies with another one that goes as well, which one that is.
    fn containers_that_go(
        &self,
        going: &BTreeMap<&Address, (&Record, &Kind)>,
    ) -> BTreeMap<Address, Address> {
        let mut containers = BTreeMap::new();
        for (address, (record, kind)) in going {
            let container = kind
                .dies_with
                .and_then(|field| self.container_of(record, field))
                .filter(|container| {
                    container != *address
                        && going
                            .get(container)
                            .is_some_and(|(record, _)| self.is_ours_and_there(record))
                });
            containers.extend(container.map(|container| ((*address).clone(), container)));
        }
        // Chains end at something that is really deleted. (They cannot close, unless a state was edited by hand.)
        let ends = |start: &Address| {
            let mut at = start;
            (0..=containers.len()).any(|_| match containers.get(at) {
                Some(next) => {
                    at = next;
                    false
                }
                None => true,
            })
        };
        let endless: Vec<_> = containers.keys().filter(|address| !ends(address)).cloned().collect();
        for address in &endless {
            containers.remove(address);
        }
        containers
    }

    /// Whether it may go without a further word of the user. A word for a protected container counts for all that is in it.
    fn may_go(
        &self,
        record: &Record,
        kind: &Kind,
        removal: &Removal,
        going: &BTreeMap<&Address, (&Record, &Kind)>,
    ) -> bool {
        let is_protected = |record: &Record, kind: &Kind| kind.protected || record.protected;
        let asked_for_container = match removal {
            Removal::Delete => false,
            Removal::Forget => return true,
            Removal::Vanish(container) => {
                going.get(container).is_some_and(|(record, kind)| is_protected(record, kind))
            }
        };
        self.purpose == Purpose::Destroy
            || !is_protected(record, kind)
            || asked_for_container
            || self.approvals.delete.contains(&record.address)
    }

    /// Something else has taken the place of what the state knows.
    fn note_stranger(&self, record: &Record, decisions: &mut Decisions) {
        let Some(seen) = self.observed.get(&record.address) else { return };
        if record.ownership == Ownership::Owned && !seen.ours && seen.id != record.id {
            decisions.notes.push(refusals::stranger(record, seen));
        }
    }
}
