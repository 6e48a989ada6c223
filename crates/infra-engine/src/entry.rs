//! [`Entry`]: what the journal holds. An intent precedes every mutating call; an outcome follows it.

use infra_event::Action;
use infra_plan::{Address, Ownership, Record, Value};
use serde::{Deserialize, Serialize};

/// What is about to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Id of the run.
    pub run: String,
    /// Address of the resource.
    pub address: Address,
    /// Its kind.
    pub kind: String,
    /// Instance of the provider.
    pub provider: String,
    /// What is about to be done to it.
    pub action: Action,
    /// Its inputs, all bound.
    pub inputs: Value,
    /// Whose it will be.
    pub ownership: Ownership,
    /// What it depends on.
    pub depends_on: Vec<Address>,
    /// For an unmarkable kind: the listing before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing_before: Option<Value>,
}

/// What the journal holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Something is about to be done.
    Intended {
        /// What.
        intent: Intent,
    },
    /// The resource is there, and this is what is known of it.
    Recorded {
        /// What is known.
        record: Record,
    },
    /// The resource is not there any more, or not ours to care for.
    Removed {
        /// Which.
        address: Address,
    },
    /// What was intended certainly did not happen.
    Abandoned {
        /// Of which resource.
        address: Address,
    },
}

impl Entry {
    /// The same entry with each value that may hold secrets passed through `change`.
    ///
    /// # Errors
    /// The first error of `change`.
    pub fn map_values<E>(
        self,
        mut change: impl FnMut(&Value) -> Result<Value, E>,
    ) -> Result<Entry, E> {
        Ok(match self {
            Self::Intended { mut intent } => {
                intent.inputs = change(&intent.inputs)?;
                intent.listing_before =
                    intent.listing_before.as_ref().map(&mut change).transpose()?;
                Self::Intended { intent }
            }
            Self::Recorded { mut record } => {
                record.inputs = change(&record.inputs)?;
                record.outputs = change(&record.outputs)?;
                Self::Recorded { record }
            }
            other => other,
        })
    }
}
