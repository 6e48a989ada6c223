//! Counting finished pods exactly once, also across restarts: first noted, then let go, then counted.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::controller::{JOBS, Jobs, TRACKING};
use crate::kubernetes::controllers::objects::{
    has_finalizer, is_finished, is_going, is_ready, items, number, pair, set_count, text, uid,
};
use crate::kubernetes::machinery::status::Status;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// What is known of a Job's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Pods that ended well (indexes, for an indexed Job).
    pub(super) succeeded: i64,
    /// Pods that failed.
    pub(super) failed: i64,
    /// Restarts of containers in pods that still run.
    pub(super) restarts: i64,
    /// Pods that have not ended.
    pub(super) unfinished: usize,
    /// Indexes that are done.
    pub(super) indexes: BTreeSet<i64>,
    indexed: bool,
}

impl Counted {
    /// Writes the counts into the status of a Job.
    pub(super) fn write(&self, job: &mut Value, active: &[Arc<Value>]) {
        if !job["status"].is_object() {
            job["status"] = json!({});
        }
        let status = &mut job["status"];
        let size = |count: i64| usize::try_from(count).unwrap_or(0);
        set_count(status, "active", active.len());
        set_count(status, "succeeded", size(self.succeeded));
        set_count(status, "failed", size(self.failed));
        status["ready"] = json!(active.iter().filter(|pod| is_ready(pod)).count());
        status["terminating"] = json!(0);
        status["uncountedTerminatedPods"] = json!({});
        if self.indexed && !self.indexes.is_empty() {
            status["completedIndexes"] = json!(ranges(&self.indexes));
        }
    }
}

/// The index of a pod of an indexed Job.
pub(super) fn index_of(pod: &Value) -> Option<i64> {
    pod["metadata"]["annotations"][INDEX].as_str()?.parse().ok()
}

/// Counts the pods that have ended since.
pub(super) async fn count(
    jobs: &Jobs,
    job: &Value,
    pods: &[Arc<Value>],
) -> Result<Counted, Status> {
    let indexed = text(job, "/spec/completionMode") == "Indexed";
    let mut counted = Counted {
        succeeded: number(job, "/status/succeeded").unwrap_or(0),
        failed: number(job, "/status/failed").unwrap_or(0),
        indexes: parse(text(job, "/status/completedIndexes")),
        indexed,
        ..Counted::default()
    };
    let noted: BTreeSet<&str> = ["succeeded", "failed"]
        .iter()
        .flat_map(|key| items(job, &format!("/status/uncountedTerminatedPods/{key}")))
        .filter_map(Value::as_str)
        .collect();
    let mut fresh = Vec::new();
    for pod in pods {
        // A pod that is deleted before its end counts as failed.
        let over = is_finished(pod) || is_going(pod);
        if !over {
            counted.unfinished += 1;
            let restarts = items(pod, "/status/containerStatuses")
                .filter_map(|one| one["restartCount"].as_i64());
            counted.restarts += restarts.sum::<i64>();
        } else if has_finalizer(pod, TRACKING) || noted.contains(uid(pod)) {
            fresh.push(pod.clone());
        }
    }
    if fresh.is_empty() && noted.is_empty() {
        return Ok(counted);
    }
    note(jobs, job, &fresh).await?;
    for pod in &fresh {
        jobs.release(pod).await?;
        let done = text(pod, "/status/phase") == "Succeeded";
        match (done, index_of(pod)) {
            (true, Some(index)) if indexed => {
                counted.indexes.insert(index);
            }
            (true, _) => counted.succeeded += 1,
            (false, _) => counted.failed += 1,
        }
    }
    if indexed {
        counted.succeeded = i64::try_from(counted.indexes.len()).unwrap_or(i64::MAX);
    }
    jobs.client
        .modify(JOBS, "status", pair(job), |job| {
            let active: Vec<_> =
                pods.iter().filter(|pod| !is_finished(pod) && !is_going(pod)).cloned().collect();
            counted.write(job, &active);
        })
        .await?;
    Ok(counted)
}

/// Notes pods that are about to be counted.
async fn note(jobs: &Jobs, job: &Value, fresh: &[Arc<Value>]) -> Result<(), Status> {
    jobs.client
        .modify(JOBS, "status", pair(job), |job| {
            if !job["status"].is_object() {
                job["status"] = json!({});
            }
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for pod in fresh {
                let list =
                    if text(pod, "/status/phase") == "Succeeded" { &mut done } else { &mut failed };
                list.push(uid(pod).to_owned());
            }
            let mut noted = json!({});
            if !done.is_empty() {
                noted["succeeded"] = json!(done);
            }
            if !failed.is_empty() {
                noted["failed"] = json!(failed);
            }
            job["status"]["uncountedTerminatedPods"] = noted;
        })
        .await
        .map(|_| ())
}

/// `0-2,5` as numbers.
fn parse(text: &str) -> BTreeSet<i64> {
    let mut all = BTreeSet::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
            all.extend(from..=to);
        }
    }
    all
}

/// Numbers as `0-2,5`.
fn ranges(indexes: &BTreeSet<i64>) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &index in indexes {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => parts.push((index, index)),
        }
    }
    parts
        .into_iter()
        .map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") })
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_written_as_ranges() {
        for text in ["", "0", "0-2,5", "1,3-4"] {
            assert_eq!(ranges(&parse(text)), text);
        }
    }
}
