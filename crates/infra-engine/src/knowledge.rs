//! [`Knowledge`]: what the state knows, as snapshot and journal add up to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use infra_plan::{Address, Record, Reference, Value};
use serde::{Deserialize, Serialize};

use crate::{Entry, Intent};

/// What the state knows of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Knowledge {
    /// What exists, by address.
    pub records: BTreeMap<Address, Record>,
    /// What was intended and of which nobody knows whether it happened.
    #[serde(default)]
    pub unsettled: BTreeMap<Address, Intent>,
}

impl Knowledge {
    /// Takes an entry of the journal in.
    pub fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Intended { intent } => {
                self.unsettled.insert(intent.address.clone(), intent);
            }
            Entry::Recorded { record } => {
                self.unsettled.remove(&record.address);
                self.records.insert(record.address.clone(), record);
            }
            Entry::Removed { address } => {
                self.unsettled.remove(&address);
                self.records.remove(&address);
            }
            Entry::Abandoned { address } => {
                self.unsettled.remove(&address);
            }
        }
    }

    /// The output that a reference names.
    pub fn output(&self, reference: &Reference) -> Option<Value> {
        self.records.get(&reference.address)?.outputs.at(&reference.path).cloned()
    }
}

/// Knowledge that the tasks of a run share.
#[derive(Clone, Debug, Default)]
pub struct SharedKnowledge(Arc<Mutex<Knowledge>>);

impl SharedKnowledge {
    /// Shares this.
    pub fn new(knowledge: Knowledge) -> Self {
        Self(Arc::new(Mutex::new(knowledge)))
    }

    /// The knowledge; hold it only for a moment. Each change is one statement, so a panic of another holder leaves it whole.
    pub fn lock(&self) -> MutexGuard<'_, Knowledge> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
