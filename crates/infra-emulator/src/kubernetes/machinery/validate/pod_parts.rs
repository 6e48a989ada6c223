//! Parts of pod specifications besides containers: security, affinity, spreading, names of hosts, handlers.

use std::net::IpAddr;

use serde_json::Value;

use super::errors::Errors;
use super::names;
use super::pod::port_number;
use super::workloads::label_selector;

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Checks the parts of a pod specification at a field.
pub(super) fn parts(spec: &Value, field: &str, errors: &mut Errors) {
    security(&spec["securityContext"], &format!("{field}.securityContext"), errors);
    affinity(&spec["affinity"], &format!("{field}.affinity"), errors);
    spreading(spec, field, errors);
    for (index, alias) in items(spec, "hostAliases").iter().enumerate() {
        let ip = text(alias, "ip");
        if ip.parse::<IpAddr>().is_err() {
            errors.invalid_text(
                format!("{field}.hostAliases[{index}].ip"),
                ip,
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            );
        }
        for (at, name) in items(alias, "hostnames").iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            for error in names::subdomain(name) {
                errors.invalid_text(
                    format!("{field}.hostAliases[{index}].hostnames[{at}]"),
                    name,
                    &error,
                );
            }
        }
    }
    if text(spec, "dnsPolicy") == "None" && items(&spec["dnsConfig"], "nameservers").is_empty() {
        errors.required(
            format!("{field}.dnsConfig.nameservers"),
            "must provide at least one DNS nameserver when `dnsPolicy` is None",
        );
    }
    for (index, gate) in items(spec, "readinessGates").iter().enumerate() {
        for error in names::qualified(text(gate, "conditionType")) {
            errors.invalid_text(
                format!("{field}.readinessGates[{index}].conditionType"),
                text(gate, "conditionType"),
                &error,
            );
        }
    }
}

fn security(context: &Value, field: &str, errors: &mut Errors) {
    for key in ["runAsUser", "runAsGroup", "fsGroup"] {
        identity(&context[key], &format!("{field}.{key}"), errors);
    }
    for (index, group) in items(context, "supplementalGroups").iter().enumerate() {
        identity(group, &format!("{field}.supplementalGroups[{index}]"), errors);
    }
    let policy = text(context, "fsGroupChangePolicy");
    if !matches!(policy, "" | "Always" | "OnRootMismatch") {
        errors.unsupported(
            format!("{field}.fsGroupChangePolicy"),
            policy,
            &["Always", "OnRootMismatch"],
        );
    }
    seccomp(&context["seccompProfile"], &format!("{field}.seccompProfile"), errors);
}

/// Checks the security context of a container.
pub(super) fn container_security(context: &Value, field: &str, errors: &mut Errors) {
    for key in ["runAsUser", "runAsGroup"] {
        identity(&context[key], &format!("{field}.{key}"), errors);
    }
    let off = |key: &str| context[key].as_bool() == Some(false);
    if off("allowPrivilegeEscalation") && context["privileged"].as_bool() == Some(true) {
        errors.invalid(
            field,
            context,
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        );
    }
    let admin = items(&context["capabilities"], "add").iter().any(|own| own == "SYS_ADMIN");
    if off("allowPrivilegeEscalation") && admin {
        errors.invalid(
            field,
            context,
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        );
    }
    seccomp(&context["seccompProfile"], &format!("{field}.seccompProfile"), errors);
}

fn identity(value: &Value, field: &str, errors: &mut Errors) {
    if value.as_i64().is_some_and(|id| !(0..=i64::from(i32::MAX)).contains(&id)) {
        errors.invalid(field, value, "must be between 0 and 2147483647, inclusive");
    }
}

fn seccomp(profile: &Value, field: &str, errors: &mut Errors) {
    if profile.is_null() {
        return;
    }
    let kind = text(profile, "type");
    let local = !profile["localhostProfile"].is_null();
    match kind {
        "Localhost" if !local => errors.required(
            format!("{field}.localhostProfile"),
            "must be set when seccomp type is Localhost",
        ),
        "Localhost" => {}
        "RuntimeDefault" | "Unconfined" if local => errors.invalid(
            format!("{field}.localhostProfile"),
            &profile["localhostProfile"],
            "can only be set when seccomp type is Localhost",
        ),
        "RuntimeDefault" | "Unconfined" => {}
        "" => {
            errors.required(format!("{field}.type"), "type is required when seccompProfile is set")
        }
        other => errors.unsupported(
            format!("{field}.type"),
            other,
            &["Localhost", "RuntimeDefault", "Unconfined"],
        ),
    }
}

