//! Recorded runs: reading them, and showing them again.

mod read;
mod replay;

pub use read::{ReadError, read_events};
pub use replay::replay;
