//! Columns of each kind.

use serde_json::{Value, json};

use crate::kubernetes::machinery::scheme::Resource;

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    kind: String,
    format: String,
    description: String,
    priority: i64,
}

impl Column {
    pub(super) fn to_value(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.kind,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        })
    }
}

/// Columns of the built-in kinds: names, with `:i` for integers, `:b` for booleans, `:d` for dates and `+` before those shown only in
/// wide output.
fn names(resource: &Resource) -> &'static str {
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Pod") => "Name,Ready,Status,Restarts,Age,+IP,+Node,+Nominated Node,+Readiness Gates",
        ("", "PodTemplate") => "Name,Containers,Images,Pod Labels",
        ("", "ReplicationController") | ("apps", "ReplicaSet") => {
            "Name,Desired:i,Current:i,Ready:i,Age,+Containers,+Images,+Selector"
        }
        ("apps", "DaemonSet") => {
            "Name,Desired:i,Current:i,Ready:i,Up-to-date:i,Available:i,Node Selector,Age,+Containers,+Images,+Selector"
        }
        ("apps", "Deployment") => {
            "Name,Ready,Up-to-date,Available,Age,+Containers,+Images,+Selector"
        }
        ("apps", "StatefulSet") => "Name,Ready,Age,+Containers,+Images",
        ("apps", "ControllerRevision") => "Name,Controller,Revision:i,Age",
        ("batch", "Job") => "Name,Status,Completions,Duration,Age,+Containers,+Images,+Selector",
        ("batch", "CronJob") => {
            "Name,Schedule,Timezone,Suspend:b,Active:i,Last Schedule,Age,+Containers,+Images,+Selector"
        }
        ("", "Service") => "Name,Type,Cluster-IP,External-IP,Port(s),Age,+Selector",
        ("", "Endpoints") => "Name,Endpoints,Age",
        ("", "Node") => {
            "Name,Status,Roles,Age,Version,+Internal-IP,+External-IP,+OS-Image,+Kernel-Version,+Container-Runtime"
        }
        ("", "Event") | ("events.k8s.io", "Event") => {
            "Last Seen,Type,Reason,Object,+Subobject,+Source,Message,+First Seen,+Count,+Name"
        }
        ("", "Namespace") => "Name,Status,Age",
        ("", "Secret") => "Name,Type,Data,Age",
        ("", "ServiceAccount") => "Name,Age",
        ("", "ConfigMap") => "Name,Data,Age",
        ("", "PersistentVolume") => {
            "Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age,+VolumeMode"
        }
        ("", "PersistentVolumeClaim") => {
            "Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,+VolumeMode"
        }
        ("", "ResourceQuota") => "Name,Request,Limit,Age",
        ("policy", "PodDisruptionBudget") => {
            "Name,Min Available,Max Unavailable,Allowed Disruptions:i,Age"
        }
        ("networking.k8s.io", "Ingress") => "Name,Class,Hosts,Address,Ports,Age",
        ("networking.k8s.io", "IngressClass") => "Name,Controller,Parameters,Age",
        ("networking.k8s.io", "NetworkPolicy") => "Name,Pod-Selector,Age",
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            "Name,Role,Age,+Users,+Groups,+ServiceAccounts"
        }
        ("coordination.k8s.io", "Lease") => "Name,Holder,Age",
        ("storage.k8s.io", "StorageClass") => {
            "Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age"
        }
        ("storage.k8s.io", "CSIDriver") => {
            "Name,AttachRequired:b,PodInfoOnMount:b,StorageCapacity:b,TokenRequests,RequiresRepublish:b,Modes,Age"
        }
        ("storage.k8s.io", "CSINode") => "Name,Drivers:i,Age",
        ("storage.k8s.io", "VolumeAttachment") => "Name,Attacher,PV,Node,Attached:b,Age",
        ("autoscaling", _) => "Name,Reference,Targets,MinPods,MaxPods,Replicas,Age",
        ("scheduling.k8s.io", "PriorityClass") => {
            "Name,Value:i,Global-Default:b,Age,PreemptionPolicy"
        }
        ("node.k8s.io", "RuntimeClass") => "Name,Handler,Age",
        ("discovery.k8s.io", "EndpointSlice") => "Name,AddressType,Ports,Endpoints,Age",
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => "Name,Webhooks:i,Age",
        ("apiregistration.k8s.io", "APIService") => "Name,Service,Available,Age",
        _ => "Name,Created At:d",
    }
}

/// Columns of a resource.
pub(super) fn of(resource: &Resource) -> Vec<Column> {
    match &resource.custom {
        Some(custom) => of_custom(&custom.version["additionalPrinterColumns"]),
        None => names(resource).split(',').map(column).collect(),
    }
}

fn column(text: &str) -> Column {
    let (text, priority) = text.strip_prefix('+').map_or((text, 0), |text| (text, 1));
    let (name, kind) = text.split_once(':').unwrap_or((text, ""));
    let kind = match kind {
        "i" => "integer",
        "b" => "boolean",
        "d" => "date",
        _ => "string",
    };
    Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: if name == "Name" { "name" } else { "" }.to_owned(),
        description: String::new(),
        priority,
    }
}

fn of_custom(declared: &Value) -> Vec<Column> {
    let mut columns = vec![column("Name")];
    let own = declared.as_array().map_or(&[][..], Vec::as_slice);
    if own.is_empty() {
        columns.push(column("Age:d"));
    }
    for declared in own {
        let text = |key: &str| declared[key].as_str().unwrap_or_default().to_owned();
        columns.push(Column {
            name: text("name"),
            kind: text("type"),
            format: text("format"),
            description: text("description"),
            priority: declared["priority"].as_i64().unwrap_or(0),
        });
    }
    columns
}
