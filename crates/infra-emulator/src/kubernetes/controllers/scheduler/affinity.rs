//! Where a pod may go by its selectors, affinities, tolerations and spread constraints.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::kubernetes::controllers::objects::{is_active, items, name, namespace, text};
use crate::kubernetes::machinery::selector::LabelSelector;

/// Whether node selector and required node affinity allow a node.
pub(in crate::kubernetes::controllers) fn node_matches(pod: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let selected = pod["spec"]["nodeSelector"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| labels[key] == *value);
    let required =
        &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    selected && (required.is_null() || term_matches_any(required, node))
}

/// Whether any term of a node selector matches.
pub(super) fn term_matches_any(selector: &Value, node: &Value) -> bool {
    items(selector, "/nodeSelectorTerms").any(|term| {
        let labels = expressions_match(&term["matchExpressions"], &node["metadata"]["labels"]);
        let fields = json!({"metadata.name": name(node)});
        let some = term["matchExpressions"].is_array() || term["matchFields"].is_array();
        some && labels && expressions_match(&term["matchFields"], &fields)
    })
}

fn expressions_match(expressions: &Value, labels: &Value) -> bool {
    expressions.as_array().into_iter().flatten().all(|expression| {
        let value = labels[text(expression, "/key")].as_str();
        let mut values = items(expression, "/values").filter_map(Value::as_str);
        let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok());
        match text(expression, "/operator") {
            "In" => value.is_some_and(|value| values.any(|one| one == value)),
            "NotIn" => value.is_none_or(|value| !values.any(|one| one == value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => number(value).zip(number(values.next())).is_some_and(|(own, than)| own > than),
            "Lt" => number(value).zip(number(values.next())).is_some_and(|(own, than)| own < than),
            _ => false,
        }
    })
}

/// Whether a pod tolerates a taint.
pub(in crate::kubernetes::controllers) fn tolerates(pod: &Value, taint: &Value) -> bool {
    items(pod, "/spec/tolerations").any(|toleration| {
        let effect = text(toleration, "/effect");
        let key = text(toleration, "/key");
        let exists = text(toleration, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key.is_empty() && exists || key == text(taint, "/key"))
            && (exists || text(toleration, "/value") == text(taint, "/value"))
    })
}

/// The first taint that keeps a pod away from a node.
pub(super) fn repelling_taint<'a>(pod: &Value, node: &'a Value) -> Option<&'a Value> {
    items(node, "/spec/taints").find(|taint| {
        matches!(text(taint, "/effect"), "NoSchedule" | "NoExecute") && !tolerates(pod, taint)
    })
}

/// Pods that are placed, with their nodes.
pub(super) type Placed = [(Arc<Value>, Arc<Value>)];

/// Why required pod affinity or anti-affinity forbids a node.
pub(super) fn pod_affinity_refuses(
    pod: &Value,
    node: &Value,
    placed: &Placed,
) -> Option<&'static str> {
    let required = |of: &Value, kind: &str| -> Vec<Value> {
        let path = format!("/spec/affinity/{kind}/requiredDuringSchedulingIgnoredDuringExecution");
        items(of, &path).cloned().collect()
    };
    let same_place = |term: &Value, other: &Value| {
        let key = text(term, "/topologyKey");
        let own = &node["metadata"]["labels"][key];
        !own.is_null() && *own == other["metadata"]["labels"][key]
    };
    for term in required(pod, "podAffinity") {
        let near = placed
            .iter()
            .any(|(other, at)| term_selects(&term, pod, other) && same_place(&term, at));
        // The first pod of a group that wants to be together may go anywhere.
        let alone = !placed.iter().any(|(other, _)| term_selects(&term, pod, other));
        let first = alone && term_selects(&term, pod, pod);
        if !near && !first {
            return Some("node(s) didn't match pod affinity rules");
        }
    }
    for term in required(pod, "podAntiAffinity") {
        if placed.iter().any(|(other, at)| term_selects(&term, pod, other) && same_place(&term, at))
        {
            return Some("node(s) didn't match pod anti-affinity rules");
        }
    }
    for (other, at) in placed {
        for term in required(other, "podAntiAffinity") {
            if term_selects(&term, other, pod) && same_place(&term, at) {
                return Some("node(s) didn't satisfy existing pods anti-affinity rules");
            }
        }
    }
    None
}

fn term_selects(term: &Value, of: &Value, other: &Value) -> bool {
    let namespaces: Vec<&str> = items(term, "/namespaces").filter_map(Value::as_str).collect();
    let namespace_fits = if namespaces.is_empty() {
        !term["namespaceSelector"].is_null() || namespace(of) == namespace(other)
    } else {
        namespaces.contains(&namespace(other))
    };
    namespace_fits && LabelSelector::from_object(&term["labelSelector"]).matches(other)
}

/// Whether a hard spread constraint forbids a node.
pub(super) fn spread_refuses(
    pod: &Value,
    node: &Value,
    nodes: &[Arc<Value>],
    placed: &Placed,
) -> Option<&'static str> {
    for constraint in items(pod, "/spec/topologySpreadConstraints") {
        if text(constraint, "/whenUnsatisfiable") != "DoNotSchedule" {
            continue;
        }
        let key = text(constraint, "/topologyKey");
        let Some(own) = node["metadata"]["labels"][key].as_str() else {
            return Some(
                "node(s) didn't match pod topology spread constraints (missing required label)",
            );
        };
        let selector = LabelSelector::from_object(&constraint["labelSelector"]);
        let count = |domain: &str| {
            placed
                .iter()
                .filter(|(other, at)| {
                    at["metadata"]["labels"][key] == *domain
                        && namespace(other) == namespace(pod)
                        && is_active(other)
                        && selector.matches(other)
                })
                .count()
        };
        let domains = nodes
            .iter()
            .filter(|node| node_matches(pod, node))
            .filter_map(|node| node["metadata"]["labels"][key].as_str());
        let least = domains.map(count).min().unwrap_or(0);
        let skew = usize::try_from(constraint["maxSkew"].as_u64().unwrap_or(1)).unwrap_or(1);
        let own_count = count(own) + usize::from(selector.matches(pod));
        if own_count.saturating_sub(least) > skew {
            return Some("node(s) didn't match pod topology spread constraints");
        }
    }
    None
}
