//! When an object is ready, by its kind.
//!
//! Follows kstatus (kubernetes-sigs/cli-utils): the same object is ready here and there. Three things go further, because what
//! stands on the object needs them: a Service of type LoadBalancer must have its address, a claim must be bound (one that waits
//! for its first consumer is ready when nothing else is missing, which [`crate::wait_ready`] decides), and a Job must have completed,
//! unless its annotation `infra-rs.github.io/wait: started` says that having started is enough.

use crate::{Json, PREFIX};

/// How ready an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can be used.
    Ready,
    /// Not yet, and how far it is.
    Pending(String),
    /// It will not be without help, and why.
    Failed(String),
}

use Readiness::{Failed, Pending, Ready};

/// Whether objects of this kind become ready some time after they were applied; others are ready once they are there.
pub fn takes_time(kind: &str, builtin: bool) -> bool {
    !builtin
        || matches!(
            kind,
            "Deployment"
                | "StatefulSet"
                | "DaemonSet"
                | "ReplicaSet"
                | "ReplicationController"
                | "Pod"
                | "Job"
                | "PersistentVolumeClaim"
                | "Service"
                | "CustomResourceDefinition"
                | "APIService"
                | "Namespace"
                | "Node"
                | "PodDisruptionBudget"
        )
}

/// How ready an object is.
pub fn readiness(object: &Json) -> Readiness {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return Pending("it is being deleted".into());
    }
    let generation = number(object, "/metadata/generation");
    let observed = object.pointer("/status/observedGeneration").and_then(Json::as_i64);
    if observed.is_some_and(|observed| observed < generation) {
        return Pending("its controller has not seen the change yet".into());
    }
    let group = object.get("apiVersion").and_then(Json::as_str).unwrap_or_default();
    let group = group.split_once('/').map_or("", |(group, _)| group);
    match (group, object.get("kind").and_then(Json::as_str).unwrap_or_default()) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replica_set(object),
        ("", "Pod") => pod(object),
        ("batch", "Job") => job(object),
        ("", "PersistentVolumeClaim") => phase(object, "Bound", &["Lost"]),
        ("", "Namespace") => phase(object, "Active", &[]),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("apiregistration.k8s.io", "APIService") => condition_is_true(object, "Available"),
        ("", "Node") => condition_is_true(object, "Ready"),
        _ => generic(object),
    }
}

/// A condition of an object: its status, reason and message.
pub fn condition<'object>(
    object: &'object Json,
    name: &str,
) -> Option<(&'object str, &'object str, &'object str)> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let text = |condition: &'object Json, key: &str| {
        condition.get(key).and_then(Json::as_str).unwrap_or_default()
    };
    let found = conditions.iter().find(|condition| text(condition, "type") == name)?;
    Some((text(found, "status"), text(found, "reason"), text(found, "message")))
}

fn number(object: &Json, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Json::as_i64).unwrap_or(0)
}

fn text<'object>(object: &'object Json, pointer: &str) -> &'object str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}

/// How many replicas are wanted: one, unless said otherwise.
fn wanted(object: &Json) -> i64 {
    object.pointer("/spec/replicas").and_then(Json::as_i64).unwrap_or(1)
}

fn deployment(object: &Json) -> Readiness {
    if let Some((_, "ProgressDeadlineExceeded", message)) = condition(object, "Progressing") {
        return Failed(format!("the rollout makes no progress: {message}"));
    }
    let wanted = wanted(object);
    let status = |name: &str| number(object, &format!("/status/{name}"));
    let (all, updated) = (status("replicas"), status("updatedReplicas"));
    let (ready, available) = (status("readyReplicas"), status("availableReplicas"));
    if all < wanted || updated < wanted {
        Pending(format!("{updated} of {wanted} replicas updated"))
    } else if all > wanted || all > updated {
        Pending(format!("{} old replicas still to end", all - updated.min(wanted)))
    } else if available < wanted || ready < wanted {
        Pending(format!("{} of {wanted} replicas available", available.min(ready)))
    } else if let Some(("False", _, message)) = condition(object, "Available") {
        Pending(message.to_owned())
    } else if object.pointer("/status/observedGeneration").is_none() && wanted > 0 {
        Pending("its controller has not seen it yet".into())
    } else {
        Ready
    }
}

