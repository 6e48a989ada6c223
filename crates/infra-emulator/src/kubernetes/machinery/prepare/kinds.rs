//! What single kinds do when they are created, and which changes count as a new generation.

use serde_json::{Value, json};

use super::Identity;
use crate::kubernetes::machinery::crd;
use crate::kubernetes::machinery::schema::{Quantity, time_text};
use crate::kubernetes::machinery::scheme::Resource;

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Whether the answer to a deletion is the deleted object and not a status.
pub fn returns_deleted(resource: &Resource) -> bool {
    let kind = resource.kind.kind.as_str();
    match resource.kind.group.as_str() {
        "" => matches!(
            kind,
            "Pod"
                | "PodTemplate"
                | "PersistentVolume"
                | "PersistentVolumeClaim"
                | "ResourceQuota"
                | "Service"
                | "ServiceAccount"
        ),
        "storage.k8s.io" => {
            matches!(kind, "StorageClass" | "CSIDriver" | "VolumeAttachment" | "CSINode")
        }
        _ => false,
    }
}

/// Whether objects of the resource have `metadata.generation`.
pub(super) fn counts_generations(resource: &Resource) -> bool {
    if resource.custom.is_some() {
        return true;
    }
    match resource.kind.group.as_str() {
        "apps" => resource.kind.kind != "ControllerRevision",
        "batch"
        | "policy"
        | "admissionregistration.k8s.io"
        | "apiextensions.k8s.io"
        | "discovery.k8s.io"
        | "flowcontrol.apiserver.k8s.io" => true,
        "networking.k8s.io" => {
            matches!(resource.kind.kind.as_str(), "Ingress" | "IngressClass" | "NetworkPolicy")
        }
        "" => {
            matches!(resource.kind.kind.as_str(), "Pod" | "PodTemplate" | "ReplicationController")
        }
        "scheduling.k8s.io" => resource.kind.kind == "PriorityClass",
        _ => false,
    }
}

/// Whether the change makes a new generation: of the specification, of all but metadata and status for kinds without one.
pub(super) fn is_new_generation(resource: &Resource, object: &Value, old: &Value) -> bool {
    let status_apart = resource.has_status();
    let keys = object.as_object().into_iter().chain(old.as_object()).flat_map(|map| map.keys());
    let changed = keys
        .filter(|key| !matches!(key.as_str(), "metadata" | "kind" | "apiVersion"))
        .filter(|key| !(status_apart && key.as_str() == "status"))
        .any(|key| object.get(key) != old.get(key));
    // Rollouts can be driven by annotations of the deployment.
    let annotations = resource.kind.kind == "Deployment"
        && object["metadata"].get("annotations") != old["metadata"].get("annotations");
    changed || annotations
}

/// Fills in what a new object of some kinds gets.
pub(super) fn prepare_create(resource: &Resource, object: &mut Value, identity: &Identity) {
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Namespace") => {
            object["spec"]["finalizers"] = json!(["kubernetes"]);
            object["status"]["phase"] = json!("Active");
        }
        ("", "Pod") => {
            object["status"]["phase"] = json!("Pending");
            object["status"]["qosClass"] = json!(qos_class(object));
            if object["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty()) {
                object["status"]["conditions"] = json!([{
                    "type": "PodScheduled",
                    "status": "False",
                    "lastProbeTime": null,
                    "lastTransitionTime": null,
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                }]);
            }
        }
        ("", "PersistentVolumeClaim") => object["status"]["phase"] = json!("Pending"),
        ("", "PersistentVolume") => {
            object["status"]["phase"] = json!("Pending");
            object["status"]["lastPhaseTransitionTime"] = json!(time_text(identity.now, false));
        }
        ("batch", "Job") => job_labels(object, identity),
        ("apiextensions.k8s.io", _) => {
            let stored = crd::stored_versions(object);
            object["status"]["storedVersions"] = json!(stored);
        }
        ("apps", "DaemonSet") => {
            object["metadata"]["annotations"][TEMPLATE_GENERATION] = json!("1");
        }
        _ => {}
    }
}

/// Counts the templates of a daemon set in its annotation.
pub(super) fn count_templates(object: &mut Value, old: &Value) {
    let of = |object: &Value| -> i64 {
        let text = object["metadata"]["annotations"][TEMPLATE_GENERATION].as_str();
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let changed = object["spec"]["template"] != old["spec"]["template"];
    let count = of(old) + i64::from(changed);
    object["metadata"]["annotations"][TEMPLATE_GENERATION] = json!(count.to_string());
}

/// A job finds its pods by its own uid, unless the selector is given by hand.
fn job_labels(object: &mut Value, identity: &Identity) {
    if object["spec"].get("manualSelector").and_then(Value::as_bool) == Some(true) {
        return;
    }
    let name = object["metadata"]["name"].clone();
    let template = &mut object["spec"]["template"]["metadata"];
    if !template.is_object() {
        *template = json!({});
    }
    if !template["labels"].is_object() {
        template["labels"] = json!({});
    }
    for key in ["controller-uid", "batch.kubernetes.io/controller-uid"] {
        template["labels"][key] = json!(identity.uid);
    }
    for key in ["job-name", "batch.kubernetes.io/job-name"] {
        template["labels"][key] = name.clone();
    }
    let labels = template["labels"].clone();
    let own = &mut object["metadata"];
    if own.get("labels").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty) {
        own["labels"] = labels;
    }
    object["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] =
        json!(identity.uid);
}

/// Quality of service by the requests and limits of all containers.
fn qos_class(pod: &Value) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    let containers = ["initContainers", "containers"]
        .iter()
        .filter_map(|list| pod["spec"].get(*list).and_then(Value::as_array))
        .flatten();
    for container in containers {
        let quantity = |kind: &str, name: &str| {
            Quantity::of(&container["resources"][kind][name]).filter(|q| q.sign() != 0)
        };
        for name in ["cpu", "memory"] {
            let (request, limit) = (quantity("requests", name), quantity("limits", name));
            any |= request.is_some() || limit.is_some();
            guaranteed &= limit.is_some()
                && (request.is_none()
                    || request.map(|q| q.canonical()) == limit.map(|q| q.canonical()));
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
