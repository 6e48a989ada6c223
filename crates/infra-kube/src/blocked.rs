//! What stands in the way of a workload: one cause and one next step, read from its pods and from events.
//!
//! A cause is *terminal* when waiting cannot help: an image that does not exist, a container that keeps crashing, a quota that
//! is full. Everything else is told while the wait goes on (nodes may join, volumes may come).

use infra_event::NextStep;
use infra_provider::ErrorKind;

use crate::Json;
use crate::readiness::condition;

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In a line.
    pub text: String,
    /// Whether waiting cannot help.
    pub terminal: bool,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What to do about it.
    pub next: NextStep,
    /// (pod, container) whose last log lines tell more.
    pub logs: Option<(String, String)>,
}

/// After how many restarts a crashing container is given up. The kubelet backs off 10, 20, 40 seconds before these.
const RESTARTS: i64 = 3;

fn text<'object>(object: &'object Json, pointer: &str) -> &'object str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

fn cause(text: impl Into<String>, terminal: bool, next: &str) -> Cause {
    Cause {
        text: text.into(),
        terminal,
        kind: ErrorKind::Failed,
        next: NextStep::Set { what: next.to_owned() },
        logs: None,
    }
}

/// What stands in the way of a pod, if something does.
pub fn of_pod(pod: &Json) -> Option<Cause> {
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        return None;
    }
    let name = text(pod, "/metadata/name");
    let statuses = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let containers = statuses
        .iter()
        .filter_map(|pointer| pod.pointer(pointer).and_then(Json::as_array))
        .flatten();
    for container in containers {
        if let Some(found) = of_container(name, container) {
            return Some(found);
        }
    }
    let (status, reason, message) = condition(pod, "PodScheduled")?;
    (status == "False" && reason == "Unschedulable").then(|| {
        cause(
            format!("pod {name} cannot be scheduled: {message}"),
            false,
            "ask for less in the manifests, or make the pools larger (or of a larger size)",
        )
    })
}

fn of_container(pod: &str, container: &Json) -> Option<Cause> {
    let name = text(container, "/name");
    let (reason, message) =
        (text(container, "/state/waiting/reason"), text(container, "/state/waiting/message"));
    let told = |what: &str| format!("container {name} of pod {pod}: {what}");
    let restarts = container.get("restartCount").and_then(Json::as_i64).unwrap_or(0);
    match reason {
        "ErrImagePull" | "ImagePullBackOff" | "ErrImageNeverPull" => {
            Some(of_image(&told(reason), text(container, "/image"), message))
        }
        "InvalidImageName" => Some(cause(
            told(&format!("`{}` is no image reference", text(container, "/image"))),
            true,
            "correct the image in the manifests",
        )),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => Some(cause(
            told(&format!("{reason}: {message}")),
            false,
            "make what the message names exist, such as a Secret or ConfigMap",
        )),
        "CrashLoopBackOff" => {
            let code = container.pointer("/lastState/terminated/exitCode").and_then(Json::as_i64);
            let code = code.map_or(String::new(), |code| format!(" with exit code {code}"));
            let why = match text(container, "/lastState/terminated/reason") {
                "OOMKilled" => " (out of memory)",
                _ => "",
            };
            let mut found = cause(
                told(&format!("it ends{code}{why} again and again ({restarts} restarts)")),
                restarts >= RESTARTS,
                if why.is_empty() {
                    "see its last lines above, and correct its command or its settings"
                } else {
                    "raise its memory limit in the manifests"
                },
            );
            found.logs = Some((pod.to_owned(), name.to_owned()));
            Some(found)
        }
        _ => None,
    }
}

/// An image that cannot be pulled: for good if it does not exist or is not to be had with these credentials.
fn of_image(what: &str, image: &str, message: &str) -> Cause {
    let lower = message.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (terminal, next) = if any(&[
        "unauthorized",
        "authentication required",
        "denied",
        "forbidden",
    ]) {
        (
            true,
            "give the namespace a pull secret for this registry, or integrate the registry with the cluster",
        )
    } else if any(&["not found", "manifest unknown", "does not exist", "neverpull"]) {
        (true, "correct the image, or push it: `images` in the file")
    } else {
        (false, "see whether the nodes can reach the registry")
    };
    let detail = if message.is_empty() { String::new() } else { format!(": {message}") };
    cause(format!("{what}: cannot pull `{image}`{detail}"), terminal, next)
}

