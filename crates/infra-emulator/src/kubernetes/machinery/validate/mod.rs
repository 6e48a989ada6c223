//! Validation: what the server refuses, with its reasons and texts.

mod access;
mod cluster_parts;
mod core;
mod errors;
mod extensions;
mod metadata;
mod names;
mod network;
mod pod;
mod pod_parts;
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
        ("", "Node") => cluster_parts::node(object, errors),
        ("", "Endpoints") => cluster_parts::endpoints(object, errors),
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
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "Pod") => pod_update::pod(object, old, errors),
        ("", "Service") => network::service_update(resource, object, old, errors),
        _ => {
            contents(resource, object, errors);
            fixed_fields(resource, object, old, errors);
        }
    }
}

/// Fields that must stay as they were.
fn fixed_fields(resource: &Resource, object: &Value, old: &Value, errors: &mut Errors) {
    let (spec, old_spec) = (&object["spec"], &old["spec"]);
    match (resource.kind.group.as_str(), resource.kind.kind.as_str()) {
        ("", "ConfigMap" | "Secret") => core::data_update(object, old, errors),
        ("", "PersistentVolumeClaim") => storage::claim_update(object, old, errors),
        ("", "PersistentVolume") => storage::volume_update(object, old, errors),
        ("apps", "StatefulSet") => workloads::stateful_set_update(object, old, errors),
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => {
            errors.immutable("spec.selector", &spec["selector"], &old_spec["selector"]);
        }
        ("apps", "ControllerRevision") => errors.immutable("data", &object["data"], &old["data"]),
        ("batch", "Job") => workloads::job_update(object, old, errors),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding")
            if object["roleRef"] != old["roleRef"] =>
        {
            errors.invalid("roleRef", &object["roleRef"], "cannot change roleRef");
        }
        ("storage.k8s.io", "StorageClass") => storage::class_update(object, old, errors),
        ("scheduling.k8s.io", "PriorityClass") => {
            for key in ["value", "preemptionPolicy"] {
                if object[key] != old[key] {
                    errors.forbidden(key, "may not be changed in an update.");
                }
            }
        }
        ("discovery.k8s.io", "EndpointSlice") => {
            errors.immutable("addressType", &object["addressType"], &old["addressType"]);
        }
        ("node.k8s.io", "RuntimeClass") => {
            errors.immutable("handler", &object["handler"], &old["handler"]);
        }
        ("networking.k8s.io", "IngressClass") => {
            errors.immutable("spec.controller", &spec["controller"], &old_spec["controller"]);
        }
        ("apiextensions.k8s.io", _) => {
            errors.immutable("spec.group", &spec["group"], &old_spec["group"]);
            errors.immutable("spec.scope", &spec["scope"], &old_spec["scope"]);
            for key in ["plural", "kind"] {
                let field = format!("spec.names.{key}");
                errors.immutable(field, &spec["names"][key], &old_spec["names"][key]);
            }
        }
        _ => {}
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
