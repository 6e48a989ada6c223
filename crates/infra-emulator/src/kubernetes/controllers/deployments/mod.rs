//! Deployments: replica sets by revision, rolled over within the bounds of the strategy.

mod controller;
mod progress;
mod replica_sets;
mod rolling;

pub(super) use controller::Deployments;
pub(super) use rolling::part;
