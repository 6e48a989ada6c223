//! Typed readers: from the tree to the model, collecting all findings on the way.
//!
//! Names are gathered first ([`index`]), so that a reader checks a reference where it meets it. A reader returns `None`
//! only after it has reported why.

mod cluster;
mod content;
mod fields;
mod index;
mod names;
mod order;
mod pool;
mod resources;
mod root;
mod stack;
mod state;
mod values;
mod workload;

pub(crate) use index::Index;
pub(crate) use names::LONGEST_NAME;
pub(crate) use root::{providers_in_use, read_spec};

use crate::error::Problems;

/// What every reader has at hand.
pub(crate) struct Scope<'a> {
    pub(crate) index: Index,
    pub(crate) problems: &'a mut Problems,
}
