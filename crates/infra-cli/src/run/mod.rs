//! What the commands have in common: opening a deployment, planning, carrying out.

mod approve;
mod execute;
mod open;
mod planning;
mod rehearsal;
mod saved;

pub(crate) use approve::approved;
pub(crate) use execute::{Order, execute, parse_events, start_stream};
pub(crate) use open::{Deployment, block_on};
pub(crate) use planning::{Wish, desired, plan, plan_again};
pub(crate) use rehearsal::{serve_forever, show_world};
pub(crate) use saved::{read_plan, save_plan};
