//! Services, endpoints, network policies.

use serde_json::{Value, json};

use super::fill::{each, make, set, set_zero, text, with};

pub(super) fn service(object: &mut Value) {
    with(object, "spec", |spec| {
        set_zero(spec, "sessionAffinity", json!("None"));
        if text(spec, "sessionAffinity") == "None" {
            if let Some(map) = spec.as_object_mut() {
                map.shift_remove("sessionAffinityConfig");
            }
        } else if text(spec, "sessionAffinity") == "ClientIP" {
            let config = make(spec, "sessionAffinityConfig");
            set(make(config, "clientIP"), "timeoutSeconds", json!(10800));
        }
        set_zero(spec, "type", json!("ClusterIP"));
        each(spec, "ports", |port| {
            set_zero(port, "protocol", json!("TCP"));
            let number = port.get("port").cloned().unwrap_or_else(|| json!(0));
            set_zero(port, "targetPort", number);
        });
        let kind = text(spec, "type").to_owned();
        let addressed =
            spec.get("externalIPs").and_then(Value::as_array).is_some_and(|ips| !ips.is_empty());
        if matches!(kind.as_str(), "NodePort" | "LoadBalancer")
            || (kind == "ClusterIP" && addressed)
        {
            set_zero(spec, "externalTrafficPolicy", json!("Cluster"));
        }
        if matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
            set(spec, "internalTrafficPolicy", json!("Cluster"));
        }
        if kind == "LoadBalancer" {
            set(spec, "allocateLoadBalancerNodePorts", json!(true));
        }
    });
    if text(&object["spec"], "type") == "LoadBalancer" {
        with(object, "status", |status| {
            with(status, "loadBalancer", |balancer| {
                each(balancer, "ingress", |ingress| {
                    if !text(ingress, "ip").is_empty() {
                        set(ingress, "ipMode", json!("VIP"));
                    }
                });
            });
        });
    }
}

pub(super) fn endpoints(object: &mut Value) {
    each(object, "subsets", |subset| {
        each(subset, "ports", |port| set_zero(port, "protocol", json!("TCP")));
    });
}

pub(super) fn endpoint_slice(object: &mut Value) {
    each(object, "ports", |port| {
        set(port, "name", json!(""));
        set(port, "protocol", json!("TCP"));
    });
}

pub(super) fn network_policy(object: &mut Value) {
    with(object, "spec", |spec| {
        for direction in ["ingress", "egress"] {
            each(spec, direction, |rule| {
                each(rule, "ports", |port| set(port, "protocol", json!("TCP")));
            });
        }
        let egress = spec.get("egress").and_then(Value::as_array).is_some_and(|l| !l.is_empty());
        let types = if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) };
        set(spec, "policyTypes", types);
    });
}

pub(super) fn ingress_class(object: &mut Value) {
    with(object, "spec", |spec| {
        with(spec, "parameters", |parameters| set(parameters, "scope", json!("Cluster")));
    });
}
