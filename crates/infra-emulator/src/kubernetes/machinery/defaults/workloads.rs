//! Controllers of pods, jobs and autoscalers.

use serde_json::{Value, json};

use super::fill::{each, make, set, set_zero, text, with};
use super::{pod, storage};

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

pub(super) fn deployment(object: &mut Value) {
    with(object, "spec", |spec| {
        pod::template(spec, "template");
        set(spec, "replicas", json!(1));
        let strategy = make(spec, "strategy");
        set_zero(strategy, "type", json!("RollingUpdate"));
        if text(strategy, "type") == "RollingUpdate" {
            let rolling = make(strategy, "rollingUpdate");
            set(rolling, "maxUnavailable", json!("25%"));
            set(rolling, "maxSurge", json!("25%"));
        }
        set(spec, "revisionHistoryLimit", json!(10));
        set(spec, "progressDeadlineSeconds", json!(600));
    });
}

pub(super) fn replica_set(object: &mut Value) {
    with(object, "spec", |spec| {
        pod::template(spec, "template");
        set(spec, "replicas", json!(1));
    });
}

pub(super) fn replication_controller(object: &mut Value) {
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if labels.is_object() {
        with(object, "metadata", |metadata| set(metadata, "labels", labels.clone()));
        with(object, "spec", |spec| set(spec, "selector", labels));
    }
    replica_set(object);
}

/// Besides the specification, the annotation in which the server keeps the old counter of template generations.
pub(super) fn daemon_set(object: &mut Value) {
    with(object, "metadata", |metadata| {
        set(make(metadata, "annotations"), TEMPLATE_GENERATION, json!("0"));
    });
    with(object, "spec", |spec| {
        pod::template(spec, "template");
        let strategy = make(spec, "updateStrategy");
        set_zero(strategy, "type", json!("RollingUpdate"));
        if text(strategy, "type") == "RollingUpdate" {
            let rolling = make(strategy, "rollingUpdate");
            set(rolling, "maxUnavailable", json!(1));
            set(rolling, "maxSurge", json!(0));
        }
        set(spec, "revisionHistoryLimit", json!(10));
    });
}

pub(super) fn stateful_set(object: &mut Value) {
    with(object, "spec", |spec| {
        pod::template(spec, "template");
        each(spec, "volumeClaimTemplates", |claim| {
            set(claim, "apiVersion", json!("v1"));
            set(claim, "kind", json!("PersistentVolumeClaim"));
            storage::claim(claim);
        });
        set_zero(spec, "podManagementPolicy", json!("OrderedReady"));
        let strategy = make(spec, "updateStrategy");
        set_zero(strategy, "type", json!("RollingUpdate"));
        if text(strategy, "type") == "RollingUpdate" {
            let rolling = make(strategy, "rollingUpdate");
            set(rolling, "partition", json!(0));
        }
        let retention = make(spec, "persistentVolumeClaimRetentionPolicy");
        set_zero(retention, "whenDeleted", json!("Retain"));
        set_zero(retention, "whenScaled", json!("Retain"));
        set(spec, "replicas", json!(1));
        set(spec, "revisionHistoryLimit", json!(10));
    });
}

pub(super) fn job(object: &mut Value) {
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if labels.as_object().is_some_and(|labels| !labels.is_empty()) {
        with(object, "metadata", |metadata| set(metadata, "labels", labels));
    }
    with(object, "spec", |spec| {
        pod::template(spec, "template");
        if spec.get("completions").is_none() && spec.get("parallelism").is_none() {
            set(spec, "completions", json!(1));
        }
        set(spec, "parallelism", json!(1));
        let per_index = spec.get("backoffLimitPerIndex").is_some();
        set(spec, "backoffLimit", json!(if per_index { i32::MAX } else { 6 }));
        set(spec, "completionMode", json!("NonIndexed"));
        set(spec, "suspend", json!(false));
        set(spec, "manualSelector", json!(false));
        let failure_policy = spec.get("podFailurePolicy").is_some();
        let replacement = if failure_policy { "Failed" } else { "TerminatingOrFailed" };
        set(spec, "podReplacementPolicy", json!(replacement));
        with(spec, "podFailurePolicy", |policy| {
            each(policy, "rules", |rule| {
                each(rule, "onPodConditions", |condition| {
                    set_zero(condition, "status", json!("True"));
                });
            });
        });
    });
}

pub(super) fn cron_job(object: &mut Value) {
    with(object, "spec", |spec| {
        with(spec, "jobTemplate", |template| {
            with(template, "spec", |job| pod::template(job, "template"));
        });
        set_zero(spec, "concurrencyPolicy", json!("Allow"));
        set(spec, "suspend", json!(false));
        set(spec, "successfulJobsHistoryLimit", json!(3));
        set(spec, "failedJobsHistoryLimit", json!(1));
    });
}

pub(super) fn autoscaler(version: &str, object: &mut Value) {
    with(object, "spec", |spec| {
        set(spec, "minReplicas", json!(1));
        if version == "v1" {
            return;
        }
        if spec.get("metrics").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            spec["metrics"] = json!([{
                "type": "Resource",
                "resource": {
                    "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": 80 },
                },
            }]);
        }
        with(spec, "behavior", |behavior| {
            let scale_up = json!({
                "stabilizationWindowSeconds": 0,
                "selectPolicy": "Max",
                "policies": [
                    { "type": "Pods", "value": 4, "periodSeconds": 15 },
                    { "type": "Percent", "value": 100, "periodSeconds": 15 },
                ],
            });
            let scale_down = json!({
                "selectPolicy": "Max",
                "policies": [{ "type": "Percent", "value": 100, "periodSeconds": 15 }],
            });
            for (name, defaults) in [("scaleUp", scale_up), ("scaleDown", scale_down)] {
                let rules = make(behavior, name);
                for (key, value) in defaults.as_object().into_iter().flatten() {
                    set(rules, key, value.clone());
                }
            }
        });
    });
}
