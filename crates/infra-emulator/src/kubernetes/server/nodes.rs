//! Nodes as the cloud describes them and as objects of the API.

use serde_json::{Value, json};

use super::api::{now, time_text};
use super::quantity::Quantity;

/// A node of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeOptions {
    /// Name, which is also its host name.
    pub name: String,
    /// `spec.providerID` such as `digitalocean://1`; empty for none.
    pub provider_id: String,
    /// Labels besides the well-known ones.
    pub labels: Vec<(String, String)>,
    /// (key, value, effect) of each taint.
    pub taints: Vec<(String, String, String)>,
    /// Thousandths of a cpu.
    pub cpu_millis: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Devices of `nvidia.com/gpu`.
    pub gpus: u32,
    /// The pool that it belongs to; for people.
    pub pool: String,
    /// Address inside the cluster's network.
    pub internal_ip: String,
    /// Public address.
    pub external_ip: Option<String>,
}

impl NodeOptions {
    /// The node object, without its status.
    pub(super) fn object(&self) -> Value {
        let mut labels = json!({
            "kubernetes.io/hostname": self.name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": "amd64",
        });
        for (key, value) in &self.labels {
            labels[key] = json!(value);
        }
        let taints: Vec<Value> = self
            .taints
            .iter()
            .map(|(key, value, effect)| {
                let mut taint = json!({"key": key, "effect": effect});
                if !value.is_empty() {
                    taint["value"] = json!(value);
                }
                taint
            })
            .collect();
        let mut spec = json!({});
        if !self.provider_id.is_empty() {
            spec["providerID"] = json!(self.provider_id);
        }
        if !taints.is_empty() {
            spec["taints"] = json!(taints);
        }
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": labels},
            "spec": spec,
        })
    }

    /// The status that its kubelet reports.
    pub(super) fn status(&self, version: &str) -> Value {
        let milli = |millis: u64| Quantity::milli(i64::try_from(millis).unwrap_or(i64::MAX));
        let mut capacity = json!({
            "cpu": milli(self.cpu_millis).to_string(),
            "memory": Quantity::bytes(self.memory_bytes).to_string(),
            "ephemeral-storage": "80Gi",
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "pods": "110",
        });
        if self.gpus > 0 {
            capacity["nvidia.com/gpu"] = json!(self.gpus.to_string());
        }
        let mut addresses = vec![
            json!({"type": "InternalIP", "address": self.internal_ip}),
            json!({"type": "Hostname", "address": self.name}),
        ];
        if let Some(address) = &self.external_ip {
            addresses.push(json!({"type": "ExternalIP", "address": address}));
        }
        json!({
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": conditions(true),
            "addresses": addresses,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "",
                "kernelVersion": "6.1.0", "osImage": "Emulated Linux",
                "containerRuntimeVersion": "containerd://2.0.0",
                "kubeletVersion": format!("v{version}"),
                "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": "amd64",
            },
        })
    }
}

/// The conditions of a node that is ready or not.
pub(super) fn conditions(ready: bool) -> Value {
    let time = time_text(now());
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": time, "lastTransitionTime": time,
        })
    };
    let (status, reason, message) = if ready {
        ("True", "KubeletReady", "kubelet is posting ready status")
    } else {
        ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
    };
    json!([
        condition(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available"
        ),
        condition(
            "DiskPressure",
            "False",
            "KubeletHasNoDiskPressure",
            "kubelet has no disk pressure"
        ),
        condition(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"
        ),
        condition("Ready", status, reason, message),
    ])
}
