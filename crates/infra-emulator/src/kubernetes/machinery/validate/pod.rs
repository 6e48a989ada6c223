//! Pod specifications and containers.

use serde_json::{Value, json};

use super::errors::Errors;
use super::metadata::{annotations, labels};
use super::{names, pod_parts, volumes};
use crate::kubernetes::machinery::schema::Quantity;

pub(super) const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];
const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];

pub(super) fn pod(object: &Value, errors: &mut Errors) {
    spec(&object["spec"], "spec", errors);
}

/// A pod template at a field.
pub(super) fn template(template: &Value, field: &str, errors: &mut Errors) {
    let metadata = &template["metadata"];
    labels(metadata.get("labels"), &format!("{field}.labels"), errors);
    annotations(metadata.get("annotations"), &format!("{field}.annotations"), errors);
    spec(&template["spec"], &format!("{field}.spec"), errors);
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A pod specification at a field.
pub(super) fn spec(spec: &Value, field: &str, errors: &mut Errors) {
    let volumes = volumes::volumes(items(spec, "volumes"), &format!("{field}.volumes"), errors);
    let claims: Vec<&str> =
        items(spec, "volumeClaimTemplates").iter().map(|claim| text(claim, "name")).collect();
    let volumes: Vec<&str> = volumes.into_iter().chain(claims).collect();
    if items(spec, "containers").is_empty() {
        errors.required(format!("{field}.containers"), "");
    }
    let mut seen: Vec<&str> = Vec::new();
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for (index, own) in items(spec, list).iter().enumerate() {
            let place = format!("{field}.{list}[{index}]");
            container(own, &place, &volumes, list, errors);
            let name = text(own, "name");
            if !name.is_empty() && seen.contains(&name) {
                errors.duplicate(format!("{place}.name"), &format!("{name:?}"));
            }
            seen.push(name);
        }
    }
    errors.one_of(
        format!("{field}.restartPolicy"),
        text(spec, "restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    errors.one_of(
        format!("{field}.dnsPolicy"),
        text(spec, "dnsPolicy"),
        &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"],
    );
    labels(spec.get("nodeSelector"), &format!("{field}.nodeSelector"), errors);
    for key in ["serviceAccountName", "priorityClassName", "runtimeClassName", "nodeName"] {
        let name = text(spec, key);
        if !name.is_empty() {
            for error in names::subdomain(name) {
                errors.invalid_text(format!("{field}.{key}"), name, &error);
            }
        }
    }
    for key in ["hostname", "subdomain"] {
        let name = text(spec, key);
        if !name.is_empty() {
            for error in names::label(name) {
                errors.invalid_text(format!("{field}.{key}"), name, &error);
            }
        }
    }
    let deadline = &spec["activeDeadlineSeconds"];
    if deadline.as_i64().is_some_and(|seconds| !(1..=i64::from(i32::MAX)).contains(&seconds)) {
        errors.invalid(
            format!("{field}.activeDeadlineSeconds"),
            deadline,
            "must be between 1 and 2147483647, inclusive",
        );
    }
    pod_parts::parts(spec, field, errors);
    tolerations(items(spec, "tolerations"), &format!("{field}.tolerations"), errors);
}

fn tolerations(list: &[Value], field: &str, errors: &mut Errors) {
    for (index, toleration) in list.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let (key, operator, effect) =
            (text(toleration, "key"), text(toleration, "operator"), text(toleration, "effect"));
        if !key.is_empty() {
            for error in names::qualified(key) {
                errors.invalid_text(format!("{field}.key"), key, &error);
            }
        } else if operator != "Exists" {
            errors.invalid_text(
                format!("{field}.operator"),
                operator,
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            );
        }
        match operator {
            "" | "Equal" => {
                for error in names::label_value(text(toleration, "value")) {
                    errors.invalid_text(
                        format!("{field}.operator"),
                        text(toleration, "value"),
                        &error,
                    );
                }
            }
            "Exists" => {
                if !text(toleration, "value").is_empty() {
                    errors.invalid(
                        format!("{field}.operator"),
                        toleration,
                        "value must be empty when `operator` is 'Exists'",
                    );
                }
            }
            other => errors.unsupported(format!("{field}.operator"), other, &["Equal", "Exists"]),
        }
        let effects = ["NoExecute", "NoSchedule", "PreferNoSchedule"];
        if !effect.is_empty() && !effects.contains(&effect) {
            errors.unsupported(format!("{field}.effect"), effect, &effects);
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            errors.invalid_text(
                format!("{field}.effect"),
                effect,
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            );
        }
    }
}

