//! Tests of the planner, of what it shows and of what it draws, on small worlds and on random ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "plan/drawing.rs"]
mod drawing;
#[path = "plan/ordering.rs"]
mod ordering;
#[path = "plan/properties.rs"]
mod properties;
#[path = "plan/protection.rs"]
mod protection;
#[path = "plan/showing.rs"]
mod showing;
#[path = "plan/simulator.rs"]
mod simulator;
#[path = "plan/speed.rs"]
mod speed;
#[path = "plan/targets.rs"]
mod targets;
#[path = "plan/values.rs"]
mod values;
#[path = "plan/verdicts.rs"]
mod verdicts;
#[path = "plan/world.rs"]
mod world;
