//! Jobs: pods that run to their end, counted once each.

mod controller;
mod counting;
mod pods;

pub(super) use controller::Jobs;