fn container(own: &Value, field: &str, volumes: &[&str], list: &str, errors: &mut Errors) {
    let name = text(own, "name");
    if name.is_empty() {
        errors.required(format!("{field}.name"), "");
    } else {
        for error in names::label(name) {
            errors.invalid_text(format!("{field}.name"), name, &error);
        }
    }
    let image = text(own, "image");
    if image.is_empty() {
        errors.required(format!("{field}.image"), "");
    } else if image.trim() != image {
        errors.invalid_text(
            format!("{field}.image"),
            image,
            "must not have leading or trailing whitespace",
        );
    }
    ports(items(own, "ports"), &format!("{field}.ports"), errors);
    environment(own, field, errors);
    mounts(own, field, volumes, errors);
    errors.one_of(format!("{field}.imagePullPolicy"), text(own, "imagePullPolicy"), &PULL_POLICIES);
    errors.one_of(
        format!("{field}.terminationMessagePolicy"),
        text(own, "terminationMessagePolicy"),
        &["FallbackToLogsOnError", "File"],
    );
    resources(&own["resources"], &format!("{field}.resources"), errors);
    pod_parts::container_security(
        &own["securityContext"],
        &format!("{field}.securityContext"),
        errors,
    );
    pod_parts::lifecycle(&own["lifecycle"], &format!("{field}.lifecycle"), errors);
    let sidecar = text(own, "restartPolicy") == "Always";
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if own.get(probe).is_none() {
            continue;
        }
        if list == "initContainers" && !sidecar {
            errors.forbidden(
                format!("{field}.{probe}"),
                "may not be set for init containers without restartPolicy=Always",
            );
        } else {
            self::probe(&own[probe], &format!("{field}.{probe}"), probe, errors);
        }
    }
}

fn ports(ports: &[Value], field: &str, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let name = text(port, "name");
        if !name.is_empty() {
            let found = names::port_name(name);
            for error in &found {
                errors.invalid_text(format!("{field}.name"), name, error);
            }
            if found.is_empty() && seen.contains(&name) {
                errors.duplicate(format!("{field}.name"), &format!("{name:?}"));
            }
            seen.push(name);
        }
        let number = port["containerPort"].as_i64().unwrap_or(0);
        if number == 0 {
            errors.required(format!("{field}.containerPort"), "");
        } else {
            port_number(number, format!("{field}.containerPort"), errors);
        }
        let host = port["hostPort"].as_i64().unwrap_or(0);
        if host != 0 {
            port_number(host, format!("{field}.hostPort"), errors);
        }
        errors.one_of(format!("{field}.protocol"), text(port, "protocol"), &PROTOCOLS);
    }
}

/// A port must be between 1 and 65535.
pub(super) fn port_number(number: i64, field: String, errors: &mut Errors) {
    if !(1..=65535).contains(&number) {
        errors.invalid(field, &json!(number), "must be between 1 and 65535, inclusive");
    }
}

fn environment(own: &Value, field: &str, errors: &mut Errors) {
    for (index, variable) in items(own, "env").iter().enumerate() {
        let field = format!("{field}.env[{index}]");
        let name = text(variable, "name");
        if name.is_empty() {
            errors.required(format!("{field}.name"), "");
        } else if !name.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
            errors.invalid_text(
                format!("{field}.name"),
                name,
                "a valid environment variable name must consist only of printable ASCII characters other than '='",
            );
        }
        let Some(source) = variable.get("valueFrom") else { continue };
        let field = format!("{field}.valueFrom");
        let kinds = source.as_object().map_or(0, |map| map.len());
        if kinds == 0 {
            errors.invalid_text(
                &field,
                "",
                "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
            );
        } else if !text(variable, "value").is_empty() {
            errors.invalid_text(&field, "", "may not be specified when `value` is not empty");
        } else if kinds > 1 {
            errors.invalid_text(&field, "", "may not have more than one field specified at a time");
        }
        for kind in ["configMapKeyRef", "secretKeyRef"] {
            let Some(reference) = source.get(kind) else { continue };
            let key = text(reference, "key");
            if key.is_empty() {
                errors.required(format!("{field}.{kind}.key"), "");
            } else {
                for error in names::key(key) {
                    errors.invalid_text(format!("{field}.{kind}.key"), key, &error);
                }
            }
        }
        if let Some(reference) = source.get("fieldRef")
            && text(reference, "fieldPath").is_empty()
        {
            errors.required(format!("{field}.fieldRef.fieldPath"), "");
        }
    }
}

