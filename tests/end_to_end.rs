//! The binary just built, run as its users run it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail by panicking, like tests"
)]

#[path = "end_to_end/arguments.rs"]
mod arguments;
#[path = "end_to_end/cloud.rs"]
mod cloud;
#[path = "end_to_end/endings.rs"]
mod endings;
#[path = "end_to_end/examples.rs"]
mod examples;
#[path = "end_to_end/existing.rs"]
mod existing;
#[path = "end_to_end/items.rs"]
mod items;
#[path = "end_to_end/kill.rs"]
mod kill;
#[path = "end_to_end/refused.rs"]
mod refused;
#[path = "end_to_end/restarts.rs"]
mod restarts;
#[path = "end_to_end/scene.rs"]
mod scene;
#[path = "end_to_end/workloads.rs"]
mod workloads;
