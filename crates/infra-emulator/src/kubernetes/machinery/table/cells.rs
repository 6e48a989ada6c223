//! Cells of each kind, in the order of its columns.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use super::workload_cells as workloads;
use crate::kubernetes::machinery::scheme::Resource;

/// Text at a path of keys, or nothing.
pub(super) fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    path.split('.')
        .try_fold(object, |value, key| value.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Text at a path, or `<none>`.
pub(super) fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text.to_owned() }
}

/// List at a path of keys.
pub(super) fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    path.split('.')
        .try_fold(object, |value, key| value.get(key))
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Count at a path, or zero.
pub(super) fn count(object: &Value, path: &str) -> i64 {
    path.split('.')
        .try_fold(object, |value, key| value.get(key))
        .and_then(Value::as_i64)
        .unwrap_or(0)
}

/// `a=b,c=d`, or `<none>`.
pub(super) fn labels(map: &Value) -> String {
    let pairs: Vec<String> = map
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    or_none(&pairs.join(","))
}

/// The cells of an object.
pub(super) fn of(resource: &Resource, object: &Value, now: Timestamp) -> Vec<Value> {
    let name = json!(text(object, "metadata.name"));
    let age = json!(since(&object["metadata"]["creationTimestamp"], now));
    let size = |path: &str| -> usize {
        let map = object.get(path).and_then(Value::as_object);
        map.map_or(0, serde_json::Map::len)
    };
    if let Some(cells) = workloads::of(resource, object, now) {
        return cells;
    }
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Service") => service(object, name, age),
        ("", "Endpoints") => vec![name, json!(endpoints(object)), age],
        ("", "Node") => node(object, name, age),
        ("", "Event") | ("events.k8s.io", _) => event(object, now),
        ("", "Namespace") => vec![name, json!(text(object, "status.phase")), age],
        ("", "Secret") => {
            vec![name, json!(text(object, "type")), json!(size("data").to_string()), age]
        }
        ("", "ServiceAccount") => vec![name, age],
        ("", "ConfigMap") => {
            vec![name, json!((size("data") + size("binaryData")).to_string()), age]
        }
        ("", "PersistentVolume") => volume(object, name, age),
        ("", "PersistentVolumeClaim") => claim(object, name, age),
        ("", "ResourceQuota") => quota(object, name, age),
        ("networking.k8s.io", "Ingress") => ingress(object, name, age),
        ("networking.k8s.io", "IngressClass") => {
            let parameters = &object["spec"]["parameters"];
            let shown = if parameters.is_null() {
                "<none>".to_owned()
            } else {
                format!("{}/{}", text(parameters, "kind"), text(parameters, "name"))
            };
            vec![name, json!(text(object, "spec.controller")), json!(shown), age]
        }
        ("networking.k8s.io", "NetworkPolicy") => {
            vec![name, json!(labels(&object["spec"]["podSelector"]["matchLabels"])), age]
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            binding(object, name, age)
        }
        ("coordination.k8s.io", "Lease") => {
            vec![name, json!(text(object, "spec.holderIdentity")), age]
        }
        ("storage.k8s.io", _) => storage(resource, object, name, age),
        ("scheduling.k8s.io", "PriorityClass") => vec![
            name,
            json!(count(object, "value")),
            json!(object["globalDefault"].as_bool().unwrap_or(false)),
            age,
            json!(text(object, "preemptionPolicy")),
        ],
        ("node.k8s.io", "RuntimeClass") => vec![name, json!(text(object, "handler")), age],
        ("discovery.k8s.io", "EndpointSlice") => slice(object, name, age),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => vec![name, json!(list(object, "webhooks").len()), age],
        ("apiregistration.k8s.io", "APIService") => api_service(object, name, age),
        _ => vec![name, object["metadata"]["creationTimestamp"].clone()],
    }
}

fn service(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let kind = text(object, "spec.type");
    let mut outside: Vec<&str> = list(object, "status.loadBalancer.ingress")
        .iter()
        .map(|own| if text(own, "ip").is_empty() { text(own, "hostname") } else { text(own, "ip") })
        .collect();
    outside.extend(list(object, "spec.externalIPs").iter().filter_map(Value::as_str));
    let external = match kind {
        "ExternalName" => text(object, "spec.externalName").to_owned(),
        "LoadBalancer" if outside.is_empty() => "<pending>".to_owned(),
        _ => or_none(&outside.join(",")),
    };
    let ports: Vec<String> = list(object, "spec.ports")
        .iter()
        .map(|port| {
            let node = count(port, "nodePort");
            let inner = count(port, "port");
            let number = if node == 0 { inner.to_string() } else { format!("{inner}:{node}") };
            format!("{number}/{}", text(port, "protocol"))
        })
        .collect();
    vec![
        name,
        json!(kind),
        json!(or_none(text(object, "spec.clusterIP"))),
        json!(external),
        json!(or_none(&ports.join(","))),
        age,
        json!(labels(&object["spec"]["selector"])),
    ]
}

