//! Services, ingresses, network policies, endpoint slices.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::errors::Errors;
use super::pod::{PROTOCOLS, port_number};
use super::workloads::label_selector;
use super::{contents, names};
use crate::kubernetes::machinery::scheme::Resource;

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn service(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let (kind, address) = (text(spec, "type"), text(spec, "clusterIP"));
    let headless = address == "None";
    if items(spec, "ports").is_empty() && !headless && kind != "ExternalName" {
        errors.required("spec.ports", "");
    }
    if kind == "LoadBalancer" && headless {
        errors.invalid_text(
            "spec.clusterIPs[0]",
            address,
            "may not be set to 'None' for LoadBalancer services",
        );
    }
    if kind == "NodePort" && headless {
        errors.invalid_text(
            "spec.clusterIPs[0]",
            address,
            "may not be set to 'None' for NodePort services",
        );
    }
    if kind == "ExternalName" {
        let name = text(spec, "externalName").trim_end_matches('.');
        if name.is_empty() {
            errors.required("spec.externalName", "");
        } else {
            for error in names::subdomain(name) {
                errors.invalid_text("spec.externalName", name, &error);
            }
        }
    }
    ports(spec, errors);
    for (key, value) in spec["selector"].as_object().into_iter().flatten() {
        for error in names::qualified(key) {
            errors.invalid_text("spec.selector", key, &error);
        }
        let value = value.as_str().unwrap_or_default();
        for error in names::label_value(value) {
            errors.invalid_text("spec.selector", value, &error);
        }
    }
    errors.one_of("spec.sessionAffinity", text(spec, "sessionAffinity"), &["ClientIP", "None"]);
    addresses(spec, errors);
    errors.one_of("spec.type", kind, &TYPES);
    duplicate_ports(spec, errors);
    let policy = text(spec, "externalTrafficPolicy");
    if !policy.is_empty() {
        if !matches!(kind, "NodePort" | "LoadBalancer") && items(spec, "externalIPs").is_empty() {
            errors.invalid_text(
                "spec.externalTrafficPolicy",
                policy,
                "may only be set for externally-accessible services",
            );
        } else if !matches!(policy, "Cluster" | "Local") {
            errors.unsupported("spec.externalTrafficPolicy", policy, &["Cluster", "Local"]);
        }
    }
    let policy = text(spec, "internalTrafficPolicy");
    if !matches!(policy, "" | "Cluster" | "Local") {
        errors.unsupported("spec.internalTrafficPolicy", policy, &["Cluster", "Local"]);
    }
}

fn ports(spec: &Value, errors: &mut Errors) {
    let list = items(spec, "ports");
    let kind = text(spec, "type");
    let mut seen: Vec<&str> = Vec::new();
    for (index, port) in list.iter().enumerate() {
        let field = format!("spec.ports[{index}]");
        let name = text(port, "name");
        if name.is_empty() {
            if list.len() > 1 {
                errors.required(format!("{field}.name"), "");
            }
        } else {
            for error in names::label(name) {
                errors.invalid_text(format!("{field}.name"), name, &error);
            }
            if seen.contains(&name) {
                errors.duplicate(format!("{field}.name"), &format!("{name:?}"));
            }
            seen.push(name);
        }
        port_number(port["port"].as_i64().unwrap_or(0), format!("{field}.port"), errors);
        errors.one_of(format!("{field}.protocol"), text(port, "protocol"), &PROTOCOLS);
        match &port["targetPort"] {
            Value::Number(number) => {
                port_number(number.as_i64().unwrap_or(0), format!("{field}.targetPort"), errors);
            }
            Value::String(name) => {
                for error in names::port_name(name) {
                    errors.invalid_text(format!("{field}.targetPort"), name, &error);
                }
            }
            _ => {}
        }
        let node_port = port["nodePort"].as_i64().unwrap_or(0);
        if node_port != 0 && !matches!(kind, "NodePort" | "LoadBalancer") && TYPES.contains(&kind) {
            errors.forbidden(
                format!("{field}.nodePort"),
                &format!("may not be used when `type` is '{kind}'"),
            );
        } else if node_port != 0 && !(30000..=32767).contains(&node_port) {
            errors.invalid(
                format!("{field}.nodePort"),
                &port["nodePort"],
                "provided port is not in the valid range. The range of valid ports is 30000-32767",
            );
        }
    }
}

fn duplicate_ports(spec: &Value, errors: &mut Errors) {
    let mut seen: Vec<(i64, &str)> = Vec::new();
    for (index, port) in items(spec, "ports").iter().enumerate() {
        let key = (port["port"].as_i64().unwrap_or(0), text(port, "protocol"));
        if seen.contains(&key) {
            errors.duplicate(
                format!("spec.ports[{index}]"),
                &format!(
                    "{{\"Name\":\"\",\"Protocol\":{:?},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                    key.1, key.0
                ),
            );
        }
        seen.push(key);
    }
}

