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
    let groups = groups(leaving);
    let mut dependents: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    if !groups.is_empty() {
        for (address, one) in leaving.iter() {
            for on in &one.record.depends_on {
                dependents.entry(on.clone()).or_default().push(address.clone());
            }
        }
    }
    for (container, mut inside) in groups {
        for address in early(&container, &mut inside, &dependents) {
            if let Some(one) = leaving.get_mut(&address) {
                one.removal = Removal::Delete;
            }
        }
    }
}

/// For each container that is really deleted all that goes with it, itself included.
fn groups(leaving: &BTreeMap<Address, Leaving>) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut groups: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
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
            let group = groups.entry(at.clone()).or_default();
            group.insert(address.clone());
            group.insert(at.clone());
        }
    }
    groups
}

/// What must be gone before the container and was thought to go with it.
fn early(
    container: &Address,
    inside: &mut BTreeSet<Address>,
    dependents: &BTreeMap<Address, Vec<Address>>,
) -> Vec<Address> {
    let on = |address: &Address| dependents.get(address).into_iter().flatten();
    // All outside that needs the container, or something in it, goes before it; so does all that needs that.
    let mut before: BTreeSet<Address> =
        inside.iter().flat_map(on).filter(|address| !inside.contains(*address)).cloned().collect();
    let mut left: Vec<Address> = before.iter().cloned().collect();
    let mut early = Vec::new();
    while let Some(address) = left.pop() {
        for dependent in on(&address).filter(|dependent| *dependent != container) {
            if before.insert(dependent.clone()) {
                if inside.remove(dependent) {
                    early.push(dependent.clone());
                }
                left.push(dependent.clone());
            }
        }
    }
    early
}