fn endpoints(object: &Value) -> String {
    let mut shown = Vec::new();
    for subset in list(object, "subsets") {
        for address in list(subset, "addresses") {
            for port in list(subset, "ports") {
                shown.push(format!("{}:{}", text(address, "ip"), count(port, "port")));
            }
        }
    }
    shortened(&shown)
}

fn shortened(shown: &[String]) -> String {
    if shown.len() > 3 {
        format!("{} + {} more...", shown[..3].join(","), shown.len() - 3)
    } else {
        or_none(&shown.join(","))
    }
}

fn node(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let ready = list(object, "status.conditions")
        .iter()
        .find(|own| text(own, "type") == "Ready")
        .map_or("Unknown", |own| match text(own, "status") {
            "True" => "Ready",
            _ => "NotReady",
        });
    let unschedulable = object["spec"]["unschedulable"].as_bool() == Some(true);
    let status =
        if unschedulable { format!("{ready},SchedulingDisabled") } else { ready.to_owned() };
    let prefix = "node-role.kubernetes.io/";
    let roles: Vec<&str> = object["metadata"]["labels"]
        .as_object()
        .into_iter()
        .flat_map(|map| map.keys())
        .filter_map(|key| key.strip_prefix(prefix).filter(|role| !role.is_empty()))
        .collect();
    let address = |kind: &str| {
        let found = list(object, "status.addresses").iter().find(|own| text(own, "type") == kind);
        or_none(found.map_or("", |own| text(own, "address")))
    };
    let info = |key: &str| json!(text(object, &format!("status.nodeInfo.{key}")));
    vec![
        name,
        json!(status),
        json!(or_none(&roles.join(","))),
        age,
        info("kubeletVersion"),
        json!(address("InternalIP")),
        json!(address("ExternalIP")),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

fn event(object: &Value, now: Timestamp) -> Vec<Value> {
    let involved = if object.get("regarding").is_some() { "regarding" } else { "involvedObject" };
    let involved = &object[involved];
    let first_of = |keys: &[&str]| {
        let found = keys.iter().map(|key| &object[*key]).find(|value| !value.is_null());
        found.map_or("<unknown>".to_owned(), |time| since(time, now))
    };
    let target = format!("{}/{}", text(involved, "kind").to_lowercase(), text(involved, "name"));
    let message = if text(object, "note").is_empty() {
        text(object, "message")
    } else {
        text(object, "note")
    };
    vec![
        json!(first_of(&["lastTimestamp", "deprecatedLastTimestamp", "eventTime"])),
        json!(text(object, "type")),
        json!(text(object, "reason")),
        json!(target),
        json!(text(involved, "fieldPath")),
        json!(text(object, "source.component")),
        json!(message.trim()),
        json!(first_of(&["firstTimestamp", "deprecatedFirstTimestamp", "eventTime"])),
        json!(count(object, "count").max(1).to_string()),
        json!(text(object, "metadata.name")),
    ]
}

fn modes(object: &Value, path: &str) -> String {
    let short: Vec<&str> = list(object, path)
        .iter()
        .filter_map(Value::as_str)
        .map(|mode| match mode {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    short.join(",")
}

/// Phase of a volume or claim; one that is being deleted says so.
fn phase(object: &Value) -> &str {
    if object["metadata"]["deletionTimestamp"].is_null() {
        text(object, "status.phase")
    } else {
        "Terminating"
    }
}

fn volume(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let claim = &object["spec"]["claimRef"];
    let claim = if claim.is_null() {
        String::new()
    } else {
        format!("{}/{}", text(claim, "namespace"), text(claim, "name"))
    };
    let attributes = text(object, "spec.volumeAttributesClassName");
    vec![
        name,
        json!(text(object, "spec.capacity.storage")),
        json!(modes(object, "spec.accessModes")),
        json!(text(object, "spec.persistentVolumeReclaimPolicy")),
        json!(phase(object)),
        json!(claim),
        json!(text(object, "spec.storageClassName")),
        json!(if attributes.is_empty() { "<unset>" } else { attributes }),
        json!(text(object, "status.reason")),
        age,
        json!(text(object, "spec.volumeMode")),
    ]
}

fn claim(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let bound = !text(object, "spec.volumeName").is_empty();
    let (capacity, access) = if bound {
        (text(object, "status.capacity.storage"), modes(object, "status.accessModes"))
    } else {
        ("", String::new())
    };
    let attributes = text(object, "spec.volumeAttributesClassName");
    vec![
        name,
        json!(phase(object)),
        json!(text(object, "spec.volumeName")),
        json!(capacity),
        json!(access),
        json!(text(object, "spec.storageClassName")),
        json!(if attributes.is_empty() { "<unset>" } else { attributes }),
        age,
        json!(text(object, "spec.volumeMode")),
    ]
}

fn quota(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (key, hard) in object["spec"]["hard"].as_object().into_iter().flatten() {
        let used = object["status"]["used"][key].as_str().unwrap_or("0");
        let shown = format!("{key}: {used}/{}", hard.as_str().unwrap_or_default());
        if key.starts_with("limits.") { limits.push(shown) } else { requests.push(shown) }
    }
    vec![name, json!(requests.join(", ")), json!(limits.join(", ")), age]
}

fn ingress(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let hosts: Vec<String> = list(object, "spec.rules")
        .iter()
        .map(|rule| match text(rule, "host") {
            "" => "*".to_owned(),
            host => host.to_owned(),
        })
        .collect();
    let addresses: Vec<&str> = list(object, "status.loadBalancer.ingress")
        .iter()
        .map(|own| if text(own, "ip").is_empty() { text(own, "hostname") } else { text(own, "ip") })
        .collect();
    let hosts = if hosts.is_empty() { "*".to_owned() } else { shortened(&hosts) };
    let ports = if list(object, "spec.tls").is_empty() { "80" } else { "80, 443" };
    vec![
        name,
        json!(or_none(text(object, "spec.ingressClassName"))),
        json!(hosts),
        json!(addresses.join(",")),
        json!(ports),
        age,
    ]
}

fn binding(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let subjects = |kind: &str| {
        let names: Vec<String> = list(object, "subjects")
            .iter()
            .filter(|subject| text(subject, "kind") == kind)
            .map(|subject| match text(subject, "namespace") {
                "" => text(subject, "name").to_owned(),
                namespace => format!("{namespace}/{}", text(subject, "name")),
            })
            .collect();
        json!(names.join(", "))
    };
    let role = format!("{}/{}", text(object, "roleRef.kind"), text(object, "roleRef.name"));
    vec![name, json!(role), age, subjects("User"), subjects("Group"), subjects("ServiceAccount")]
}

fn api_service(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let service = &object["spec"]["service"];
    let target = if service.is_null() {
        "Local".to_owned()
    } else {
        format!("{}/{}", text(service, "namespace"), text(service, "name"))
    };
    let available =
        list(object, "status.conditions").iter().find(|own| text(own, "type") == "Available");
    let shown = match available {
        Some(own) if text(own, "status") == "True" => "True".to_owned(),
        Some(own) => format!("{} ({})", text(own, "status"), text(own, "reason")),
        None => "Unknown".to_owned(),
    };
    vec![name, json!(target), json!(shown), age]
}

fn storage(resource: &Resource, object: &Value, name: Value, age: Value) -> Vec<Value> {
    match resource.kind.kind.as_str() {
        "StorageClass" => storage_class(object, name, age),
        "CSIDriver" => driver(object, name, age),
        "CSINode" => vec![name, json!(list(object, "spec.drivers").len()), age],
        "VolumeAttachment" => vec![
            name,
            json!(text(object, "spec.attacher")),
            json!(text(object, "spec.source.persistentVolumeName")),
            json!(text(object, "spec.nodeName")),
            json!(object["status"]["attached"].as_bool().unwrap_or(false)),
            age,
        ],
        _ => vec![name, object["metadata"]["creationTimestamp"].clone()],
    }
}

fn storage_class(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let default = "storageclass.kubernetes.io/is-default-class";
    let is_default = object["metadata"]["annotations"][default].as_str() == Some("true");
    let name = if is_default {
        json!(format!("{} (default)", text(object, "metadata.name")))
    } else {
        name
    };
    vec![
        name,
        json!(text(object, "provisioner")),
        json!(text(object, "reclaimPolicy")),
        json!(text(object, "volumeBindingMode")),
        json!(object["allowVolumeExpansion"].as_bool().unwrap_or(false)),
        age,
    ]
}

fn driver(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let flag = |key: &str| json!(object["spec"][key].as_bool().unwrap_or(false));
    let modes: Vec<&str> =
        list(object, "spec.volumeLifecycleModes").iter().filter_map(Value::as_str).collect();
    let audiences: Vec<&str> =
        list(object, "spec.tokenRequests").iter().map(|own| text(own, "audience")).collect();
    let tokens = if audiences.is_empty() { "<unset>".to_owned() } else { audiences.join(",") };
    vec![
        name,
        flag("attachRequired"),
        flag("podInfoOnMount"),
        flag("storageCapacity"),
        json!(tokens),
        flag("requiresRepublish"),
        json!(or_none(&modes.join(","))),
        age,
    ]
}

fn slice(object: &Value, name: Value, age: Value) -> Vec<Value> {
    let ports: Vec<String> =
        list(object, "ports").iter().map(|port| count(port, "port").to_string()).collect();
    let addresses: Vec<String> = list(object, "endpoints")
        .iter()
        .flat_map(|endpoint| list(endpoint, "addresses"))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    let show = |shown: &[String]| {
        if shown.is_empty() { "<unset>".to_owned() } else { shortened(shown) }
    };
    vec![
        name,
        json!(text(object, "addressType")),
        json!(show(&ports)),
        json!(show(&addresses)),
        age,
    ]
}
