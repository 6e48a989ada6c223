//! Making as many pods as a Job wants at once, and removing those that are too many.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::controller::{COMPONENT, Jobs, TRACKING, job_name};
use super::counting::{Counted, index_of};
use crate::kubernetes::controllers::objects::{number, text};
use crate::kubernetes::controllers::pods as pod_tools;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::suffix;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// Brings the number of active pods to what is wanted.
pub(super) async fn scale(
    jobs: &Jobs,
    job: &Value,
    counted: &Counted,
    active: &mut Vec<Arc<Value>>,
) -> Result<(), Status> {
    let parallelism = number(job, "/spec/parallelism").unwrap_or(1);
    let wanted = match number(job, "/spec/completions") {
        Some(completions) => parallelism.min(completions - counted.succeeded),
        None if counted.succeeded > 0 => i64::try_from(active.len()).unwrap_or(i64::MAX),
        None => parallelism,
    };
    let wanted = usize::try_from(wanted).unwrap_or(0);
    if active.len() > wanted {
        let surplus = active.len() - wanted;
        let ranked = pod_tools::by_worth(std::mem::take(active));
        for pod in &ranked[..surplus] {
            pod_tools::delete(&jobs.client, COMPONENT, job, pod).await?;
        }
        *active = ranked[surplus..].to_vec();
        return Ok(());
    }
    let indexed = text(job, "/spec/completionMode") == "Indexed";
    let completions = number(job, "/spec/completions").unwrap_or(0);
    while active.len() < wanted {
        let index = if indexed {
            let used: BTreeSet<i64> = active.iter().filter_map(|pod| index_of(pod)).collect();
            let free = (0..completions)
                .find(|index| !used.contains(index) && !counted.indexes.contains(index));
            match free {
                Some(index) => Some(index),
                None => return Ok(()),
            }
        } else {
            None
        };
        let pod = pod_tools::create(&jobs.client, COMPONENT, job, pod(job, index)).await?;
        active.push(pod);
    }
    Ok(())
}

fn pod(job: &Value, index: Option<i64>) -> Value {
    let mut pod = pod_tools::from_template(job, &job["spec"]["template"], None);
    pod["metadata"]["finalizers"] = json!([TRACKING]);
    let Some(index) = index else { return pod };
    let name = format!("{}-{index}", job_name(job));
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        metadata.shift_remove("generateName");
    }
    pod["metadata"]["name"] = json!(format!("{name}-{}", suffix()));
    for key in ["annotations", "labels"] {
        if !pod["metadata"][key].is_object() {
            pod["metadata"][key] = json!({});
        }
        pod["metadata"][key][INDEX] = json!(index.to_string());
    }
    pod["spec"]["hostname"] = json!(name);
    let path = format!("metadata.labels['{INDEX}']");
    let variable = json!({
        "name": "JOB_COMPLETION_INDEX",
        "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}},
    });
    for key in ["containers", "initContainers"] {
        for container in pod["spec"][key].as_array_mut().into_iter().flatten() {
            match container.get_mut("env").and_then(Value::as_array_mut) {
                Some(all) => all.push(variable.clone()),
                None => container["env"] = json!([variable]),
            }
        }
    }
    pod
}
