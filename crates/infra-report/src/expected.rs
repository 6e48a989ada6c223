//! [`ExpectedDurations`]: how long operations took in earlier runs.

use std::collections::HashMap;

use infra_event::{Action, Envelope};

use crate::model::{Phase, RunModel};

/// Durations of operations that succeeded in earlier runs, by address and by kind. Take from it with
/// [`ExpectedDurations::seconds`] what goes into `expected_seconds` of a new outline.
#[derive(Clone, Debug, Default)]
pub struct ExpectedDurations {
    by_address: HashMap<(String, Action), Vec<f64>>,
    by_kind: HashMap<(String, String, Action), Vec<f64>>,
}

impl ExpectedDurations {
    /// What the runs tell, each given by its events.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a [Envelope]>) -> Self {
        let mut this = Self::default();
        for events in runs {
            this.learn(&RunModel::of(events));
        }
        this
    }

    fn learn(&mut self, run: &RunModel) {
        let done = run.operations.values().filter(|operation| operation.phase == Phase::Succeeded);
        for operation in done {
            let (Some(action), Some(_), Some(_)) =
                (operation.action, operation.started, operation.ended)
            else {
                continue;
            };
            let seconds = operation.seconds(run.elapsed);
            let address = (operation.address.clone(), action);
            self.by_address.entry(address).or_default().push(seconds);
            let kind = (operation.provider.clone(), operation.kind.clone(), action);
            self.by_kind.entry(kind).or_default().push(seconds);
        }
    }

    /// World seconds that an operation should take: the median of what it took on the same resource, else on resources of the same
    /// kind of the same provider. None if it never ran.
    pub fn seconds(
        &self,
        address: &str,
        provider: &str,
        kind: &str,
        action: Action,
    ) -> Option<f64> {
        let same = self.by_address.get(&(address.to_owned(), action));
        let alike = || self.by_kind.get(&(provider.to_owned(), kind.to_owned(), action));
        same.or_else(alike).and_then(|seconds| median(seconds))
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted.get(middle.checked_sub(1)?).copied()?;
    Some((lower + upper) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }
}
