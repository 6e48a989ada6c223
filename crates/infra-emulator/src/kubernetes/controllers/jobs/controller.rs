//! One round of work on a Job.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::counting::{self, Counted};
use super::pods;
use crate::kubernetes::controllers::objects::{
    controlled, controlled_by, is_finished, is_going, is_true, name, number, pair, set_condition,
    uid,
};
use crate::kubernetes::controllers::pods as pod_tools;
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client, now, time_text};

/// The resource.
pub(super) const JOBS: &str = "batch/jobs";
/// The name that its events carry.
pub(super) const COMPONENT: &str = "job-controller";
/// The finalizer by which pods wait to be counted.
pub(super) const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// Moments of world time that deadlines count from, per uid.
#[derive(Debug, Default)]
struct Moments {
    all: std::sync::Mutex<std::collections::HashMap<(String, &'static str), WorldTime>>,
}

impl Moments {
    /// How long ago something was first seen.
    fn since(&self, job: &Value, what: &'static str, now: WorldTime) -> Duration {
        let mut all = self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        now.since(*all.entry((uid(job).to_owned(), what)).or_insert(now))
    }

    fn forget(&self, job: &Value, what: &'static str) {
        let mut all = self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.remove(&(uid(job).to_owned(), what));
    }
}

/// The job controller.
pub(in crate::kubernetes::controllers) struct Jobs {
    pub(super) client: Client,
    moments: Moments,
}

/// How a Job ends.
pub(super) struct Ending {
    /// `Complete` or `Failed`.
    pub(super) kind: &'static str,
    /// Reason of the conditions.
    pub(super) reason: &'static str,
    /// Their message.
    pub(super) message: String,
}

impl Jobs {
    /// With access to the API.
    pub(in crate::kubernetes::controllers) fn new(client: Client) -> Self {
        Self { client, moments: Moments::default() }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(job) = self.client.get(JOBS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        if is_going(&job) {
            // Its pods go with it and must not wait to be counted.
            for pod in controlled(&self.client, "pods", &job) {
                self.release(&pod).await?;
            }
            return Ok(None);
        }
        if is_true(&job, "Complete") || is_true(&job, "Failed") {
            for pod in controlled(&self.client, "pods", &job) {
                self.release(&pod).await?;
            }
            return self.expire(&job).await;
        }
        let owned = controlled(&self.client, "pods", &job);
        let counted = counting::count(self, &job, &owned).await?;
        let suspended = job["spec"]["suspend"] == true;
        let clock = self.client.api.clock.now();
        if suspended {
            self.moments.forget(&job, "start");
        }
        let running_for =
            if suspended { Duration::ZERO } else { self.moments.since(&job, "start", clock) };
        let deadline = number(&job, "/spec/activeDeadlineSeconds")
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs);
        let overdue = deadline.is_some_and(|deadline| running_for >= deadline);
        if let Some(ending) = ending(&job, &counted, overdue) {
            return self.end(&job, &counted, &ending).await;
        }
        let mut active: Vec<Arc<Value>> =
            owned.iter().filter(|pod| !is_finished(pod) && !is_going(pod)).cloned().collect();
        if suspended {
            for pod in active.drain(..) {
                pod_tools::delete(&self.client, COMPONENT, &job, &pod).await?;
            }
        } else {
            pods::scale(self, &job, &counted, &mut active).await?;
        }
        self.report(&job, &counted, &active, suspended).await?;
        Ok(deadline.filter(|_| !suspended).map(|deadline| deadline.saturating_sub(running_for)))
    }

    /// Lets a pod go that is counted.
    pub(super) async fn release(&self, pod: &Value) -> Result<(), Status> {
        use crate::kubernetes::controllers::objects::set_finalizer;
        self.client
            .modify("pods", "", pair(pod), |pod| set_finalizer(pod, TRACKING, false))
            .await
            .map(|_| ())
    }

