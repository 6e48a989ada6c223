//! Which addresses a plan is about.

use std::collections::{BTreeMap, BTreeSet};

use super::{Planner, PlanningError, Purpose};
use crate::Address;

impl Planner<'_> {
    /// Every target names something; what is to be replaced is named exactly.
    pub(super) fn check_targets(&self) -> Result<(), PlanningError> {
        let unknown = |target: &&Address| {
            !self.graph.nodes().any(|node| node.address.is_within(target))
                && !self.records.keys().any(|address| address.is_within(target))
        };
        let not_exact = |address: &&Address| {
            self.graph.get(address).is_none() && !self.records.contains_key(*address)
        };
        let wrong = self.targets.iter().find(unknown);
        match wrong.or_else(|| self.replace.iter().find(not_exact)) {
            Some(target) => Err(PlanningError::UnknownTarget(target.clone())),
            None => Ok(()),
        }
    }

    /// The addresses that the plan is about.
    pub(super) fn chosen(&self) -> BTreeSet<Address> {
        let all = self.graph.nodes().map(|node| &node.address).chain(self.records.keys());
        if self.targets.is_empty() {
            return all.cloned().collect();
        }
        let targeted = |address: &Address| {
            self.replace.contains(address)
                || self.targets.iter().any(|target| address.is_within(target))
        };
        let mut chosen: BTreeSet<_> = all.filter(|address| targeted(address)).cloned().collect();
        self.add_dependents(&mut chosen);
        if self.purpose == Purpose::Apply {
            // Dependents stand after what they need, so that one pass from the end is enough.
            for node in self.graph.nodes().rev() {
                if chosen.contains(&node.address) {
                    chosen.extend(node.dependencies());
                }
            }
        }
        chosen
    }

    /// Adds what depends on what will be deleted: it goes as well, or is changed so that it depends on it no more.
    fn add_dependents(&self, chosen: &mut BTreeSet<Address>) {
        let mut dependents: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
        for record in self.records.values() {
            for on in &record.depends_on {
                dependents.entry(on).or_default().push(&record.address);
            }
        }
        let goes = |address: &Address| {
            self.purpose == Purpose::Destroy || self.graph.get(address).is_none()
        };
        let mut left: Vec<Address> =
            chosen.iter().filter(|address| goes(address)).cloned().collect();
        while let Some(address) = left.pop() {
            for dependent in dependents.get(&address).into_iter().flatten().copied() {
                if chosen.insert(dependent.clone()) && goes(dependent) {
                    left.push(dependent.clone());
                }
            }
        }
    }
}
