//! Nodes, endpoints and metrics of autoscalers.

use std::net::IpAddr;

use serde_json::Value;

use super::errors::Errors;
use super::names;
use super::pod::{PROTOCOLS, port_number};

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn node(object: &Value, errors: &mut Errors) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (index, taint) in items(&object["spec"], "taints").iter().enumerate() {
        let field = format!("spec.taints[{index}]");
        let (key, effect) = (text(taint, "key"), text(taint, "effect"));
        for error in names::qualified(key) {
            errors.invalid_text(format!("{field}.key"), key, &error);
        }
        for error in names::label_value(text(taint, "value")) {
            errors.invalid_text(format!("{field}.value"), text(taint, "value"), &error);
        }
        errors.one_of(
            format!("{field}.effect"),
            effect,
            &["NoExecute", "NoSchedule", "PreferNoSchedule"],
        );
        if seen.contains(&(key, effect)) {
            errors.duplicate(&field, &taint.to_string());
        }
        seen.push((key, effect));
    }
}

pub(super) fn endpoints(object: &Value, errors: &mut Errors) {
    for (index, subset) in items(object, "subsets").iter().enumerate() {
        let field = format!("subsets[{index}]");
        let (ready, other) = (items(subset, "addresses"), items(subset, "notReadyAddresses"));
        if ready.is_empty() && other.is_empty() {
            errors.required(&field, "must specify `addresses` or `notReadyAddresses`");
        }
        for (list, name) in [(ready, "addresses"), (other, "notReadyAddresses")] {
            for (at, address) in list.iter().enumerate() {
                let ip = text(address, "ip");
                if ip.parse::<IpAddr>().is_err() {
                    errors.invalid_text(
                        format!("{field}.{name}[{at}].ip"),
                        ip,
                        "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
                    );
                }
            }
        }
        let ports = items(subset, "ports");
        for (at, port) in ports.iter().enumerate() {
            let field = format!("{field}.ports[{at}]");
            let name = text(port, "name");
            if name.is_empty() {
                if ports.len() > 1 {
                    errors.required(format!("{field}.name"), "");
                }
            } else {
                for error in names::label(name) {
                    errors.invalid_text(format!("{field}.name"), name, &error);
                }
            }
            port_number(port["port"].as_i64().unwrap_or(0), format!("{field}.port"), errors);
            errors.one_of(format!("{field}.protocol"), text(port, "protocol"), &PROTOCOLS);
        }
    }
}

/// Checks one metric of an autoscaler.
pub(super) fn metric(metric: &Value, field: &str, errors: &mut Errors) {
    let kinds = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = text(metric, "type");
    errors.one_of(format!("{field}.type"), kind, &kinds);
    let source = match kind {
        "ContainerResource" => "containerResource",
        "External" => "external",
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        _ => return,
    };
    let Some(own) = metric.get(source) else {
        errors.required(
            format!("{field}.{source}"),
            "must populate information for the given metric source",
        );
        return;
    };
    let field = format!("{field}.{source}");
    if source == "resource" && text(own, "name").is_empty() {
        errors.required(format!("{field}.name"), "must specify a resource name");
    }
    let target = &own["target"];
    errors.one_of(
        format!("{field}.target.type"),
        text(target, "type"),
        &["AverageValue", "Utilization", "Value"],
    );
    if target["averageUtilization"].as_i64().is_some_and(|percent| percent < 1) {
        errors.invalid(
            format!("{field}.target.averageUtilization"),
            &target["averageUtilization"],
            "must be greater than 0",
        );
    }
    let none =
        ["averageUtilization", "averageValue", "value"].iter().all(|key| target[*key].is_null());
    if none && source == "resource" {
        errors.required(
            format!("{field}.target.averageUtilization"),
            "must set either a target raw value or a target utilization",
        );
    }
}
