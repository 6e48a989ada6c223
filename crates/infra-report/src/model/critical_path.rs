//! The longest chain of operations: of a run under way, what is left of it; of a finished run, what it was.

use std::collections::HashMap;

use super::operation::Phase;
use super::run::RunModel;

/// The chain of operations that determined how long a run took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CriticalPath {
    /// Numbers of the operations, first one first.
    pub operations: Vec<u32>,
    /// World seconds from the start of the first to the end of the last.
    pub seconds: f64,
}

impl RunModel {
    /// World seconds that the run should still take: the longest path through what is left, by expected times. None if nothing is
    /// expected of any operation that is left, or nothing is left.
    pub fn expected_left(&self) -> Option<f64> {
        let left = |id: &u32| {
            self.operations.get(id).and_then(|operation| operation.expected_left(self.elapsed))
        };
        let open = self.operations.values().filter(|operation| !operation.phase.is_over());
        let known = open.clone().any(|operation| operation.expected_seconds.is_some());
        if !known || self.end.is_some() {
            return None;
        }
        let order = self.in_order();
        let mut ends: HashMap<u32, f64> = HashMap::new();
        for id in order {
            let Some(operation) = self.operations.get(&id) else { continue };
            let begin =
                operation.after.iter().filter_map(|id| ends.get(id)).copied().fold(0.0, f64::max);
            ends.insert(id, begin + left(&id).unwrap_or(0.0));
        }
        ends.values().copied().reduce(f64::max)
    }

    /// The chain that determined how long the run took so far: from the operation that ended last, back through whatever each one
    /// had to wait for longest.
    pub fn critical_path(&self) -> CriticalPath {
        let end = |id: u32| {
            let operation = self.operations.get(&id)?;
            operation.started?;
            (operation.phase != Phase::Pending).then(|| operation.ended.unwrap_or(self.elapsed))
        };
        let later = |a: &(u32, f64), b: &(u32, f64)| a.1.total_cmp(&b.1);
        let last = self.operations.keys().filter_map(|id| Some((*id, end(*id)?))).max_by(later);
        let Some((mut id, finish)) = last else { return CriticalPath::default() };
        let mut path = vec![id];
        while let Some(operation) = self.operations.get(&id) {
            let before = operation.after.iter().filter_map(|id| Some((*id, end(*id)?)));
            match before.max_by(later) {
                // A recording from elsewhere may hold a cycle.
                Some((before, _)) if !path.contains(&before) => {
                    path.push(before);
                    id = before;
                }
                _ => break,
            }
        }
        path.reverse();
        let start = self.operations.get(&id).and_then(|operation| operation.started);
        CriticalPath { operations: path, seconds: (finish - start.unwrap_or(0.0)).max(0.0) }
    }

    /// Operations ordered so that each comes after those it needs. What is part of a cycle is left out.
    pub(crate) fn in_order(&self) -> Vec<u32> {
        let mut missing: HashMap<u32, usize> = HashMap::new();
        let mut followers: HashMap<u32, Vec<u32>> = HashMap::new();
        for operation in self.operations.values() {
            let known = operation.after.iter().filter(|id| self.operations.contains_key(*id));
            missing.insert(operation.id, known.clone().count());
            known.for_each(|before| followers.entry(*before).or_default().push(operation.id));
        }
        let mut order: Vec<u32> =
            self.operations.keys().copied().filter(|id| missing.get(id) == Some(&0)).collect();
        let mut next = 0;
        while let Some(id) = order.get(next).copied() {
            next += 1;
            for follower in followers.get(&id).map(Vec::as_slice).unwrap_or_default() {
                if let Some(count) = missing.get_mut(follower) {
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        order.push(*follower);
                    }
                }
            }
        }
        order
    }
}