fn addresses(spec: &Value, errors: &mut Errors) {
    for (index, address) in items(spec, "clusterIPs").iter().enumerate() {
        let address = address.as_str().unwrap_or_default();
        if address != "None" && !address.is_empty() && address.parse::<IpAddr>().is_err() {
            errors.invalid_text(
                format!("spec.clusterIPs[{index}]"),
                address,
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            );
        }
    }
    for (index, address) in items(spec, "externalIPs").iter().enumerate() {
        let address = address.as_str().unwrap_or_default();
        if address.parse::<IpAddr>().is_err() {
            errors.invalid_text(
                format!("spec.externalIPs[{index}]"),
                address,
                "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            );
        }
    }
    for (index, range) in items(spec, "loadBalancerSourceRanges").iter().enumerate() {
        let range = range.as_str().unwrap_or_default().trim();
        if !is_cidr(range) {
            errors.invalid_text(
                format!("spec.loadBalancerSourceRanges[{index}]"),
                range,
                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            );
        }
    }
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(bits)) = (address.parse::<IpAddr>(), bits.parse::<u8>()) else {
        return false;
    };
    bits <= if address.is_ipv4() { 32 } else { 128 }
}

pub(super) fn service_update(
    resource: &Resource,
    object: &Value,
    old: &Value,
    errors: &mut Errors,
) {
    let (new, was) = (&object["spec"], &old["spec"]);
    let external = |spec: &Value| text(spec, "type") == "ExternalName";
    let (first, before) = (&new["clusterIPs"][0], &was["clusterIPs"][0]);
    if !external(new) && !external(was) && !before.is_null() && first != before {
        let detail = if first.is_null() {
            "primary clusterIP can not be unset"
        } else {
            "may not change once set"
        };
        errors.invalid("spec.clusterIPs[0]", &new["clusterIPs"], detail);
    }
    contents(resource, object, errors);
}

pub(super) fn ingress(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    if items(spec, "rules").is_empty() && spec["defaultBackend"].is_null() {
        errors.invalid(
            "spec",
            &Value::Null,
            "either `defaultBackend` or `rules` must be specified",
        );
    }
    if !spec["defaultBackend"].is_null() {
        backend(&spec["defaultBackend"], "spec.defaultBackend", errors);
    }
    for (index, rule) in items(spec, "rules").iter().enumerate() {
        let field = format!("spec.rules[{index}]");
        let host = text(rule, "host");
        if !host.is_empty() {
            host_name(host, &format!("{field}.host"), errors);
        }
        if let Some(http) = rule.get("http") {
            paths(items(http, "paths"), &format!("{field}.http.paths"), errors);
        }
    }
    for (index, tls) in items(spec, "tls").iter().enumerate() {
        for (at, host) in items(tls, "hosts").iter().enumerate() {
            let host = host.as_str().unwrap_or_default();
            host_name(host, &format!("spec.tls[{index}].hosts[{at}]"), errors);
        }
    }
    if let Some(class) = spec["ingressClassName"].as_str() {
        for error in names::subdomain(class) {
            errors.invalid_text("spec.ingressClassName", class, &error);
        }
    }
}

fn host_name(host: &str, field: &str, errors: &mut Errors) {
    if host.parse::<IpAddr>().is_ok() {
        errors.invalid_text(field, host, "must be a DNS name, not an IP address");
        return;
    }
    let found = if host.contains('*') { names::wildcard(host) } else { names::subdomain(host) };
    for error in found {
        errors.invalid_text(field, host, &error);
    }
}

fn paths(paths: &[Value], field: &str, errors: &mut Errors) {
    if paths.is_empty() {
        errors.required(field, "");
    }
    for (index, path) in paths.iter().enumerate() {
        let field = format!("{field}[{index}]");
        let (kind, value) = (text(path, "pathType"), text(path, "path"));
        match kind {
            "" => errors.required(format!("{field}.pathType"), "pathType must be specified"),
            "Exact" | "Prefix" => {
                if !value.starts_with('/') {
                    errors.invalid_text(format!("{field}.path"), value, "must be an absolute path");
                }
            }
            "ImplementationSpecific" => {
                if !value.is_empty() && !value.starts_with('/') {
                    errors.invalid_text(format!("{field}.path"), value, "must be an absolute path");
                }
            }
            other => errors.unsupported(
                format!("{field}.pathType"),
                other,
                &["Exact", "ImplementationSpecific", "Prefix"],
            ),
        }
        backend(&path["backend"], &format!("{field}.backend"), errors);
    }
}