fn mounts(own: &Value, field: &str, volumes: &[&str], errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, mount) in items(own, "volumeMounts").iter().enumerate() {
        let field = format!("{field}.volumeMounts[{index}]");
        let (name, path) = (text(mount, "name"), text(mount, "mountPath"));
        if name.is_empty() {
            errors.required(format!("{field}.name"), "");
        }
        if path.is_empty() {
            errors.required(format!("{field}.mountPath"), "");
        }
        if !volumes.contains(&name) {
            errors.not_found(format!("{field}.name"), name);
        }
        if seen.contains(&path) {
            errors.invalid_text(format!("{field}.mountPath"), path, "must be unique");
        }
        seen.push(path);
        let sub = text(mount, "subPath");
        if sub.starts_with('/') {
            errors.invalid_text(format!("{field}.subPath"), sub, "must be a relative path");
        }
        if sub.split('/').any(|part| part == "..") {
            errors.invalid_text(format!("{field}.subPath"), sub, "must not contain '..'");
        }
    }
}

fn resources(resources: &Value, field: &str, errors: &mut Errors) {
    let of = |kind: &str, name: &str| Quantity::of(&resources[kind][name]);
    for kind in ["limits", "requests"] {
        for (name, value) in resources[kind].as_object().into_iter().flatten() {
            let place = format!("{field}.{kind}[{name}]");
            for error in names::qualified(name) {
                errors.invalid_text(&place, name, &error);
            }
            let standard = ["cpu", "memory", "ephemeral-storage"].contains(&name.as_str());
            if !name.contains('/') && !standard && !name.starts_with("hugepages-") {
                let detail = "must be a standard resource for containers";
                errors.invalid_text(&place, name, detail);
            }
            let Some(quantity) = Quantity::of(value) else { continue };
            if quantity.sign() < 0 {
                errors.invalid(place, value, "must be greater than or equal to 0");
            } else if is_extended(name) && !quantity.is_whole() {
                errors.invalid(place, value, "must be an integer");
            }
        }
    }
    for name in resources["limits"].as_object().into_iter().flat_map(|map| map.keys()) {
        let (limit, request) = (of("limits", name), of("requests", name));
        if let (Some(limit), Some(request)) = (limit, request) {
            let exact = is_extended(name);
            if exact && request != limit && request.cmp(&limit).is_ne() {
                errors.invalid(
                    format!("{field}.requests"),
                    &json!(request.canonical()),
                    &format!("must be equal to {name} limit of {}", limit.canonical()),
                );
            } else if request > limit {
                errors.invalid(
                    format!("{field}.requests"),
                    &json!(request.canonical()),
                    &format!("must be less than or equal to {name} limit of {}", limit.canonical()),
                );
            }
        }
    }
    for name in resources["requests"].as_object().into_iter().flat_map(|map| map.keys()) {
        if is_extended(name) && of("limits", name).is_none() {
            errors.required(
                format!("{field}.limits"),
                "Limit must be set for non overcommitable resources",
            );
        }
    }
}

/// Resources such as graphics processors, which cannot be shared.
fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    !native || name.starts_with("hugepages-")
}

fn probe(probe: &Value, field: &str, kind: &str, errors: &mut Errors) {
    let handlers: Vec<&str> = ["exec", "httpGet", "tcpSocket", "grpc"]
        .into_iter()
        .filter(|handler| probe.get(*handler).is_some())
        .collect();
    match handlers.len() {
        0 => errors.required(field, "must specify a handler type"),
        1 => {}
        _ => errors.forbidden(
            format!("{field}.{}", handlers[1]),
            "may not specify more than 1 handler type",
        ),
    }
    for key in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        errors.not_negative(format!("{field}.{key}"), &probe[key]);
    }
    for handler in ["httpGet", "tcpSocket"] {
        let Some(action) = probe.get(handler) else { continue };
        match &action["port"] {
            Value::Number(number) => {
                port_number(
                    number.as_i64().unwrap_or(0),
                    format!("{field}.{handler}.port"),
                    errors,
                );
            }
            Value::String(name) => {
                for error in names::port_name(name) {
                    errors.invalid_text(format!("{field}.{handler}.port"), name, &error);
                }
            }
            _ => {}
        }
    }
    if kind != "readinessProbe" && probe["successThreshold"].as_i64().unwrap_or(1) != 1 {
        errors.invalid(
            format!("{field}.successThreshold"),
            &probe["successThreshold"],
            "must be 1",
        );
    }
}