fn affinity(affinity: &Value, field: &str, errors: &mut Errors) {
    let node = &affinity["nodeAffinity"];
    let required = &node["requiredDuringSchedulingIgnoredDuringExecution"];
    let required_field =
        format!("{field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    if !required.is_null() {
        let terms = items(required, "nodeSelectorTerms");
        if terms.is_empty() {
            errors.required(
                format!("{required_field}.nodeSelectorTerms"),
                "must have at least one node selector term",
            );
        }
        for (index, term) in terms.iter().enumerate() {
            node_term(term, &format!("{required_field}.nodeSelectorTerms[{index}]"), errors);
        }
    }
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    for (index, term) in items(node, preferred).iter().enumerate() {
        let field = format!("{field}.nodeAffinity.{preferred}[{index}]");
        weight(term, &field, errors);
        node_term(&term["preference"], &format!("{field}.preference"), errors);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        for (index, term) in items(&affinity[kind], required).iter().enumerate() {
            pod_term(term, &format!("{field}.{kind}.{required}[{index}]"), errors);
        }
        for (index, term) in items(&affinity[kind], preferred).iter().enumerate() {
            let field = format!("{field}.{kind}.{preferred}[{index}]");
            weight(term, &field, errors);
            pod_term(&term["podAffinityTerm"], &format!("{field}.podAffinityTerm"), errors);
        }
    }
}

fn weight(term: &Value, field: &str, errors: &mut Errors) {
    if !(1..=100).contains(&term["weight"].as_i64().unwrap_or(0)) {
        errors.invalid(format!("{field}.weight"), &term["weight"], "must be in the range 1-100");
    }
}

fn pod_term(term: &Value, field: &str, errors: &mut Errors) {
    if !term["labelSelector"].is_null() {
        label_selector(&term["labelSelector"], &format!("{field}.labelSelector"), errors);
    }
    let key = text(term, "topologyKey");
    if key.is_empty() {
        errors.required(format!("{field}.topologyKey"), "can not be empty");
    }
    for error in names::qualified(key) {
        errors.invalid_text(format!("{field}.topologyKey"), key, &error);
    }
}

fn node_term(term: &Value, field: &str, errors: &mut Errors) {
    for (index, requirement) in items(term, "matchExpressions").iter().enumerate() {
        let field = format!("{field}.matchExpressions[{index}]");
        let values = items(requirement, "values").len();
        match text(requirement, "operator") {
            "In" | "NotIn" if values == 0 => errors.required(
                format!("{field}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if values > 0 => errors.forbidden(
                format!("{field}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "Gt" | "Lt" if values != 1 => errors.required(
                format!("{field}.values"),
                "must be specified single value when `operator` is 'Lt' or 'Gt'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => {
                errors.invalid_text(
                    format!("{field}.operator"),
                    other,
                    "not a valid selector operator",
                );
            }
        }
        for error in names::qualified(text(requirement, "key")) {
            errors.invalid_text(format!("{field}.key"), text(requirement, "key"), &error);
        }
    }
}

fn spreading(spec: &Value, field: &str, errors: &mut Errors) {
    for (index, own) in items(spec, "topologySpreadConstraints").iter().enumerate() {
        let field = format!("{field}.topologySpreadConstraints[{index}]");
        if own["maxSkew"].as_i64().unwrap_or(0) <= 0 {
            errors.invalid(
                format!("{field}.maxSkew"),
                &own["maxSkew"],
                "must be greater than zero",
            );
        }
        if text(own, "topologyKey").is_empty() {
            errors.required(format!("{field}.topologyKey"), "can not be empty");
        }
        let action = text(own, "whenUnsatisfiable");
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            errors.unsupported(
                format!("{field}.whenUnsatisfiable"),
                action,
                &["DoNotSchedule", "ScheduleAnyway"],
            );
        }
        if !own["labelSelector"].is_null() {
            label_selector(&own["labelSelector"], &format!("{field}.labelSelector"), errors);
        }
    }
}

/// Checks the lifecycle handlers of a container.
pub(super) fn lifecycle(lifecycle: &Value, field: &str, errors: &mut Errors) {
    for name in ["postStart", "preStop"] {
        let Some(handler) = lifecycle.get(name) else { continue };
        let field = format!("{field}.{name}");
        let given: Vec<&str> = ["exec", "httpGet", "sleep", "tcpSocket"]
            .into_iter()
            .filter(|kind| handler.get(*kind).is_some())
            .collect();
        match given.len() {
            0 => errors.required(&field, "must specify a handler type"),
            1 => {}
            _ => errors.forbidden(
                format!("{field}.{}", given[1]),
                "may not specify more than 1 handler type",
            ),
        }
        if let Some(number) = handler["httpGet"]["port"].as_i64() {
            port_number(number, format!("{field}.httpGet.port"), errors);
        }
        if handler.get("exec").is_some() && items(&handler["exec"], "command").is_empty() {
            errors.required(format!("{field}.exec.command"), "");
        }
    }
}
