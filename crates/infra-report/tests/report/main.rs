//! Everything that is drawn from the events of a run, held against snapshots.

// Helpers of tests may fail a test, too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod lines;
mod model;
mod scenario;
mod screen;
mod terminal;
