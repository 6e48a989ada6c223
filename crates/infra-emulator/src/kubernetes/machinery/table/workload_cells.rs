//! Cells of pods and their controllers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::{human_duration, since};
use super::cells::{count, labels, list, or_none, text};
use crate::kubernetes::machinery::scheme::Resource;

/// The cells of a workload; nothing for other kinds.
pub(super) fn of(resource: &Resource, object: &Value, now: Timestamp) -> Option<Vec<Value>> {
    let name = json!(text(object, "metadata.name"));
    let age = json!(since(&object["metadata"]["creationTimestamp"], now));
    let number = |path: &str| json!(count(object, path));
    let template = &object["spec"]["template"];
    let selector = || json!(labels(&object["spec"]["selector"]["matchLabels"]));
    Some(match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Pod") => pod(object, name, age, now),
        ("", "PodTemplate") => {
            let template = &object["template"];
            let pod_labels = labels(&template["metadata"]["labels"]);
            vec![name, names(template), images(template), json!(pod_labels)]
        }
        ("", "ReplicationController") | ("apps", "ReplicaSet") => {
            let labels = if resource.kind.group.is_empty() {
                json!(labels(&object["spec"]["selector"]))
            } else {
                selector()
            };
            vec![
                name,
                number("spec.replicas"),
                number("status.replicas"),
                number("status.readyReplicas"),
                age,
                names(template),
                images(template),
                labels,
            ]
        }
        ("apps", "Deployment") => vec![
            name,
            json!(ready(object)),
            number("status.updatedReplicas"),
            number("status.availableReplicas"),
            age,
            names(template),
            images(template),
            selector(),
        ],
        ("apps", "StatefulSet") => {
            vec![name, json!(ready(object)), age, names(template), images(template)]
        }
        ("apps", "DaemonSet") => vec![
            name,
            number("status.desiredNumberScheduled"),
            number("status.currentNumberScheduled"),
            number("status.numberReady"),
            number("status.updatedNumberScheduled"),
            number("status.numberAvailable"),
            json!(labels(&template["spec"]["nodeSelector"])),
            age,
            names(template),
            images(template),
            selector(),
        ],
        ("apps", "ControllerRevision") => revision(object, name, age),
        ("batch", "Job") => job(object, name, age, now),
        ("batch", "CronJob") => cron_job(object, name, age, now),
        ("policy", "PodDisruptionBudget") => vec![
            name,
            json!(int_or_text(&object["spec"]["minAvailable"])),
            json!(int_or_text(&object["spec"]["maxUnavailable"])),
            number("status.disruptionsAllowed"),
            age,
        ],
        ("autoscaling", _) => autoscaler(object, name, age),
        _ => return None,
    })
}

fn revision(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let owner = list(object, "metadata.ownerReferences")
        .iter()
        .find(|own| own["controller"].as_bool() == Some(true))
        .map(|own| format!("{}/{}", text(own, "kind").to_lowercase(), text(own, "name")));
    vec![name, json!(or_none(&owner.unwrap_or_default())), json!(count(object, "revision")), age]
}

fn ready(object: &Value) -> String {
    format!("{}/{}", count(object, "status.readyReplicas"), count(object, "spec.replicas"))
}

fn names(template: &Value) -> Value {
    joined(template, "name")
}

fn images(template: &Value) -> Value {
    joined(template, "image")
}

fn joined(template: &Value, key: &str) -> Value {
    let all: Vec<&str> =
        list(template, "spec.containers").iter().map(|own| text(own, key)).collect();
    json!(all.join(","))
}

