//! Cron jobs: Jobs made by a schedule, in world time.

mod controller;
mod schedule;

pub(super) use controller::CronJobs;
