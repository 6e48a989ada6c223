//! The state of a run, folded from its events. Every renderer draws from this, so that all tell the same.

mod address;
mod critical_path;
mod group;
mod operation;
mod run;

pub use critical_path::CriticalPath;
pub use group::{Group, Row, RowState};
pub use operation::{LogEntry, Operation, Phase, Retry, WaitSpan};
pub use run::{LeftoverListing, RunEnd, RunModel};

pub(crate) use address::object_label;