fn int_or_text(value: &Value) -> String {
    match value {
        Value::Null => "N/A".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn pod(object: &Value, name: Value, age: Value, now: Timestamp) -> Vec<Value> {
    let statuses = list(object, "status.containerStatuses");
    let ready = statuses.iter().filter(|own| own["ready"].as_bool() == Some(true)).count();
    let total = list(object, "spec.containers").len();
    let restarts: i64 = statuses.iter().map(|own| count(own, "restartCount")).sum();
    let last = statuses
        .iter()
        .filter_map(|own| own["lastState"]["terminated"]["finishedAt"].as_str())
        .max();
    let restarts = match last {
        Some(time) if restarts > 0 => format!("{restarts} ({} ago)", since(&json!(time), now)),
        _ => restarts.to_string(),
    };
    let gates = list(object, "spec.readinessGates");
    let gates = if gates.is_empty() {
        "<none>".to_owned()
    } else {
        let good =
            gates.iter().filter(|gate| condition(object, text(gate, "conditionType"))).count();
        format!("{good}/{}", gates.len())
    };
    vec![
        name,
        json!(format!("{ready}/{total}")),
        json!(pod_status(object, statuses)),
        json!(restarts),
        age,
        json!(or_none(text(object, "status.podIP"))),
        json!(or_none(text(object, "spec.nodeName"))),
        json!(or_none(text(object, "status.nominatedNodeName"))),
        json!(gates),
    ]
}

fn condition(object: &Value, kind: &str) -> bool {
    list(object, "status.conditions")
        .iter()
        .any(|own| text(own, "type") == kind && text(own, "status") == "True")
}

fn pod_status(object: &Value, statuses: &[Value]) -> String {
    let mut shown = match text(object, "status.reason") {
        "" => text(object, "status.phase").to_owned(),
        reason => reason.to_owned(),
    };
    for status in list(object, "status.initContainerStatuses") {
        let terminated = &status["state"]["terminated"];
        if !terminated.is_null() && count(terminated, "exitCode") == 0 {
            continue;
        }
        let reason = [text(terminated, "reason"), text(status, "state.waiting.reason")]
            .into_iter()
            .find(|reason| !reason.is_empty() && *reason != "PodInitializing");
        if let Some(reason) = reason {
            return format!("Init:{reason}");
        }
    }
    for status in statuses.iter().rev() {
        let waiting = text(status, "state.waiting.reason");
        let terminated = &status["state"]["terminated"];
        if !waiting.is_empty() {
            waiting.clone_into(&mut shown);
        } else if !text(terminated, "reason").is_empty() {
            text(terminated, "reason").clone_into(&mut shown);
        } else if !terminated.is_null() {
            shown = format!("ExitCode:{}", count(terminated, "exitCode"));
        }
    }
    if object["metadata"]["deletionTimestamp"].is_null() {
        shown
    } else if text(object, "status.reason") == "NodeLost" {
        "Unknown".to_owned()
    } else {
        "Terminating".to_owned()
    }
}

fn job(object: &Value, name: Value, age: Value, now: Timestamp) -> Vec<Value> {
    let template = &object["spec"]["template"];
    let succeeded = count(object, "status.succeeded");
    let completions = match object["spec"]["completions"].as_i64() {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None => match count(object, "spec.parallelism") {
            0 | 1 => format!("{succeeded}/1"),
            parallelism => format!("{succeeded}/1 of {parallelism}"),
        },
    };
    let time = |key: &str| text(object, key).parse::<Timestamp>().ok();
    let duration = time("status.startTime").map(|start| {
        let end = time("status.completionTime").unwrap_or(now);
        human_duration(end.as_second() - start.as_second())
    });
    let status = if condition(object, "Complete") {
        "Complete"
    } else if condition(object, "Failed") {
        "Failed"
    } else if !object["metadata"]["deletionTimestamp"].is_null() {
        "Terminating"
    } else if condition(object, "Suspended") {
        "Suspended"
    } else if condition(object, "FailureTarget") {
        "FailureTarget"
    } else if condition(object, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    vec![
        name,
        json!(status),
        json!(completions),
        json!(duration.unwrap_or_default()),
        age,
        names(template),
        images(template),
        json!(labels(&object["spec"]["selector"]["matchLabels"])),
    ]
}

fn cron_job(object: &Value, name: Value, age: Value, now: Timestamp) -> Vec<Value> {
    let template = &object["spec"]["jobTemplate"]["spec"]["template"];
    let last = &object["status"]["lastScheduleTime"];
    let last = if last.is_null() { "<none>".to_owned() } else { since(last, now) };
    vec![
        name,
        json!(text(object, "spec.schedule")),
        json!(or_none(text(object, "spec.timeZone"))),
        json!(object["spec"]["suspend"].as_bool().unwrap_or(false)),
        json!(list(object, "status.active").len()),
        json!(last),
        age,
        names(template),
        images(template),
        json!("<none>"),
    ]
}

fn autoscaler(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let target = &object["spec"]["scaleTargetRef"];
    let current = list(object, "status.currentMetrics");
    let metrics: Vec<String> = list(object, "spec.metrics")
        .iter()
        .enumerate()
        .map(|(index, metric)| {
            let resource = &metric["resource"];
            let now = current.get(index).map(|own| &own["resource"]["current"]);
            format!(
                "{}: {}/{}",
                text(resource, "name"),
                now.and_then(amount).unwrap_or_else(|| "<unknown>".to_owned()),
                amount(&resource["target"]).unwrap_or_default()
            )
        })
        .collect();
    let least = match object["spec"]["minReplicas"].as_i64() {
        Some(number) => number.to_string(),
        None => "<unset>".to_owned(),
    };
    vec![
        name,
        json!(format!("{}/{}", text(target, "kind"), text(target, "name"))),
        json!(or_none(&metrics.join(", "))),
        json!(least),
        json!(count(object, "spec.maxReplicas").to_string()),
        json!(count(object, "status.currentReplicas").to_string()),
        age,
    ]
}

/// A metric's percentage or value.
fn amount(value: &Value) -> Option<String> {
    match value.get("averageUtilization").and_then(Value::as_i64) {
        Some(percent) => Some(format!("{percent}%")),
        None => value.get("averageValue").and_then(Value::as_str).map(str::to_owned),
    }
}