    async fn report(
        &self,
        job: &Value,
        counted: &Counted,
        active: &[Arc<Value>],
        suspended: bool,
    ) -> Result<(), Status> {
        let time = time_text(now());
        let was_suspended = is_true(job, "Suspended");
        self.client
            .modify(JOBS, "status", pair(job), |job| {
                counted.write(job, active);
                if suspended {
                    if let Some(status) = job["status"].as_object_mut() {
                        status.shift_remove("startTime");
                    }
                    set_condition(job, "Suspended", "True", "JobSuspended", "Job suspended", false);
                } else {
                    if job["status"]["startTime"].is_null() {
                        job["status"]["startTime"] = json!(time);
                    }
                    if was_suspended {
                        set_condition(
                            job,
                            "Suspended",
                            "False",
                            "JobResumed",
                            "Job resumed",
                            false,
                        );
                    }
                }
                stamp_conditions(job, &time);
            })
            .await?;
        if suspended && !was_suspended {
            let client = &self.client;
            client.event_from(COMPONENT, job, "Normal", "Suspended", "Job suspended").await;
        }
        Ok(())
    }

    async fn end(&self, job: &Value, counted: &Counted, ending: &Ending) -> Outcome {
        for pod in controlled(&self.client, "pods", job) {
            if !is_finished(&pod) && !is_going(&pod) {
                pod_tools::delete(&self.client, COMPONENT, job, &pod).await?;
            }
            self.release(&pod).await?;
        }
        let time = time_text(now());
        let done = ending.kind == "Complete";
        let first = if done { "SuccessCriteriaMet" } else { "FailureTarget" };
        self.client
            .modify(JOBS, "status", pair(job), |job| {
                counted.write(job, &[]);
                if job["status"]["startTime"].is_null() {
                    job["status"]["startTime"] = json!(time);
                }
                if done {
                    job["status"]["completionTime"] = json!(time);
                }
                for kind in [first, ending.kind] {
                    set_condition(job, kind, "True", ending.reason, &ending.message, false);
                }
                stamp_conditions(job, &time);
            })
            .await?;
        let (kind, reason, message) = if done {
            ("Normal", "Completed", "Job completed")
        } else {
            ("Warning", ending.reason, ending.message.as_str())
        };
        self.client.event_from(COMPONENT, job, kind, reason, message).await;
        Ok(None)
    }

    /// Deletes a finished Job after `ttlSecondsAfterFinished`.
    async fn expire(&self, job: &Value) -> Outcome {
        let Some(seconds) = number(job, "/spec/ttlSecondsAfterFinished") else { return Ok(None) };
        let ttl = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let waited = self.moments.since(job, "finish", self.client.api.clock.now());
        if waited < ttl {
            return Ok(Some(ttl - waited));
        }
        let options = DeleteOptions {
            propagation_policy: Some("Foreground".into()),
            ..DeleteOptions::default()
        };
        self.client.delete(JOBS, pair(job), &options).await?;
        Ok(None)
    }
}

/// Conditions of Jobs carry a probe time.
fn stamp_conditions(job: &mut Value, time: &str) {
    for condition in job["status"]["conditions"].as_array_mut().into_iter().flatten() {
        if condition.get("lastProbeTime").is_none() {
            condition["lastProbeTime"] = json!(time);
        }
    }
}

/// Whether a Job is at its end, and how.
fn ending(job: &Value, counted: &Counted, overdue: bool) -> Option<Ending> {
    if overdue {
        return Some(Ending {
            kind: "Failed",
            reason: "DeadlineExceeded",
            message: "Job was active longer than specified deadline".into(),
        });
    }
    let completions = number(job, "/spec/completions");
    let done = match completions {
        Some(completions) => counted.succeeded >= completions,
        None => counted.succeeded > 0 && counted.unfinished == 0,
    };
    if done {
        return Some(Ending {
            kind: "Complete",
            reason: "CompletionsReached",
            message: "Reached expected number of succeeded pods".into(),
        });
    }
    let limit = number(job, "/spec/backoffLimit").unwrap_or(6);
    if counted.failed + counted.restarts > limit {
        return Some(Ending {
            kind: "Failed",
            reason: "BackoffLimitExceeded",
            message: "Job has reached the specified backoff limit".into(),
        });
    }
    None
}

impl Controller for Jobs {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            JOBS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            "pods" => controlled_by(&change.object, "Job")
                .map(|job| vec![WorkKey::new(&change.key.namespace, job)])
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}

/// For messages about a Job's pods.
pub(super) fn job_name(job: &Value) -> &str {
    name(job)
}