fn backend(backend: &Value, field: &str, errors: &mut Errors) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    match (service.is_null(), resource.is_null()) {
        (false, false) => {
            errors.invalid_text(field, "", "cannot set both resource and service backends");
        }
        (true, true) => errors.required(field, "must specify one of: service, resource"),
        (true, false) => {}
        (false, true) => {
            let name = text(service, "name");
            if name.is_empty() {
                errors.required(format!("{field}.service.name"), "");
            } else {
                for error in names::label(name) {
                    errors.invalid_text(format!("{field}.service.name"), name, &error);
                }
            }
            let (number, named) =
                (service["port"]["number"].as_i64().unwrap_or(0), text(&service["port"], "name"));
            if number == 0 && named.is_empty() {
                errors.required(format!("{field}.service.port"), "port name or number is required");
            } else if number != 0 && !named.is_empty() {
                errors.invalid_text(
                    format!("{field}.service.port"),
                    "",
                    "cannot set both port name & port number",
                );
            } else if number != 0 {
                port_number(number, format!("{field}.service.port.number"), errors);
            }
        }
    }
}

pub(super) fn network_policy(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    label_selector(&spec["podSelector"], "spec.podSelector", errors);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(spec, direction).iter().enumerate() {
            let field = format!("spec.{direction}[{index}]");
            for (at, port) in items(rule, "ports").iter().enumerate() {
                let field = format!("{field}.ports[{at}]");
                let protocol = text(port, "protocol");
                if !protocol.is_empty() && !PROTOCOLS.contains(&protocol) {
                    errors.unsupported(format!("{field}.protocol"), protocol, &PROTOCOLS);
                }
                if let Some(number) = port["port"].as_i64() {
                    port_number(number, format!("{field}.port"), errors);
                } else if let Some(name) = port["port"].as_str() {
                    for error in names::port_name(name) {
                        errors.invalid_text(format!("{field}.port"), name, &error);
                    }
                }
            }
            for (at, one) in items(rule, peers).iter().enumerate() {
                peer(one, &format!("{field}.{peers}[{at}]"), errors);
            }
        }
    }
    let types = items(spec, "policyTypes");
    if types.len() > 2 {
        errors.invalid(
            "spec.policyTypes",
            &spec["policyTypes"],
            "may not specify more than two policyTypes",
        );
    }
    for (index, kind) in types.iter().enumerate() {
        let kind = kind.as_str().unwrap_or_default();
        if !matches!(kind, "Ingress" | "Egress") {
            errors.unsupported(format!("spec.policyTypes[{index}]"), kind, &["Egress", "Ingress"]);
        }
    }
}

fn peer(peer: &Value, field: &str, errors: &mut Errors) {
    let selectors = ["podSelector", "namespaceSelector"];
    let given = selectors.iter().filter(|key| !peer[**key].is_null()).count();
    for key in selectors {
        if !peer[key].is_null() {
            label_selector(&peer[key], &format!("{field}.{key}"), errors);
        }
    }
    let block = &peer["ipBlock"];
    if !block.is_null() {
        let cidr = text(block, "cidr");
        if cidr.is_empty() {
            errors.required(format!("{field}.ipBlock.cidr"), "");
        } else if !is_cidr(cidr) {
            errors.invalid_text(
                format!("{field}.ipBlock.cidr"),
                cidr,
                "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
            );
        }
        if given > 0 {
            errors.forbidden(field, "may not specify both ipBlock and another peer");
        }
    } else if given == 0 {
        errors.required(field, "must specify a peer");
    }
}

pub(super) fn ingress_class(object: &Value, errors: &mut Errors) {
    let controller = text(&object["spec"], "controller");
    if controller.is_empty() {
        errors.required("spec.controller", "");
    } else if !controller.contains('/') {
        errors.invalid_text(
            "spec.controller",
            controller,
            "must be a domain-prefixed path (such as \"acme.io/foo\")",
        );
    }
}

pub(super) fn endpoint_slice(object: &Value, errors: &mut Errors) {
    let kind = text(object, "addressType");
    errors.one_of("addressType", kind, &["FQDN", "IPv4", "IPv6"]);
    for (index, endpoint) in items(object, "endpoints").iter().enumerate() {
        let field = format!("endpoints[{index}].addresses");
        let addresses = items(endpoint, "addresses");
        if addresses.is_empty() {
            errors.required(&field, "must contain at least 1 address");
        }
        for (at, address) in addresses.iter().enumerate() {
            let address = address.as_str().unwrap_or_default();
            let parsed = address.parse::<IpAddr>().ok();
            let good = match kind {
                "IPv4" => parsed.is_some_and(|address| address.is_ipv4()),
                "IPv6" => parsed.is_some_and(|address| address.is_ipv6()),
                _ => true,
            };
            if !good {
                errors.invalid(
                    format!("{field}[{at}]"),
                    &json!(address),
                    &format!("must be a valid {kind} address"),
                );
            }
        }
    }
}
