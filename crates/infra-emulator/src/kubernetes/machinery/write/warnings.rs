//! Texts for the `Warning` header: what is accepted but likely not meant.

use serde_json::Value;

use crate::kubernetes::machinery::schema::Quantity;
use crate::kubernetes::machinery::scheme::Resource;

/// Warnings about an object that is created, or changed from a live one.
pub(super) fn of(resource: &Resource, object: &Value, live: Option<&Value>) -> Vec<String> {
    let mut out = Vec::new();
    let changed = live.is_none_or(|live| live["spec"] != object["spec"]);
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Secret") => secret(object, &mut out),
        ("", "Pod") if live.is_none() => pod_spec(&object["spec"], "spec", &mut out),
        ("apps", _) | ("batch", "Job") | ("", "ReplicationController") if changed => {
            pod_spec(&object["spec"]["template"]["spec"], "spec.template.spec", &mut out);
        }
        ("batch", "CronJob") if changed => {
            let job = &object["spec"]["jobTemplate"]["spec"];
            pod_spec(&job["template"]["spec"], "spec.jobTemplate.spec.template.spec", &mut out);
        }
        _ => {}
    }
    out
}

fn secret(object: &Value, out: &mut Vec<String>) {
    if object["type"].as_str() != Some("kubernetes.io/tls") {
        return;
    }
    let data = |key: &str| {
        use base64::Engine as _;
        let text = object["data"][key].as_str().unwrap_or_default();
        base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default()
    };
    for (key, name) in [("tls.crt", "certificate"), ("tls.key", "key")] {
        let text = String::from_utf8_lossy(&data(key)).into_owned();
        if !text.contains("-----BEGIN ") {
            out.push(format!("tls: failed to find any PEM data in {name} input"));
            return;
        }
    }
}

struct Port<'a> {
    path: String,
    name: &'a str,
    number: (i64, &'a str),
    host: (i64, &'a str),
}

fn pod_spec(spec: &Value, path: &str, out: &mut Vec<String>) {
    let mut ports: Vec<Port<'_>> = Vec::new();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (index, container) in items(spec, list).iter().enumerate() {
            let place = format!("{path}.{list}[{index}]");
            container_warnings(container, &place, &mut ports, out);
        }
    }
    for (index, port) in ports.iter().enumerate().filter(|(_, port)| !port.name.is_empty()) {
        let first = ports[..index].iter().find(|other| other.name == port.name);
        if let Some(other) = first.map(|other| &other.path) {
            out.push(format!(
                "{}: duplicate port name {:?} with {other}, services and probes that select ports by name will use {other}",
                port.path, port.name
            ));
        }
    }
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|seconds| seconds < 0) {
        out.push(format!(
            "{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"
        ));
    }
    for (index, secret) in items(spec, "imagePullSecrets").iter().enumerate() {
        if secret["name"].as_str().unwrap_or_default().is_empty() {
            out.push(format!("{path}.imagePullSecrets[{index}].name: invalid empty name \"\""));
        }
    }
}

fn container_warnings<'a>(
    container: &'a Value,
    path: &str,
    ports: &mut Vec<Port<'a>>,
    out: &mut Vec<String>,
) {
    for (index, port) in items(container, "ports").iter().enumerate() {
        let port = Port {
            path: format!("{path}.ports[{index}]"),
            name: port["name"].as_str().unwrap_or_default(),
            number: (
                port["containerPort"].as_i64().unwrap_or(0),
                port["protocol"].as_str().unwrap_or("TCP"),
            ),
            host: (
                port["hostPort"].as_i64().unwrap_or(0),
                port["hostIP"].as_str().unwrap_or_default(),
            ),
        };
        for other in ports.iter().filter(|other| other.number == port.number) {
            let what = if other.host == port.host {
                "duplicate"
            } else if other.host.0 == 0 || port.host.0 == 0 {
                "overlapping"
            } else if other.host.0 == port.host.0
                && (other.host.1.is_empty() != port.host.1.is_empty())
            {
                "dangerously ambiguous"
            } else {
                continue;
            };
            out.push(format!("{}: {what} port definition with {}", port.path, other.path));
        }
        ports.push(port);
    }
    let variables = items(container, "env");
    for (index, variable) in variables.iter().enumerate() {
        let name = variable["name"].as_str().unwrap_or_default();
        if variables[..index].iter().any(|other| other["name"].as_str() == Some(name)) {
            out.push(format!(
                "{path}.env[{index}]: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
    for kind in ["limits", "requests"] {
        let memory = &container["resources"][kind]["memory"];
        if let Some(quantity) = Quantity::of(memory).filter(|quantity| !quantity.is_whole()) {
            out.push(format!(
                "{path}.resources.{kind}[memory]: fractional byte value {:?} is invalid, must be an integer",
                quantity.canonical()
            ));
        }
    }
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
