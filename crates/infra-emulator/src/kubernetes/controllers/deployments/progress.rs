//! Status and conditions of a deployment, and the deadline for its progress.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::controller::{DEPLOYMENTS, Deployments};
use super::replica_sets::{Sets, wanted};
use super::rolling::Bounds;
use crate::kubernetes::controllers::objects::{
    condition, name, number, pair, set_condition, set_count, uid,
};
use crate::kubernetes::controllers::runner::Outcome;

/// When each deployment last came forward, in world time.
#[derive(Debug, Default)]
pub(super) struct Progress {
    last: Mutex<HashMap<String, (WorldTime, [i64; 4])>>,
}

impl Progress {
    /// A new revision begins.
    pub(super) fn restart(&self, deployment: &Value, now: WorldTime) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(uid(deployment).to_owned(), (now, [0; 4]));
    }

    /// How long ago the deployment last came forward, given its present counts.
    fn idle(&self, deployment: &Value, counts: [i64; 4], now: WorldTime) -> Duration {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = last.entry(uid(deployment).to_owned()).or_insert((now, counts));
        if entry.1 != counts {
            *entry = (now, counts);
        }
        now.since(entry.0)
    }
}

struct Counts {
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
}

impl Counts {
    fn of(sets: &Sets) -> Self {
        let sum = |pointer: &str| sets.all().filter_map(|set| number(set, pointer)).sum();
        let new = sets.new.as_ref();
        Self {
            replicas: sum("/status/replicas"),
            updated: new.and_then(|set| number(set, "/status/replicas")).unwrap_or(0),
            ready: sum("/status/readyReplicas"),
            available: sum("/status/availableReplicas"),
        }
    }
}

/// Whether a roll-out is over: all pods new and available, no old ones left.
pub(super) fn is_complete(deployment: &Value, sets: &Sets) -> bool {
    let wanted_replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    let counts = Counts::of(sets);
    let observed =
        deployment["status"]["observedGeneration"] == deployment["metadata"]["generation"];
    counts.updated == wanted_replicas
        && counts.replicas == wanted_replicas
        && counts.available == wanted_replicas
        && observed
}

impl Deployments {
    /// Writes the status.
    pub(super) async fn report(&self, deployment: &Arc<Value>, sets: &Sets) -> Outcome {
        let counts = Counts::of(sets);
        let spec_replicas = number(deployment, "/spec/replicas").unwrap_or(1);
        let all = [counts.replicas, counts.updated, counts.ready, counts.available];
        let idle = self.progress.idle(deployment, all, self.client.api.clock.now());
        let deadline = number(deployment, "/spec/progressDeadlineSeconds")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs)
            .filter(|deadline| *deadline < Duration::from_secs(u64::from(u32::MAX >> 1)));
        let complete = counts.updated == spec_replicas
            && counts.replicas == spec_replicas
            && counts.available == spec_replicas;
        let bounds = Bounds::of(deployment);
        let generation = deployment["metadata"]["generation"].clone();
        let paused = deployment["spec"]["paused"] == true;
        let mut overdue = false;
        if let Some(deadline) = deadline {
            overdue = !complete && !paused && idle >= deadline;
        }
        self.client
            .modify(DEPLOYMENTS, "status", pair(deployment), |object| {
                if !object["status"].is_object() {
                    object["status"] = json!({});
                }
                let status = &mut object["status"];
                status["observedGeneration"] = generation.clone();
                let size = |count: i64| usize::try_from(count).unwrap_or(0);
                set_count(status, "replicas", size(counts.replicas));
                set_count(status, "updatedReplicas", size(counts.updated));
                set_count(status, "readyReplicas", size(counts.ready));
                set_count(status, "availableReplicas", size(counts.available));
                let sum: i64 = sets.all().map(|set| wanted(set)).sum();
                let missing = (sum - counts.available).max(0);
                set_count(status, "unavailableReplicas", size(missing));
                availability(object, counts.available >= spec_replicas - bounds.unavailable);
                if deadline.is_some() || paused {
                    progressing(object, sets, complete, overdue, paused);
                }
            })
            .await?;
        Ok(match deadline {
            Some(deadline) if !complete && !overdue && !paused => {
                Some(deadline.saturating_sub(idle))
            }
            _ => None,
        })
    }
}

fn availability(deployment: &mut Value, available: bool) {
    if available {
        let message = "Deployment has minimum availability.";
        set_condition(deployment, "Available", "True", "MinimumReplicasAvailable", message, true);
    } else {
        let message = "Deployment does not have minimum availability.";
        set_condition(
            deployment,
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            message,
            true,
        );
    }
}

fn progressing(deployment: &mut Value, sets: &Sets, complete: bool, overdue: bool, paused: bool) {
    let own = match &sets.new {
        Some(set) => format!("ReplicaSet {:?}", name(set)),
        None => format!("Deployment {:?}", name(deployment)),
    };
    let present = condition(deployment, "Progressing").and_then(|one| one["reason"].as_str());
    let present = present.unwrap_or_default().to_owned();
    let (status, reason, message) = if paused {
        ("Unknown", "DeploymentPaused", "Deployment is paused".to_owned())
    } else if present == "DeploymentPaused" {
        ("Unknown", "DeploymentResumed", "Deployment is resumed".to_owned())
    } else if complete && sets.new.is_some() {
        ("True", "NewReplicaSetAvailable", format!("{own} has successfully progressed."))
    } else if overdue {
        ("False", "ProgressDeadlineExceeded", format!("{own} has timed out progressing."))
    } else if present == "ProgressDeadlineExceeded" || sets.new.is_none() {
        return;
    } else if present == "NewReplicaSetAvailable" {
        // Scaling after a finished roll-out is no roll-out.
        return;
    } else {
        ("True", "ReplicaSetUpdated", format!("{own} is progressing."))
    };
    set_condition(deployment, "Progressing", status, reason, &message, true);
}
