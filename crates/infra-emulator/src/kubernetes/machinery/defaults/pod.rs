//! Pods and pod templates.

use serde_json::{Map, Value, json};

use super::fill::{each, set, set_zero, text, with};
use super::storage;

/// A pod: the specification, and what templates do not get (requests from limits, service links, host ports).
pub(super) fn pod(object: &mut Value) {
    with(object, "spec", |spec| {
        pod_spec(spec);
        set(spec, "enableServiceLinks", json!(true));
        for list in ["initContainers", "containers"] {
            each(spec, list, requests_from_limits);
        }
        with(spec, "resources", |resources| {
            copy_requests(resources);
        });
        if spec.get("hostNetwork").and_then(Value::as_bool) == Some(true) {
            for list in ["initContainers", "containers"] {
                each(spec, list, |container| each(container, "ports", host_port));
            }
        }
    });
    with(object, "status", |status| set(status, "phase", json!("Pending")));
}

/// The pod template at a key.
pub(super) fn template(object: &mut Value, key: &str) {
    with(object, key, |template| with(template, "spec", pod_spec));
}

fn pod_spec(spec: &mut Value) {
    set_zero(spec, "dnsPolicy", json!("ClusterFirst"));
    set_zero(spec, "restartPolicy", json!("Always"));
    set(spec, "securityContext", json!({}));
    set(spec, "terminationGracePeriodSeconds", json!(30));
    set_zero(spec, "schedulerName", json!("default-scheduler"));
    // The older name of the field is always the same as the newer.
    let account = match text(spec, "serviceAccountName") {
        "" => text(spec, "serviceAccount").to_owned(),
        name => name.to_owned(),
    };
    if !account.is_empty() {
        spec["serviceAccountName"] = json!(account);
        spec["serviceAccount"] = json!(account);
    }
    each(spec, "volumes", volume);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        each(spec, list, container);
    }
}

fn container(container: &mut Value) {
    let policy = pull_policy(text(container, "image"));
    set_zero(container, "imagePullPolicy", json!(policy));
    set_zero(container, "terminationMessagePath", json!("/dev/termination-log"));
    set_zero(container, "terminationMessagePolicy", json!("File"));
    each(container, "ports", |port| set_zero(port, "protocol", json!("TCP")));
    each(container, "env", |variable| {
        with(variable, "valueFrom", |source| {
            with(source, "fieldRef", |field| set_zero(field, "apiVersion", json!("v1")));
            with(source, "fileKeyRef", |file| set(file, "optional", json!(false)));
        });
    });
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        with(container, name, probe);
    }
    with(container, "lifecycle", |lifecycle| {
        for name in ["postStart", "preStop"] {
            with(lifecycle, name, |handler| with(handler, "httpGet", http_get));
        }
    });
}

fn probe(probe: &mut Value) {
    set_zero(probe, "timeoutSeconds", json!(1));
    set_zero(probe, "periodSeconds", json!(10));
    set_zero(probe, "successThreshold", json!(1));
    set_zero(probe, "failureThreshold", json!(3));
    with(probe, "httpGet", http_get);
    with(probe, "grpc", |grpc| set(grpc, "service", json!("")));
}

fn http_get(action: &mut Value) {
    set_zero(action, "path", json!("/"));
    set_zero(action, "scheme", json!("HTTP"));
}

/// `Always` for the tag `latest` and images without tag or digest.
pub(super) fn pull_policy(image: &str) -> &'static str {
    let name = image.rsplit('/').next().unwrap_or_default();
    let latest = match (name.contains('@'), name.split_once(':')) {
        (true, _) => false,
        (false, Some((_, tag))) => tag == "latest",
        (false, None) => true,
    };
    if latest { "Always" } else { "IfNotPresent" }
}

fn requests_from_limits(container: &mut Value) {
    with(container, "resources", copy_requests);
}

fn copy_requests(resources: &mut Value) {
    let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned() else { return };
    if limits.is_empty() {
        return;
    }
    let mut requests: Map<String, Value> =
        resources.get("requests").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, limit) in limits {
        requests.entry(name).or_insert(limit);
    }
    resources["requests"] = Value::Object(requests);
}

fn host_port(port: &mut Value) {
    let number = port.get("containerPort").cloned().unwrap_or_else(|| json!(0));
    set_zero(port, "hostPort", number);
}

fn volume(volume: &mut Value) {
    let sources = volume.as_object().map_or(0, |map| map.keys().filter(|k| *k != "name").count());
    if sources == 0 {
        volume["emptyDir"] = json!({});
    }
    for name in ["secret", "configMap"] {
        with(volume, name, |source| set(source, "defaultMode", json!(420)));
    }
    with(volume, "downwardAPI", downward);
    with(volume, "projected", |projected| {
        set(projected, "defaultMode", json!(420));
        each(projected, "sources", |source| {
            with(source, "downwardAPI", |api| each(api, "items", downward_item));
            with(source, "serviceAccountToken", |token| {
                set(token, "expirationSeconds", json!(3600));
            });
        });
    });
    with(volume, "hostPath", |path| set(path, "type", json!("")));
    with(volume, "iscsi", |iscsi| set_zero(iscsi, "iscsiInterface", json!("default")));
    with(volume, "rbd", storage::rbd);
    with(volume, "azureDisk", storage::azure_disk);
    with(volume, "scaleIO", storage::scale_io);
    with(volume, "ephemeral", |ephemeral| {
        with(ephemeral, "volumeClaimTemplate", |template| {
            with(template, "spec", storage::claim_spec);
        });
    });
    with(volume, "image", |image| {
        let policy = pull_policy(text(image, "reference"));
        set_zero(image, "pullPolicy", json!(policy));
    });
}

fn downward(source: &mut Value) {
    set(source, "defaultMode", json!(420));
    each(source, "items", downward_item);
}

fn downward_item(item: &mut Value) {
    with(item, "fieldRef", |field| set_zero(field, "apiVersion", json!("v1")));
}
