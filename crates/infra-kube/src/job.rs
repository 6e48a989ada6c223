//! [`run_job`]: runs a Job to its end, handing on what it prints; its outcome decides.

use std::time::Duration;

use futures::StreamExt as _;
use futures::io::AsyncBufReadExt as _;
use infra_provider::{ErrorKind, ProviderError};

use crate::blocked;
use crate::readiness::condition;
use crate::wait::name_of;
use crate::watch::{Told, Watches};
use crate::{Cluster, Failure, Json, ObjectRef};

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
    let mut logs = Logs { cluster, namespace: &namespace, tasks: Vec::new() };
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
            for pod in objects.iter().filter(|pod| is_of(pod, job)) {
                if let Some(cause) = blocked::of_pod(pod).filter(|cause| cause.terminal) {
                    return Err(ProviderError::new(cause.kind, format!("run {job}"), cause.text)
                        .next(cause.next));
                }
                said = logs.pod(pod).unwrap_or(said);
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

fn is_of(pod: &Json, job: &ObjectRef) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Json::as_array);
    owners.into_iter().flatten().any(|owner| {
        owner.get("kind").and_then(Json::as_str) == Some("Job")
            && owner.get("name").and_then(Json::as_str) == Some(&job.name)
    })
}

/// The logs of the pods of a Job, each followed once.
struct Logs<'run> {
    cluster: &'run Cluster,
    namespace: &'run str,
    tasks: Vec<(String, tokio::task::JoinHandle<()>)>,
}

impl Logs<'_> {
    /// Follows the logs of a pod once it runs; says how the pod is.
    fn pod(&mut self, pod: &Json) -> Option<String> {
        let name = name_of(pod);
        let phase = pod.pointer("/status/phase").and_then(Json::as_str)?;
        let printing = matches!(phase, "Running" | "Succeeded" | "Failed");
        if printing && !self.tasks.iter().any(|(known, _)| *known == name) {
            let cluster = self.cluster.clone();
            let path = format!("/api/v1/namespaces/{}/pods/{name}/log", self.namespace);
            let source = format!("pod/{name}");
            let task = tokio::spawn(async move {
                // Logs are a help: without them the outcome still decides.
                let _ = follow(&cluster, &path, &source).await;
            });
            self.tasks.push((name.clone(), task));
        }
        Some(format!("pod {name} is {}", phase.to_lowercase()))
    }

    /// Waits until what was printed has been handed on, for a few seconds of wall time.
    async fn finish(&mut self) {
        for (_, task) in self.tasks.drain(..) {
            let abort = task.abort_handle();
            if tokio::time::timeout(Duration::from_secs(5), task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Logs<'_> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }
}

async fn follow(cluster: &Cluster, path: &str, source: &str) -> Result<(), Failure> {
    let mut lines = cluster.stream("read logs", path, &[("follow", "true")]).await?.lines();
    while let Some(Ok(line)) = lines.next().await {
        cluster.context().progress.log(source, line);
    }
    Ok(())
}
