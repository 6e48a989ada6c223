//! Services keep the addresses and ports that were allocated to them, as long as their type needs them.

use serde_json::{Value, json};

/// Fills in allocations that an update leaves out, and drops those that a new type has no use for.
pub(super) fn keep_allocations(object: &mut Value, old: &Value) {
    drop_useless(object, old);
    let (before, after) = (kind_of(old), kind_of(object));
    let spec = &mut object["spec"];
    let was = &old["spec"];
    if needs_address(&before) && needs_address(&after) {
        let empty = spec.get("clusterIP").and_then(Value::as_str).unwrap_or_default().is_empty();
        let none = spec.get("clusterIPs").and_then(Value::as_array).is_none_or(Vec::is_empty);
        if empty && none {
            copy(spec, was, "clusterIP");
        } else if empty && let Some(first) = spec["clusterIPs"].get(0).cloned() {
            spec["clusterIP"] = first;
        }
        if none && spec.get("clusterIP") == was.get("clusterIP") {
            copy(spec, was, "clusterIPs");
        } else if none && let Some(first) = spec.get("clusterIP").cloned() {
            spec["clusterIPs"] = json!([first]);
        }
        for key in ["ipFamilies", "ipFamilyPolicy"] {
            if spec.get(key).is_none_or(Value::is_null) {
                copy(spec, was, key);
            }
        }
    }
    if needs_node_port(&before) && needs_node_port(&after) {
        keep_node_ports(spec, was);
    }
    let health =
        |spec: &Value| spec.get("externalTrafficPolicy").and_then(Value::as_str) == Some("Local");
    if after == "LoadBalancer"
        && health(spec)
        && health(was)
        && spec.get("healthCheckNodePort").is_none()
    {
        copy(spec, was, "healthCheckNodePort");
    }
}

fn kind_of(service: &Value) -> String {
    service["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned()
}

fn needs_address(kind: &str) -> bool {
    kind != "ExternalName"
}

fn needs_node_port(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}

fn copy(spec: &mut Value, old: &Value, key: &str) {
    if let (Some(map), Some(value)) = (spec.as_object_mut(), old.get(key)) {
        map.insert(key.into(), value.clone());
    }
}

fn remove(spec: &mut Value, key: &str) {
    if let Some(map) = spec.as_object_mut() {
        map.shift_remove(key);
    }
}

fn ports(spec: &Value) -> Vec<i64> {
    let list = spec.get("ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|port| port.get("nodePort").and_then(Value::as_i64)).collect()
}

fn keep_node_ports(spec: &mut Value, old: &Value) {
    let before = ports(old);
    let mut used: Vec<i64> = ports(spec).into_iter().filter(|p| before.contains(p)).collect();
    let old_ports = old.get("ports").and_then(Value::as_array).cloned().unwrap_or_default();
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) != 0 {
            continue;
        }
        let same = old_ports.iter().rev().find(|own| own.get("name") == port.get("name"));
        let number = same.and_then(|own| own.get("nodePort")).and_then(Value::as_i64);
        if let Some(number) = number.filter(|number| *number != 0 && !used.contains(number)) {
            port["nodePort"] = json!(number);
            used.push(number);
        }
    }
}

/// A changed type loses what only the old type used, if the writer just left it as it was.
fn drop_useless(object: &mut Value, old: &Value) {
    let (before, after) = (kind_of(old), kind_of(object));
    let spec = &mut object["spec"];
    let was = &old["spec"];
    let same = |spec: &Value, key: &str| spec.get(key) == was.get(key);
    if needs_address(&before) && !needs_address(&after) && same(spec, "clusterIPs") {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            remove(spec, key);
        }
    }
    if needs_node_port(&before) && !needs_node_port(&after) && ports(spec) == ports(was) {
        for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            remove(port, "nodePort");
        }
    }
    if before == "LoadBalancer" && after != "LoadBalancer" {
        for key in ["allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort"] {
            if same(spec, key) {
                remove(spec, key);
            }
        }
    }
    if needs_node_port(&before) && !needs_node_port(&after) && same(spec, "externalTrafficPolicy") {
        remove(spec, "externalTrafficPolicy");
    }
    if needs_address(&before) && !needs_address(&after) && same(spec, "internalTrafficPolicy") {
        remove(spec, "internalTrafficPolicy");
    }
}
