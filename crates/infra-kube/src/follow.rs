//! [`PodLogs`]: hands on what the pods of Jobs print, while a run waits for them.

use std::time::Duration;

use futures::StreamExt as _;
use futures::io::AsyncBufReadExt as _;

use crate::wait::name_of;
use crate::{Cluster, Failure, Json};

/// How long one waits for the rest of what was printed, on the wall.
const REST: Duration = Duration::from_secs(5);

/// Whether a pod is of the Job of this name.
pub(crate) fn is_of_job(pod: &Json, job: &str) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Json::as_array);
    owners.into_iter().flatten().any(|owner| {
        owner.get("kind").and_then(Json::as_str) == Some("Job")
            && owner.get("name").and_then(Json::as_str) == Some(job)
    })
}

/// The logs of pods, each followed once.
pub(crate) struct PodLogs {
    cluster: Cluster,
    tasks: Vec<(String, tokio::task::JoinHandle<()>)>,
}

impl PodLogs {
    pub(crate) fn new(cluster: &Cluster) -> Self {
        Self { cluster: cluster.clone(), tasks: Vec::new() }
    }

    /// Follows the logs of a pod once it runs, container by container; says how the pod is.
    pub(crate) fn pod(&mut self, namespace: &str, pod: &Json) -> Option<String> {
        let name = name_of(pod);
        let phase = pod.pointer("/status/phase").and_then(Json::as_str)?;
        if matches!(phase, "Running" | "Succeeded" | "Failed") {
            let containers = pod.pointer("/spec/containers").and_then(Json::as_array);
            let containers: Vec<&str> = containers
                .into_iter()
                .flatten()
                .filter_map(|container| container.get("name")?.as_str())
                .collect();
            for container in &containers {
                let several = containers.len() > 1;
                self.follow(namespace, &name, container, several);
            }
        }
        Some(format!("pod {name} is {}", phase.to_lowercase()))
    }

    fn follow(&mut self, namespace: &str, pod: &str, container: &str, several: bool) {
        let key = format!("{namespace}/{pod}/{container}");
        if self.tasks.iter().any(|(known, _)| *known == key) {
            return;
        }
        let cluster = self.cluster.clone();
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log");
        let container = container.to_owned();
        let source = if several { format!("pod/{pod}/{container}") } else { format!("pod/{pod}") };
        let task = tokio::spawn(async move {
            // Logs are a help: without them the outcome still decides.
            let _ = hand_on(&cluster, &path, &container, &source).await;
        });
        self.tasks.push((key, task));
    }

    /// Waits until what was printed has been handed on, for a few seconds of wall time.
    pub(crate) async fn finish(&mut self) {
        for (_, task) in self.tasks.drain(..) {
            let abort = task.abort_handle();
            if tokio::time::timeout(REST, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for PodLogs {
    fn drop(&mut self) {
        self.tasks.iter().for_each(|(_, task)| task.abort());
    }
}

async fn hand_on(
    cluster: &Cluster,
    path: &str,
    container: &str,
    source: &str,
) -> Result<(), Failure> {
    let query = [("follow", "true"), ("container", container)];
    let mut lines = cluster.stream("read logs", path, &query).await?.lines();
    while let Some(Ok(line)) = lines.next().await {
        cluster.context().progress.log(source, line);
    }
    Ok(())
}