/// What a warning event tells, if it names a cause that pods do not show themselves.
pub fn of_event(event: &Json) -> Option<Cause> {
    if text(event, "/type") == "Normal" {
        return None;
    }
    let message = match (text(event, "/message"), text(event, "/note")) {
        ("", note) => note,
        (message, _) => message,
    };
    let (kind, name) = (text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
    let told = format!("{kind} {name}: {message}");
    match text(event, "/reason") {
        "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => Some(cause(
            told,
            false,
            "see whether the volume (or its NFS server) exists and can be reached from the nodes",
        )),
        "FailedCreate" if message.contains("exceeded quota") => {
            let mut found =
                cause(told, true, "raise the ResourceQuota of the namespace, or ask for less");
            found.kind = ErrorKind::Quota;
            Some(found)
        }
        "FailedCreate" => Some(cause(told, false, "change what the message names")),
        "ProvisioningFailed" => Some(cause(
            told,
            false,
            "see whether the storage class exists, and whether the cloud's volume quota suffices",
        )),
        "SyncLoadBalancerFailed" => Some(cause(
            told,
            false,
            "see whether the cloud's load balancer quota suffices, and the Service's annotations",
        )),
        _ => None,
    }
}

/// What a Deployment or ReplicaSet itself tells: it may not create its pods.
pub fn of_workload(object: &Json) -> Option<Cause> {
    let (status, _, message) = condition(object, "ReplicaFailure")?;
    if status != "True" {
        return None;
    }
    let name = text(object, "/metadata/name");
    let full = message.contains("exceeded quota");
    let next = if full {
        "raise the ResourceQuota of the namespace, or ask for less"
    } else {
        "change what the message names"
    };
    let mut found = cause(format!("{name} may not create pods: {message}"), full, next);
    if full {
        found.kind = ErrorKind::Quota;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn waiting(reason: &str, message: &str, restarts: i64) -> Json {
        json!({"metadata": {"name": "p"}, "status": {"containerStatuses": [{"name": "c",
            "image": "example.org/x", "restartCount": restarts,
            "state": {"waiting": {"reason": reason, "message": message}},
            "lastState": {"terminated": {"exitCode": 1}}}]}})
    }

    #[test]
    fn causes_and_whether_they_end_the_wait() {
        for (reason, message, restarts, terminal) in [
            ("ErrImagePull", "rpc error: code = NotFound: not found", 0, true),
            ("ImagePullBackOff", "pull access denied, 401 Unauthorized", 0, true),
            ("ErrImagePull", "dial tcp: i/o timeout", 0, false),
            ("CrashLoopBackOff", "back-off", 1, false),
            ("CrashLoopBackOff", "back-off", 5, true),
            ("InvalidImageName", "", 0, true),
            ("CreateContainerConfigError", "secret \"x\" not found", 0, false),
        ] {
            let found = of_pod(&waiting(reason, message, restarts)).unwrap();
            assert_eq!(found.terminal, terminal, "{reason} {message}");
            assert!(found.text.contains('p') && found.text.contains('c'));
        }
        assert_eq!(of_pod(&waiting("ContainerCreating", "", 0)), None);
        let unschedulable = json!({"metadata": {"name": "p"}, "status": {"conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient memory."}]}});
        let found = of_pod(&unschedulable).unwrap();
        assert!(!found.terminal && found.text.contains("3 Insufficient memory"));
        let quota = json!({"type": "Warning", "reason": "FailedCreate",
            "involvedObject": {"kind": "ReplicaSet", "name": "r"},
            "message": "pods \"x\" is forbidden: exceeded quota: q"});
        let found = of_event(&quota).unwrap();
        assert!(found.terminal && found.kind == ErrorKind::Quota);
    }
}
