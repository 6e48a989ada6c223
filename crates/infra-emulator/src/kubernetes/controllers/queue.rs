//! The work queue of one controller: keys that are due, and keys that become due at a moment of world time.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Duration;

use infra_clock::WorldTime;

use crate::kubernetes::server::Key;

/// What a controller works on: an object by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct WorkKey {
    /// Namespace, empty at cluster scope.
    pub(super) namespace: String,
    /// Name.
    pub(super) name: String,
    /// Storage name of the resource, for controllers of several; empty for the others.
    pub(super) resource: String,
}

impl WorkKey {
    /// A key from its parts.
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), resource: String::new() }
    }

    /// The key of an object of one of several resources.
    pub(super) fn of(key: &Key) -> Self {
        Self { resource: key.resource.to_string(), ..Self::new(&key.namespace, &key.name) }
    }

    /// As the pair that the client takes.
    pub(super) fn pair(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

/// Keys in order; each at most once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: VecDeque<WorkKey>,
    queued: HashSet<WorkKey>,
    later: BTreeMap<(WorldTime, u64), WorkKey>,
    failures: HashMap<WorkKey, u32>,
    sequence: u64,
}

/// The first and the longest delay after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(60));

impl Queue {
    /// Queues a key unless it is queued.
    pub(super) fn add(&mut self, key: WorkKey) {
        if self.queued.insert(key.clone()) {
            self.due.push_back(key);
        }
    }

    /// Queues a key at a moment.
    pub(super) fn add_at(&mut self, key: WorkKey, when: WorldTime) {
        // Of several moments for one key only the earliest matters: the work decides anew when to come again.
        let earlier = self.later.iter().find(|(_, other)| **other == key).map(|(at, _)| *at);
        if let Some(at) = earlier {
            if at.0 <= when {
                return;
            }
            self.later.remove(&at);
        }
        self.sequence += 1;
        self.later.insert((when, self.sequence), key);
    }

    /// Queues a key after a failure, later each time.
    pub(super) fn add_after_failure(&mut self, key: WorkKey, now: WorldTime) {
        let failures = self.failures.entry(key.clone()).or_default();
        let delay = BACK_OFF.0.saturating_mul(1 << (*failures).min(12)).min(BACK_OFF.1);
        *failures = failures.saturating_add(1);
        self.add_at(key, now + delay);
    }

    /// Forgets failures of a key.
    pub(super) fn succeeded(&mut self, key: &WorkKey) {
        self.failures.remove(key);
    }

    /// The next key that is due.
    pub(super) fn next(&mut self, now: WorldTime) -> Option<WorkKey> {
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let key = entry.remove();
            self.add(key);
        }
        let key = self.due.pop_front()?;
        self.queued.remove(&key);
        Some(key)
    }

    /// When the next key becomes due that is not.
    pub(super) fn deadline(&self) -> Option<WorldTime> {
        self.later.first_key_value().map(|((when, _), _)| *when)
    }
}
