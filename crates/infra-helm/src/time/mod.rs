//! Go's times and durations: layouts, zones, the value `now` gives.

mod duration;
mod layout;
mod object;
mod read;

pub(crate) use duration::{parse_duration, rounded};
pub(crate) use object::{Time, zone};
