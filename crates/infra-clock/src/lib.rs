//! World time and wall time, as two types that cannot be mixed up.
//!
//! **World time** is what clouds live in: transitions of resources, poll intervals, `Retry-After`, expected durations. On real
//! clouds it runs like any clock; in a rehearsal it *jumps* to the next deadline whenever nothing happens; for an emulator
//! that other programs use it runs at a chosen speed. **Wall time** ([`wall_now`]) is for IO time-outs, leases, certificates and
//! whatever people read as a date.
//!
//! The main type is [`WorldClock`]; it is cheap to clone.

mod driver;
mod world;

pub use driver::WORLD;
pub use world::{Busy, Elapsed, WorldClock, WorldTime};

/// The date and time of the wall, in UTC, with a resolution of milliseconds.
///
/// The one place where the project reads the date.
pub fn wall_now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
