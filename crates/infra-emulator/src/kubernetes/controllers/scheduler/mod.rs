//! The scheduler: one pod at a time, to the node that fits and has the fewest pods.

mod affinity;
mod cycle;
mod fit;
mod volumes;

pub(super) use affinity::{node_matches, tolerates};
pub(super) use cycle::Scheduler;
