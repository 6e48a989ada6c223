//! The controllers, the scheduler and the kubelets: what makes objects live.

mod cron_jobs;
mod daemon_sets;
mod deployments;
mod disruption_budgets;
mod endpoints;
mod garbage;
mod jobs;
mod kubelet;
mod load_balancers;
mod namespaces;
mod nodes;
mod objects;
mod pods;
mod queue;
mod quotas;
mod replica_sets;
mod revisions;
mod roster;
mod runner;
mod scheduler;
mod service_accounts;
mod stateful_sets;
mod volumes;

pub(super) use runner::{Running, World, start};
