//! Whether a node has room for a pod, and why not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::affinity::{self, Placed};
use crate::kubernetes::controllers::objects::{is_finished, items, name, text};
use crate::kubernetes::server::{Quantity, pod_resources};

/// Why a node does not take a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The reasons, in the scheduler's words.
    pub(super) reasons: Vec<String>,
    /// Whether other pods could make room.
    pub(super) preemptible: bool,
}

impl Refusal {
    fn of(reason: impl Into<String>) -> Self {
        Self { reasons: vec![reason.into()], preemptible: false }
    }
}

/// What the scheduler sees of the cluster.
pub(super) struct View {
    /// All nodes.
    pub(super) nodes: Vec<Arc<Value>>,
    /// Pods that are placed and not finished, with their nodes.
    pub(super) placed: Vec<(Arc<Value>, Arc<Value>)>,
}

impl View {
    /// From all nodes and pods.
    pub(super) fn of(nodes: Vec<Arc<Value>>, pods: Vec<Arc<Value>>) -> Self {
        let by_name: BTreeMap<&str, &Arc<Value>> =
            nodes.iter().map(|node| (name(node), node)).collect();
        let placed = pods
            .into_iter()
            .filter(|pod| !is_finished(pod))
            .filter_map(|pod| {
                let node = (*by_name.get(text(&pod, "/spec/nodeName"))?).clone();
                Some((pod, node))
            })
            .collect();
        Self { nodes, placed }
    }

    /// How many pods a node has.
    pub(super) fn pods_on(&self, node: &Value) -> usize {
        self.placed.iter().filter(|(_, at)| name(at) == name(node)).count()
    }

    /// Whether a node takes a pod; the first kind of reason that applies, in the order of the scheduler's plug-ins.
    pub(super) fn check(&self, pod: &Value, node: &Value) -> Result<(), Refusal> {
        let unschedulable = node["spec"]["unschedulable"] == true;
        let taint = serde_json::json!({
            "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule",
        });
        if unschedulable && !affinity::tolerates(pod, &taint) {
            return Err(Refusal::of("node(s) were unschedulable"));
        }
        if let Some(taint) = affinity::repelling_taint(pod, node) {
            let (key, value) = (text(taint, "/key"), text(taint, "/value"));
            let shown = format!("{{{key}: {value}}}");
            return Err(Refusal::of(format!("node(s) had untolerated taint(s) {shown}")));
        }
        if !affinity::node_matches(pod, node) {
            return Err(Refusal::of("node(s) didn't match Pod's node affinity/selector"));
        }
        self.check_ports(pod, node)?;
        self.check_resources(pod, node)?;
        let placed: &Placed = &self.placed;
        if let Some(reason) = affinity::spread_refuses(pod, node, &self.nodes, placed) {
            let preemptible = !reason.contains("missing");
            return Err(Refusal { reasons: vec![reason.into()], preemptible });
        }
        if let Some(reason) = affinity::pod_affinity_refuses(pod, node, placed) {
            let preemptible = reason.contains("anti-affinity");
            return Err(Refusal { reasons: vec![reason.into()], preemptible });
        }
        Ok(())
    }

    fn check_ports(&self, pod: &Value, node: &Value) -> Result<(), Refusal> {
        let ports = |pod: &Value| -> Vec<(i64, String)> {
            items(pod, "/spec/containers")
                .flat_map(|container| items(container, "/ports"))
                .filter_map(|port| {
                    let number = port["hostPort"].as_i64().filter(|port| *port > 0)?;
                    Some((number, port["protocol"].as_str().unwrap_or("TCP").to_owned()))
                })
                .collect()
        };
        let wanted = ports(pod);
        let taken = !wanted.is_empty()
            && self.placed.iter().any(|(other, at)| {
                name(at) == name(node) && ports(other).iter().any(|port| wanted.contains(port))
            });
        if taken {
            let reason = "node(s) didn't have free ports for the requested pod ports";
            return Err(Refusal { reasons: vec![reason.into()], preemptible: true });
        }
        Ok(())
    }

    fn check_resources(&self, pod: &Value, node: &Value) -> Result<(), Refusal> {
        let mut used = BTreeMap::<String, Quantity>::new();
        let mut pods = 0;
        for (other, _) in self.placed.iter().filter(|(_, at)| name(at) == name(node)) {
            pods += 1;
            for (resource, amount) in pod_resources(other, "requests") {
                *used.entry(resource).or_default() += amount;
            }
        }
        let allocatable = |resource: &str| {
            Quantity::of(&node["status"]["allocatable"][resource]).unwrap_or_default()
        };
        let mut reasons = Vec::new();
        let mut preemptible = true;
        if Quantity::whole(pods + 1) > allocatable("pods") {
            reasons.push("Too many pods".to_owned());
        }
        for (resource, amount) in pod_resources(pod, "requests") {
            if amount.is_zero() {
                continue;
            }
            let room = allocatable(&resource);
            let mut sum = used.get(&resource).copied().unwrap_or_default();
            sum += amount;
            if sum > room {
                reasons.push(format!("Insufficient {resource}"));
                preemptible &= amount <= room;
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons, preemptible }) }
    }
}

/// `0/3 nodes are available: ...`, in the scheduler's words.
pub(super) fn message(nodes: usize, refusals: &[Refusal]) -> String {
    if nodes == 0 {
        return "no nodes available to schedule pods".to_owned();
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for reason in refusals.iter().flat_map(|refusal| &refusal.reasons) {
        *counts.entry(reason).or_default() += 1;
    }
    let mut texts: Vec<String> =
        counts.into_iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.sort();
    let hopeless = refusals.iter().filter(|refusal| !refusal.preemptible).count();
    let hopeful = refusals.len() - hopeless;
    let mut preemption = Vec::new();
    if hopeful > 0 {
        preemption.push(format!("{hopeful} No preemption victims found for incoming pod"));
    }
    if hopeless > 0 {
        preemption.push(format!("{hopeless} Preemption is not helpful for scheduling"));
    }
    preemption.sort();
    format!(
        "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
        texts.join(", "),
        preemption.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_by_reason() {
        let refusal =
            |reason: &str, preemptible| Refusal { reasons: vec![reason.to_owned()], preemptible };
        let all = [refusal("Insufficient cpu", true), refusal("Insufficient cpu", false)];
        assert_eq!(
            message(2, &all),
            "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling."
        );
    }
}