fn stateful_set(object: &Json) -> Readiness {
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Ready;
    }
    let wanted = wanted(object);
    let status = |name: &str| number(object, &format!("/status/{name}"));
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let (all, ready, updated) =
        (status("replicas"), status("readyReplicas"), status("updatedReplicas"));
    if object.pointer("/status/observedGeneration").is_none() {
        Pending("its controller has not seen it yet".into())
    } else if all < wanted || ready < wanted {
        Pending(format!("{ready} of {wanted} replicas ready"))
    } else if all > wanted {
        Pending(format!("{} replicas still to end", all - wanted))
    } else if partition > 0 {
        if updated < wanted - partition {
            Pending(format!("{updated} of {} replicas updated", wanted - partition))
        } else {
            Ready
        }
    } else if text(object, "/status/currentRevision") != text(object, "/status/updateRevision") {
        Pending(format!("{updated} of {wanted} replicas updated"))
    } else {
        Ready
    }
}

fn daemon_set(object: &Json) -> Readiness {
    let status = |name: &str| number(object, &format!("/status/{name}"));
    if object.pointer("/status/observedGeneration").is_none() {
        return Pending("its controller has not seen it yet".into());
    }
    let wanted = status("desiredNumberScheduled");
    for (field, word) in [
        ("currentNumberScheduled", "scheduled"),
        ("updatedNumberScheduled", "updated"),
        ("numberAvailable", "available"),
        ("numberReady", "ready"),
    ] {
        if status(field) < wanted {
            return Pending(format!("{} of {wanted} pods {word}", status(field)));
        }
    }
    Ready
}

fn replica_set(object: &Json) -> Readiness {
    if let Some(("True", _, message)) = condition(object, "ReplicaFailure") {
        return Pending(message.to_owned());
    }
    let wanted = wanted(object);
    let available = number(object, "/status/availableReplicas");
    if available < wanted || number(object, "/status/readyReplicas") < wanted {
        Pending(format!("{available} of {wanted} replicas available"))
    } else if number(object, "/status/replicas") > wanted {
        Pending("old replicas still to end".into())
    } else {
        Ready
    }
}

fn pod(object: &Json) -> Readiness {
    match text(object, "/status/phase") {
        "Succeeded" => Ready,
        "Failed" => Failed(format!("it failed: {}", text(object, "/status/reason"))),
        "Running" => condition_is_true(object, "Ready"),
        "" => Pending("not seen yet".into()),
        phase => Pending(format!("it is {}", phase.to_lowercase())),
    }
}

fn job(object: &Json) -> Readiness {
    if let Some(("True", _, _)) = condition(object, "Complete") {
        return Ready;
    }
    if let Some(("True", reason, message)) = condition(object, "Failed") {
        return Failed(format!("{reason}: {message}"));
    }
    let wait =
        object.pointer("/metadata/annotations").and_then(|all| all.get(format!("{PREFIX}/wait")));
    let started = object.pointer("/status/startTime").is_some();
    match wait.and_then(Json::as_str) {
        Some("started") if started => Ready,
        // Whoever suspends it resumes it when they please.
        _ if object.pointer("/spec/suspend") == Some(&Json::Bool(true)) => Ready,
        _ if started => {
            let count = |pointer: &str| number(object, pointer);
            let wanted = object.pointer("/spec/completions").and_then(Json::as_i64).unwrap_or(1);
            let (done, active) = (count("/status/succeeded"), count("/status/active"));
            let failed = match count("/status/failed") {
                0 => String::new(),
                failed => format!(", {failed} failed"),
            };
            Pending(format!("{done} of {wanted} completed, {active} running{failed}"))
        }
        _ => Pending("not started".into()),
    }
}

fn phase(object: &Json, good: &str, bad: &[&str]) -> Readiness {
    match text(object, "/status/phase") {
        phase if phase == good => Ready,
        phase if bad.contains(&phase) => Failed(format!("it is {}", phase.to_lowercase())),
        "" => Pending("not seen yet".into()),
        phase => Pending(format!("it is {}", phase.to_lowercase())),
    }
}

fn service(object: &Json) -> Readiness {
    if text(object, "/spec/type") != "LoadBalancer" {
        return Ready;
    }
    let ingress = object.pointer("/status/loadBalancer/ingress").and_then(Json::as_array);
    if ingress.is_some_and(|ingress| !ingress.is_empty()) {
        Ready
    } else {
        Pending("waiting for the address of its load balancer".into())
    }
}

fn definition(object: &Json) -> Readiness {
    if let Some(("False", _, message)) = condition(object, "NamesAccepted") {
        return Failed(format!("its names are taken: {message}"));
    }
    condition_is_true(object, "Established")
}

fn condition_is_true(object: &Json, name: &str) -> Readiness {
    match condition(object, name) {
        Some(("True", ..)) => Ready,
        Some((_, reason, "")) => Pending(format!("{name} is not yet true ({reason})")),
        Some((_, _, message)) => Pending(message.to_owned()),
        None => Pending(format!("{name} is not yet told")),
    }
}

