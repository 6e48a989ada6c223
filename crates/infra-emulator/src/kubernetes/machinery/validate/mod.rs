//! Validation: what the server refuses, with its reasons and texts.

mod access;
mod core;
mod errors;
mod extensions;
mod metadata;
mod names;
mod network;
mod pod;
mod pod_update;
mod storage;
#[cfg(test)]
mod tests;
mod volumes;
mod workloads;

use serde_json::Value;

use errors::Errors;
pub(crate) use names::{label_value, qualified};

use super::crd;
use super::scheme::Resource;
use super::status::Cause;

/// What is wrong with a new object.
pub fn validate_create(resource: &Resource, object: &Value) -> Vec<Cause> {
    let mut errors = Errors::default();
    metadata::metadata(resource, object, &mut errors);
    contents(resource, object, &mut errors);
    if let Some(custom) = &resource.custom {
        errors.causes.extend(crd::validate(custom, object, None));
    }
    errors.causes
}

/// What is wrong with a change. `subresource` is empty for the object itself.
pub fn validate_update(
    resource: &Resource,
    subresource: &str,
    object: &Value,
    old: &Value,
) -> Vec<Cause> {
    let mut errors = Errors::default();
    // Once for all kinds, and once more by the kind itself; the text says it once.
    metadata::metadata_update(object, old, &mut errors);
    metadata::metadata_update(object, old, &mut errors);
    metadata::metadata(resource, object, &mut errors);
    if subresource.is_empty() {
        changes(resource, object, old, &mut errors);
    }
    if let Some(custom) = &resource.custom {
        errors.causes.extend(crd::validate(custom, object, Some(old)));
    }
    errors.causes
}

fn contents(resource: &Resource, object: &Value, errors: &mut Errors) {
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Pod") => pod::pod(object, errors),
        ("", "PodTemplate") => pod::template(&object["template"], "template", errors),
        ("", "ReplicationController") => workloads::replication_controller(object, errors),
        ("", "ConfigMap") => core::config_map(object, errors),
        ("", "Secret") => core::secret(object, errors),
        ("", "Service") => network::service(object, errors),
        ("", "PersistentVolumeClaim") => storage::claim(object, errors),
        ("", "PersistentVolume") => storage::volume(object, errors),
        ("", "ResourceQuota") => core::resource_quota(object, errors),
        ("", "LimitRange") => core::limit_range(object, errors),
        ("", "Event") => core::event(object, errors),
        ("apps", "Deployment") => workloads::deployment(object, errors),
        ("apps", "ReplicaSet") => workloads::replica_set(object, errors),
        ("apps", "StatefulSet") => workloads::stateful_set(object, errors),
        ("apps", "DaemonSet") => workloads::daemon_set(object, errors),
        ("batch", "Job") => workloads::job(object, errors),
        ("batch", "CronJob") => workloads::cron_job(object, errors),
        ("autoscaling", _) => workloads::autoscaler(object, errors),
        ("policy", "PodDisruptionBudget") => workloads::disruption_budget(object, errors),
        ("networking.k8s.io", "Ingress") => network::ingress(object, errors),
        ("networking.k8s.io", "NetworkPolicy") => network::network_policy(object, errors),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(object, errors),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(object, errors),
        ("rbac.authorization.k8s.io", "Role") => access::role(object, true, errors),
        ("rbac.authorization.k8s.io", "ClusterRole") => access::role(object, false, errors),
        ("rbac.authorization.k8s.io", "RoleBinding") => access::binding(object, true, errors),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
            access::binding(object, false, errors);
        }
        ("storage.k8s.io", "StorageClass") => storage::class(object, errors),
        ("storage.k8s.io", "CSIDriver") => storage::driver(object, errors),
        ("node.k8s.io", "RuntimeClass") => core::runtime_class(object, errors),
        ("scheduling.k8s.io", "PriorityClass") => core::priority_class(object, errors),
        ("coordination.k8s.io", "Lease") => core::lease(object, errors),
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => extensions::webhooks(object, errors),
        ("apiextensions.k8s.io", _) => extensions::definition(object, errors),
        _ => {}
    }
}

fn changes(resource: &Resource, object: &Value, old: &Value, errors: &mut Errors) {
    let kind = resource.kind.kind.as_str();
    match (resource.kind.group.as_str(), kind) {
        ("", "Pod") => pod_update::pod(object, old, errors),
        ("", "ConfigMap" | "Secret") => {
            core::data_update(object, old, errors);
            contents(resource, object, errors);
        }
        ("", "Service") => network::service_update(resource, object, old, errors),
        ("", "PersistentVolumeClaim") => {
            contents(resource, object, errors);
            storage::claim_update(object, old, errors);
        }
        ("", "PersistentVolume") => {
            contents(resource, object, errors);
            storage::volume_update(object, old, errors);
        }
        ("apps", "StatefulSet") => {
            contents(resource, object, errors);
            workloads::stateful_set_update(object, old, errors);
        }
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => {
            contents(resource, object, errors);
            errors.immutable(
                "spec.selector",
                &object["spec"]["selector"],
                &old["spec"]["selector"],
            );
        }
        ("batch", "Job") => {
            contents(resource, object, errors);
            workloads::job_update(object, old, errors);
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            contents(resource, object, errors);
            if object["roleRef"] != old["roleRef"] {
                errors.invalid("roleRef", &object["roleRef"], "cannot change roleRef");
            }
        }
        ("storage.k8s.io", "StorageClass") => {
            contents(resource, object, errors);
            storage::class_update(object, old, errors);
        }
        ("scheduling.k8s.io", "PriorityClass") => {
            contents(resource, object, errors);
            for key in ["value", "preemptionPolicy"] {
                if object[key] != old[key] {
                    errors.forbidden(key, "may not be changed in an update.");
                }
            }
        }
        ("discovery.k8s.io", "EndpointSlice") => {
            contents(resource, object, errors);
            errors.immutable("addressType", &object["addressType"], &old["addressType"]);
        }
        ("node.k8s.io", "RuntimeClass") => {
            contents(resource, object, errors);
            errors.immutable("handler", &object["handler"], &old["handler"]);
        }
        ("networking.k8s.io", "IngressClass") => {
            contents(resource, object, errors);
            let of = |object: &Value| object["spec"]["controller"].clone();
            errors.immutable("spec.controller", &of(object), &of(old));
        }
        _ => contents(resource, object, errors),
    }
}

/// Whether updates must name the version that they are based on.
pub fn needs_version(resource: &Resource) -> bool {
    resource.custom.is_some()
        || matches!(
            resource.kind.kind.as_str(),
            "CustomResourceDefinition"
                | "APIService"
                | "Lease"
                | "PodDisruptionBudget"
                | "CSINode"
                | "CSIDriver"
                | "VolumeAttachment"
                | "RuntimeClass"
                | "CSIStorageCapacity"
                | "MutatingWebhookConfiguration"
                | "ValidatingWebhookConfiguration"
                | "FlowSchema"
                | "PriorityLevelConfiguration"
        )
}
