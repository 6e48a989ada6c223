//! The status of a pod, written from the lives of its containers.

use std::collections::HashMap;

use infra_clock::WorldTime;
use serde_json::{Value, json};

use super::life::{Container, Stage, terminated};
use crate::kubernetes::controllers::objects::{items, set_condition, text};

/// The lives of a pod's containers by name.
pub(super) type Lives = HashMap<String, Container>;

/// What a status is written from.
pub(super) struct Report<'a> {
    /// Containers by name.
    pub(super) lives: &'a Lives,
    /// The present moment.
    pub(super) now: WorldTime,
    /// Whether all init containers are done.
    pub(super) initialized: bool,
    /// Address of the pod, once it has one.
    pub(super) address: Option<String>,
    /// Address of its node.
    pub(super) host: String,
    /// Phase.
    pub(super) phase: &'static str,
    /// When the kubelet took the pod on, for people.
    pub(super) start_time: String,
}

fn state(container: &Container) -> Value {
    match &container.stage {
        Stage::Created | Stage::Pulling { .. } | Stage::Starting { .. } => {
            json!({"waiting": {"reason": "ContainerCreating"}})
        }
        Stage::PullFailed { backing_off, message, .. } => {
            let config = message.strip_prefix("CreateContainerConfigError: ");
            let reason = match (config, backing_off) {
                (Some(_), _) => "CreateContainerConfigError",
                (None, true) if container.pull_failures > 1 => "ImagePullBackOff",
                (None, _) => "ErrImagePull",
            };
            json!({"waiting": {"reason": reason, "message": config.unwrap_or(message)}})
        }
        Stage::Running { started, .. } => json!({"running": {"startedAt": started}}),
        Stage::Ended { started, finished, code } => {
            json!({"terminated": terminated(*code, started, finished, &container.id)})
        }
        Stage::CrashLoop { .. } => json!({"waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off restarting failed container",
        }}),
    }
}

fn container_status(spec: &Value, container: &Container, now: WorldTime, init: bool) -> Value {
    let running = matches!(container.stage, Stage::Running { .. });
    let known = running || matches!(container.stage, Stage::Ended { .. } | Stage::CrashLoop { .. });
    let done = init && container.ended() == Some(0);
    json!({
        "name": spec["name"],
        "state": state(container),
        "lastState": match (&container.last, &container.stage) {
            (Some(last), Stage::Running { .. } | Stage::CrashLoop { .. } | Stage::Starting { .. }) => {
                json!({"terminated": last})
            }
            _ => json!({}),
        },
        "ready": container.is_ready(now) || done,
        "restartCount": container.restarts,
        "image": spec["image"],
        "imageID": if known { format!("{}@emulated", text(spec, "/image")) } else { String::new() },
        "containerID": if known { container.id.clone() } else { String::new() },
        "started": running,
    })
}

impl Report<'_> {
    /// Writes the status; what it does not know is left as it is.
    pub(super) fn write(&self, pod: &mut Value) {
        let statuses = |path: &str, pod: &Value, init: bool| -> Vec<Value> {
            items(pod, path)
                .map(|spec| {
                    let fresh = Container::fresh();
                    let life = self.lives.get(text(spec, "/name")).unwrap_or(&fresh);
                    let mut status = container_status(spec, life, self.now, init);
                    if !init && !self.initialized {
                        status["state"] = json!({"waiting": {"reason": "PodInitializing"}});
                    }
                    status
                })
                .collect()
        };
        let containers = statuses("/spec/containers", pod, false);
        let init = statuses("/spec/initContainers", pod, true);
        let all_ready = containers.iter().all(|status| status["ready"] == true);
        let unready: Vec<&str> = containers
            .iter()
            .filter(|status| status["ready"] != true)
            .filter_map(|status| status["name"].as_str())
            .collect();
        let unready = format!("containers with unready status: [{}]", unready.join(" "));
        if !pod["status"].is_object() {
            pod["status"] = json!({});
        }
        let started = matches!(self.phase, "Running" | "Succeeded" | "Failed");
        let status = &mut pod["status"];
        status["phase"] = json!(self.phase);
        if status["startTime"].is_null() {
            status["startTime"] = json!(self.start_time);
        }
        status["hostIP"] = json!(self.host);
        status["hostIPs"] = json!([{"ip": self.host}]);
        if let Some(address) = &self.address {
            status["podIP"] = json!(address);
            status["podIPs"] = json!([{"ip": address}]);
        }
        status["containerStatuses"] = json!(containers);
        if !init.is_empty() {
            status["initContainerStatuses"] = json!(init);
        }
        self.write_conditions(pod, started, all_ready, &unready);
    }

    fn write_conditions(&self, pod: &mut Value, started: bool, all_ready: bool, unready: &str) {
        let completed = matches!(self.phase, "Succeeded" | "Failed");
        let word = |yes: bool| if yes { "True" } else { "False" };
        set_condition(pod, "PodReadyToStartContainers", word(started && !completed), "", "", false);
        if self.initialized {
            let reason = if completed { "PodCompleted" } else { "" };
            set_condition(pod, "Initialized", "True", reason, "", false);
        } else {
            let reason = "ContainersNotInitialized";
            set_condition(
                pod,
                "Initialized",
                "False",
                reason,
                "containers with incomplete status",
                false,
            );
        }
        for kind in ["Ready", "ContainersReady"] {
            if completed {
                set_condition(pod, kind, "False", "PodCompleted", "", false);
            } else if all_ready {
                set_condition(pod, kind, "True", "", "", false);
            } else {
                set_condition(pod, kind, "False", "ContainersNotReady", unready, false);
            }
        }
        set_condition(pod, "PodScheduled", "True", "", "", false);
        for condition in pod["status"]["conditions"].as_array_mut().into_iter().flatten() {
            if condition.get("lastProbeTime").is_none() {
                condition["lastProbeTime"] = json!(null);
            }
        }
    }
}
