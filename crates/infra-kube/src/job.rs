//! [`run_job`]: runs a Job to its end, handing on what it prints; its outcome decides.

use std::time::Duration;

use infra_provider::{ErrorKind, ProviderError};

use crate::blocked;
use crate::follow::{PodLogs, is_of_job};
use crate::readiness::condition;
use crate::wait::name_of;
use crate::watch::{Told, Watches};
use crate::{Cluster, Json, ObjectRef};

/// How a Job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// It completed.
    Completed,
    /// It failed, and why.
    Failed(String),
    /// It is not there.
    Absent,
}

/// Waits until the Job has ended, and hands on what its pods print while they run.
///
/// # Errors
/// When something stands in the way of its pods that waiting does not remove; after `timeout` (world time); when the run is
/// cancelled.
pub async fn run_job(
    cluster: &Cluster,
    job: &ObjectRef,
    timeout: Duration,
) -> Result<JobOutcome, ProviderError> {
    let namespace = job.namespace.clone().unwrap_or_default();
    let mut watches = Watches::new();
    watches.add(cluster, 0, format!("/apis/batch/v1/namespaces/{namespace}/jobs"));
    watches.add(cluster, 1, format!("/api/v1/namespaces/{namespace}/pods"));
    let deadline = cluster.context().clock.now() + timeout;
    let mut logs = PodLogs::new(cluster);
    let mut said = String::from("waiting for its pod");
    loop {
        cluster.context().progress.waiting(said.clone(), None);
        let news = tokio::select! {
            news = watches.next() => news,
            () = cluster.context().clock.sleep_until(deadline) => {
                let message = format!("not ended after {} s: {said}", timeout.as_secs());
                return Err(ProviderError::new(ErrorKind::TimedOut, format!("run {job}"), message));
            }
            () = cluster.context().cancel.cancelled() => {
                return Err(ProviderError::cancelled(format!("run {job}")));
            }
        };
        let Some((number, told)) = news else { continue };
        let (objects, gone) = match told {
            Told::All(all) => (all, Vec::new()),
            Told::Changed(object) => (vec![object], Vec::new()),
            Told::Gone(object) => (Vec::new(), vec![object]),
            Told::Failed(failure) if number == 0 => return Err(failure.into()),
            Told::Failed(_) => continue,
        };
        if number == 0 {
            if gone.iter().any(|object| name_of(object) == job.name) {
                return Ok(JobOutcome::Absent);
            }
            if let Some(outcome) =
                objects.iter().filter(|object| name_of(object) == job.name).find_map(outcome)
            {
                logs.finish().await;
                return Ok(outcome);
            }
        } else {
            for pod in objects.iter().filter(|pod| is_of_job(pod, &job.name)) {
                if let Some(cause) = blocked::of_pod(pod).filter(|cause| cause.terminal) {
                    return Err(ProviderError::new(cause.kind, format!("run {job}"), cause.text)
                        .next(cause.next));
                }
                said = logs.pod(&namespace, pod).unwrap_or(said);
            }
        }
    }
}

fn outcome(job: &Json) -> Option<JobOutcome> {
    if let Some(("True", ..)) = condition(job, "Complete") {
        return Some(JobOutcome::Completed);
    }
    match condition(job, "Failed") {
        Some(("True", reason, message)) => Some(JobOutcome::Failed(format!("{reason}: {message}"))),
        _ => None,
    }
}
