//! Where each container is in its life, with the moments of world time at which it goes on.
//!
//! The moments live in memory; after a restart they are counted anew from what the pod's status says.

use infra_clock::WorldTime;
use serde_json::{Value, json};

use crate::kubernetes::server::time_text;

/// What a container is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// Nothing yet.
    Created,
    /// Its image is being pulled.
    Pulling {
        /// When it will be there.
        until: WorldTime,
    },
    /// Its image cannot be pulled.
    PullFailed {
        /// The next attempt.
        retry: WorldTime,
        /// Whether the kubelet waits already, or has just failed.
        backing_off: bool,
        /// The runtime's words.
        message: String,
    },
    /// The container is being made.
    Starting {
        /// When it runs.
        until: WorldTime,
    },
    /// It runs.
    Running {
        /// Since when, for people.
        started: String,
        /// When it becomes ready; nothing if never.
        ready_at: Option<WorldTime>,
        /// When it ends, and how; nothing if it runs on.
        ends: Option<(WorldTime, i32)>,
    },
    /// It has ended for good.
    Ended {
        /// Since when it ran, for people.
        started: String,
        /// When it ended, for people.
        finished: String,
        /// Its exit code.
        code: i32,
    },
    /// It has ended and will be started again.
    CrashLoop {
        /// When.
        until: WorldTime,
        /// How it ended.
        code: i32,
        /// Since when it ran, for people.
        started: String,
        /// When it ended, for people.
        finished: String,
    },
}

/// One container.
#[derive(Clone, Debug)]
pub(super) struct Container {
    /// What it does.
    pub(super) stage: Stage,
    /// Attempts to pull its image that failed.
    pub(super) pull_failures: u32,
    /// How often it was started again.
    pub(super) restarts: u32,
    /// The state in which it last ended.
    pub(super) last: Option<Value>,
    /// An id like a runtime's.
    pub(super) id: String,
}

impl Container {
    /// A container that is not there yet.
    pub(super) fn fresh() -> Self {
        let id = format!("containerd://{}", hex::encode(rand::random::<[u8; 32]>()));
        Self { stage: Stage::Created, pull_failures: 0, restarts: 0, last: None, id }
    }

    /// Whether it has ended for good.
    pub(super) fn ended(&self) -> Option<i32> {
        match &self.stage {
            Stage::Ended { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether it is ready at a moment.
    pub(super) fn is_ready(&self, now: WorldTime) -> bool {
        matches!(&self.stage, Stage::Running { ready_at: Some(at), .. } if *at <= now)
    }

    /// The next moment at which something happens to it.
    pub(super) fn next(&self, now: WorldTime) -> Option<WorldTime> {
        match &self.stage {
            Stage::Created => Some(now),
            Stage::Pulling { until } | Stage::Starting { until } => Some(*until),
            Stage::PullFailed { retry, .. } => Some(*retry),
            Stage::CrashLoop { until, .. } => Some(*until),
            Stage::Running { ready_at, ends, .. } => {
                let ready = ready_at.filter(|at| *at > now);
                let end = ends.map(|(at, _)| at);
                ready.into_iter().chain(end).min()
            }
            Stage::Ended { .. } => None,
        }
    }
}

/// The state of a container that has ended.
pub(super) fn terminated(code: i32, started: &str, finished: &str, id: &str) -> Value {
    json!({
        "exitCode": code,
        "reason": if code == 0 { "Completed" } else { "Error" },
        "startedAt": started,
        "finishedAt": finished,
        "containerID": id,
    })
}

/// The present time for people.
pub(super) fn wall() -> String {
    time_text(crate::kubernetes::server::now())
}
