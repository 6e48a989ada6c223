//! Amounts as people write them: memory, processors, durations.

mod bytes;
mod cpus;
mod duration;

pub use bytes::Bytes;
pub use cpus::Cpus;
pub use duration::{format_duration, parse_duration};
