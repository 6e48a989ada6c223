//! Everything that is drawn from the events of a run, held against snapshots.

// Helpers of tests may fail a test, too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod html;
mod lines;
mod model;
mod picture;
mod robust;
mod scenario;
mod screen;
mod terminal;
