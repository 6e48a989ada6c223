//! The window of past changes that watches read from.
//!
//! A watch remembers the last revision that it has sent and asks for what came after; nothing is queued per watcher, so a slow
//! watcher costs no memory and is told that its revision expired once the window has moved past it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::Key;

/// The most changes that are kept.
const MOST_CHANGES: usize = 8192;
/// The most bytes (of the objects as JSON; in memory they take several times as much) that are kept.
const MOST_BYTES: usize = 4 << 20;

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// It was made.
    Added,
    /// It was changed.
    Modified,
    /// It is gone; the object is its last state, with the revision of its removal.
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The revision that the change made.
    pub(crate) revision: u64,
    /// Which object.
    pub(crate) key: Key,
    /// What happened.
    pub(crate) kind: ChangeKind,
    /// The object after the change.
    pub(crate) object: Arc<Value>,
    /// The object before the change; nothing for an addition.
    pub(crate) previous: Option<Arc<Value>>,
    bytes: usize,
}

impl Change {
    /// An object that is there, as a change.
    pub(crate) fn present(key: Key, kind: ChangeKind, revision: u64, object: Arc<Value>) -> Self {
        Self { revision, key, kind, object, previous: None, bytes: 0 }
    }

    pub(super) fn new(
        key: Key,
        kind: ChangeKind,
        revision: u64,
        object: Arc<Value>,
        previous: Option<Arc<Value>>,
        bytes: usize,
    ) -> Self {
        Self { revision, key, kind, object, previous, bytes }
    }
}

/// A revision is older than what the history holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expired {
    /// The oldest revision that a watch can start from.
    pub(crate) oldest: u64,
}

/// Past changes, oldest first; revisions are dense.
#[derive(Debug)]
pub(super) struct History {
    changes: VecDeque<Change>,
    bytes: usize,
    /// The revision before the first change that is kept.
    before: u64,
}

impl History {
    pub(super) fn starting_at(revision: u64) -> Self {
        Self { changes: VecDeque::new(), bytes: 0, before: revision }
    }

    pub(super) fn push(&mut self, change: Change) {
        self.bytes += change.bytes;
        self.changes.push_back(change);
        while self.changes.len() > MOST_CHANGES
            || (self.bytes > MOST_BYTES && self.changes.len() > 1)
        {
            if let Some(dropped) = self.changes.pop_front() {
                self.bytes -= dropped.bytes;
                self.before = dropped.revision;
            }
        }
    }

    /// Forgets everything up to the present; every older revision has expired.
    pub(super) fn forget(&mut self, revision: u64) {
        self.changes.clear();
        self.bytes = 0;
        self.before = revision;
    }

    /// At most `most` changes after `revision`.
    pub(super) fn after(&self, revision: u64, most: usize) -> Result<Vec<Change>, Expired> {
        if revision < self.before {
            return Err(Expired { oldest: self.before });
        }
        let from = self.changes.partition_point(|change| change.revision <= revision);
        Ok(self.changes.range(from..).take(most).cloned().collect())
    }

    pub(super) fn oldest(&self) -> u64 {
        self.before
    }
}
