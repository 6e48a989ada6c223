//! The order of operations: each after those that it needs, otherwise as they were drafted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How firmly one operation waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bond {
    /// Always.
    Firm,
    /// A deletion waits for a change, after which the deleted is no more needed. Giving that up needs the user.
    Change,
    /// A deletion waits for a deletion, as records of earlier runs have it. Records of different runs may contradict each other; then
    /// either order is as good.
    Record,
    /// A deletion waits for a deletion, as the file has it for something that no record tells about.
    Guess,
}

/// Operations by their places in the draft.
#[derive(Default)]
pub(super) struct Order {
    /// For each what it waits for, and how firmly.
    waits: Vec<BTreeMap<usize, Bond>>,
}

/// An order, and what had to be given up for it.
pub(super) struct Sorted {
    /// The places of the draft in their new order.
    pub(super) order: Vec<usize>,
    /// For each place of the draft what it waits for.
    pub(super) waits: Vec<Vec<usize>>,
    /// Cycles that could only be opened by letting a deletion not wait for a change.
    pub(super) conflicts: Vec<Vec<usize>>,
}

impl Order {
    pub(super) fn add(&mut self, place: usize, needed: usize, bond: Bond) {
        if self.waits.len() <= place {
            self.waits.resize_with(place + 1, BTreeMap::new);
        }
        if place != needed
            && let Some(waits) = self.waits.get_mut(place)
        {
            let kept = waits.entry(needed).or_insert(bond);
            *kept = bond.min(*kept);
        }
    }

    /// Sorts `count` operations.
    pub(super) fn sorted(mut self, count: usize) -> Sorted {
        self.waits.resize_with(count, BTreeMap::new);
        let mut conflicts = Vec::new();
        let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (place, waits) in self.waits.iter().enumerate() {
            for needed in waits.keys() {
                next[*needed].push(place);
            }
        }
        let mut open: Vec<usize> = self.waits.iter().map(BTreeMap::len).collect();
        let mut done = vec![false; count];
        let mut ready: BinaryHeap<_> =
            (0..count).filter(|place| open[*place] == 0).map(Reverse).collect();
        let mut order = Vec::with_capacity(count);
        loop {
            while let Some(Reverse(place)) = ready.pop() {
                done[place] = true;
                order.push(place);
                // What was given up is no more in `waits`.
                for waiting in next[place].iter().copied() {
                    if self.waits[waiting].contains_key(&place) {
                        open[waiting] -= 1;
                        if open[waiting] == 0 {
                            ready.push(Reverse(waiting));
                        }
                    }
                }
            }
            if order.len() == count {
                break;
            }
            let Some((place, needed)) = self.open_cycle(&done, &mut conflicts) else { break };
            self.waits[place].remove(&needed);
            open[place] -= 1;
            if open[place] == 0 {
                ready.push(Reverse(place));
            }
        }
        let waits = self.waits.into_iter().map(|waits| waits.into_keys().collect()).collect();
        Sorted { order, waits, conflicts }
    }

    /// Finds a cycle among what is left, and the weakest edge in it.
    fn open_cycle(&self, done: &[bool], conflicts: &mut Vec<Vec<usize>>) -> Option<(usize, usize)> {
        let mut path: Vec<(usize, usize, Bond)> = Vec::new();
        let mut on_path: Vec<Option<usize>> = vec![None; done.len()];
        let mut at = done.iter().position(|done| !done)?;
        // Everything left waits for something left, so that the walk must come back to where it was.
        while on_path[at].is_none() {
            let (needed, bond) =
                self.waits[at].iter().map(|(a, b)| (*a, *b)).find(|(needed, _)| !done[*needed])?;
            on_path[at] = Some(path.len());
            path.push((at, needed, bond));
            at = needed;
        }
        let cycle = &path[on_path[at]?..];
        let first = |wanted: Bond| cycle.iter().find(|(.., bond)| *bond == wanted);
        // A cycle with a change in it is none of contradicting records: somebody would be in the way of somebody.
        let conflict = first(Bond::Change);
        if conflict.is_some() {
            conflicts.push(cycle.iter().map(|(place, ..)| *place).collect());
        }
        conflict
            .or_else(|| first(Bond::Guess))
            .or_else(|| first(Bond::Record))
            .map(|(place, needed, _)| (*place, *needed))
    }
}