/// Any other object, such as a custom resource: by the conditions that it has.
fn generic(object: &Json) -> Readiness {
    if let Some(("True", reason, message)) = condition(object, "Stalled") {
        return Failed(format!("{reason}: {message}"));
    }
    if let Some(("True", _, message)) = condition(object, "Reconciling") {
        return Pending(message.to_owned());
    }
    match condition(object, "Ready") {
        None | Some(("True", ..)) => Ready,
        Some(_) => condition_is_true(object, "Ready"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: (&str, &str), spec: Json, status: Json) -> Readiness {
        readiness(&json!({"apiVersion": kind.0, "kind": kind.1,
            "metadata": {"name": "x", "generation": 2}, "spec": spec, "status": status}))
    }

    fn pending(found: &Readiness) -> &str {
        match found {
            Pending(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn deployments() {
        let kind = ("apps/v1", "Deployment");
        let status = |all: i64, updated: i64, available: i64| {
            json!({"observedGeneration": 2, "replicas": all, "updatedReplicas": updated,
                "readyReplicas": available, "availableReplicas": available})
        };
        let spec = json!({"replicas": 3});
        assert_eq!(check(kind, spec.clone(), status(3, 3, 3)), Ready);
        let waiting = check(kind, spec.clone(), status(3, 3, 2));
        assert_eq!(pending(&waiting), "2 of 3 replicas available");
        assert_eq!(pending(&check(kind, spec.clone(), status(3, 1, 3))), "1 of 3 replicas updated");
        let old = check(kind, spec.clone(), status(4, 3, 4));
        assert_eq!(pending(&old), "1 old replicas still to end");
        let stale = json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3,
            "readyReplicas": 3, "availableReplicas": 3});
        assert!(pending(&check(kind, spec.clone(), stale)).contains("has not seen the change"));
        let stalled = json!({"observedGeneration": 2, "conditions": [{"type": "Progressing",
            "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too long"}]});
        assert!(matches!(check(kind, spec, stalled), Failed(_)));
        assert!(matches!(check(kind, json!({}), json!({})), Pending(_)));
    }

    #[test]
    fn other_kinds() {
        let stateful =
            |status: Json| check(("apps/v1", "StatefulSet"), json!({"replicas": 2}), status);
        assert_eq!(
            stateful(json!({"observedGeneration": 2, "replicas": 2, "readyReplicas": 2,
                "updatedReplicas": 2, "currentRevision": "a", "updateRevision": "a"})),
            Ready
        );
        assert_eq!(
            pending(&stateful(json!({"observedGeneration": 2, "replicas": 2, "readyReplicas": 1}))),
            "1 of 2 replicas ready"
        );
        let daemon = check(
            ("apps/v1", "DaemonSet"),
            json!({}),
            json!({"observedGeneration": 2, "desiredNumberScheduled": 3,
                "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 1}),
        );
        assert_eq!(pending(&daemon), "1 of 3 pods available");
        let job = |status: Json| check(("batch/v1", "Job"), json!({}), status);
        assert_eq!(
            pending(&job(json!({"startTime": "now", "active": 1}))),
            "0 of 1 completed, 1 running"
        );
        let complete = json!([{"type": "Complete", "status": "True"}]);
        assert_eq!(job(json!({"startTime": "now", "conditions": complete})), Ready);
        assert!(matches!(job(json!({})), Pending(_)));
        assert!(matches!(
            job(json!({"conditions": [{"type": "Failed", "status": "True"}]})),
            Failed(_)
        ));
        let claim = |phase: &str| {
            check(("v1", "PersistentVolumeClaim"), json!({}), json!({"phase": phase}))
        };
        assert_eq!(claim("Bound"), Ready);
        assert!(matches!(claim("Pending"), Pending(_)));
        assert!(matches!(claim("Lost"), Failed(_)));
        let balancer =
            |status: Json| check(("v1", "Service"), json!({"type": "LoadBalancer"}), status);
        assert!(matches!(balancer(json!({"loadBalancer": {}})), Pending(_)));
        assert_eq!(balancer(json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})), Ready);
        assert_eq!(check(("v1", "Service"), json!({"type": "NodePort"}), json!({})), Ready);
    }

    #[test]
    fn custom_resources() {
        let custom = |conditions: Json| {
            check(("example.org/v1", "Thing"), json!({}), json!({"conditions": conditions}))
        };
        assert_eq!(custom(json!([])), Ready);
        assert_eq!(custom(json!([{"type": "Ready", "status": "True"}])), Ready);
        let message = json!([{"type": "Ready", "status": "False", "message": "not yet"}]);
        assert_eq!(pending(&custom(message)), "not yet");
        assert!(matches!(
            custom(json!([{"type": "Stalled", "status": "True", "reason": "Bad", "message": "x"}])),
            Failed(_)
        ));
    }
}
