//! Which of the resources that could go with their containers must be deleted by calls of their own after all.
//!
//! A resource in a container may need something outside that itself needs the container: a workload in a cluster, say, and a record
//! of names that points to the cluster. The outer one has to go before the container, and after the inner one: so the inner one
//! cannot wait for the container to take it along.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::Removal;
use crate::{Address, Record};

/// A resource that goes, for good or to be replaced.
pub(super) struct Leaving {
    pub(super) record: Record,
    pub(super) removal: Removal,
    pub(super) replaces: bool,
}

/// Turns what cannot wait for its container into deletions.
pub(super) fn settle(leaving: &mut BTreeMap<Address, Leaving>) {
    let mut groups = groups(leaving);
    let containers: Vec<_> = groups.members.keys().cloned().collect();
    for container in containers {
        for address in groups.early(&container) {
            if let Some(one) = leaving.get_mut(&address) {
                one.removal = Removal::Delete;
            }
        }
    }
}

/// What is gone at the same moment.
struct Groups {
    /// For each container that is really deleted all that goes with it.
    members: BTreeMap<Address, BTreeSet<Address>>,
    /// For each of those its container.
    container: BTreeMap<Address, Address>,
    /// For each resource what depends on it.
    dependents: BTreeMap<Address, Vec<Address>>,
}

fn groups(leaving: &BTreeMap<Address, Leaving>) -> Groups {
    let mut groups = Groups {
        members: BTreeMap::new(),
        container: BTreeMap::new(),
        dependents: BTreeMap::new(),
    };
    for address in leaving.keys() {
        let mut at = address;
        // Chains are as long as containers are deep; the bound only guards against a state that was edited by hand.
        for _ in 0..64 {
            match leaving.get(at).map(|one| &one.removal) {
                Some(Removal::Vanish(container)) => at = container,
                _ => break,
            }
        }
        if at != address {
            groups.members.entry(at.clone()).or_default().insert(address.clone());
            groups.container.insert(address.clone(), at.clone());
        }
    }
    if !groups.members.is_empty() {
        for (address, one) in leaving {
            for on in &one.record.depends_on {
                groups.dependents.entry(on.clone()).or_default().push(address.clone());
            }
        }
    }
    groups
}

impl Groups {
    /// Takes out of a container what must be gone before it, and was thought to go with it.
    fn early(&mut self, container: &Address) -> Vec<Address> {
        let mut early = Vec::new();
        let mut before: BTreeSet<Address> = BTreeSet::new();
        // All outside that needs the container, or something in it, goes before it; so does all that needs that, with its own container.
        let mut left = self.needed_gone(container);
        while let Some(address) = left.pop() {
            let inside = self.container.get(&address) == Some(container);
            if address == *container || !before.insert(address.clone()) {
                continue;
            }
            if inside {
                self.container.remove(&address);
                if let Some(members) = self.members.get_mut(container) {
                    members.remove(&address);
                }
                early.push(address.clone());
            }
            left.extend(self.container.get(&address).cloned());
            left.extend(self.dependents.get(&address).into_iter().flatten().cloned());
            left.extend(self.needed_gone(&address));
        }
        early
    }

    /// What must be gone before this container, with what is in it, can go.
    fn needed_gone(&self, container: &Address) -> Vec<Address> {
        let members = self.members.get(container).into_iter().flatten();
        members
            .chain([container])
            .flat_map(|member| self.dependents.get(member).into_iter().flatten())
            .filter(|address| self.container.get(*address) != Some(container))
            .cloned()
            .collect()
    }
}
