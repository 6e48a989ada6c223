//! Defaulting of built-in kinds: what the server fills in on decoding, before admission.

mod core;
mod extensions;
mod fill;
mod network;
mod pod;
mod storage;
mod workloads;

use serde_json::Value;

use super::scheme::GroupVersionKind;

/// Fills in what the server fills in on decoding. The object is of the wire's form ([`super::schema::normalise`]).
pub fn default(kind: &GroupVersionKind, object: &mut Value) {
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => pod::pod(object),
        ("", "PodTemplate") => pod::template(object, "template"),
        ("", "ReplicationController") => workloads::replication_controller(object),
        ("", "Service") => network::service(object),
        ("", "Endpoints") => network::endpoints(object),
        ("", "Secret") => core::secret(object),
        ("", "Namespace") => core::namespace(object),
        ("", "Node") => core::node(object),
        ("", "LimitRange") => core::limit_range(object),
        ("", "PersistentVolume") => storage::volume(object),
        ("", "PersistentVolumeClaim") => storage::claim(object),
        ("apps", "Deployment") => workloads::deployment(object),
        ("apps", "ReplicaSet") => workloads::replica_set(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps", "DaemonSet") => workloads::daemon_set(object),
        ("batch", "Job") => workloads::job(object),
        ("batch", "CronJob") => workloads::cron_job(object),
        ("networking.k8s.io", "NetworkPolicy") => network::network_policy(object),
        ("networking.k8s.io", "IngressClass") => network::ingress_class(object),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            core::binding(object);
        }
        ("storage.k8s.io", "StorageClass") => storage::class(object),
        ("storage.k8s.io", "CSIDriver") => storage::driver(object),
        ("scheduling.k8s.io", "PriorityClass") => core::priority_class(object),
        ("autoscaling", "HorizontalPodAutoscaler") => {
            workloads::autoscaler(&kind.version, object);
        }
        (
            "admissionregistration.k8s.io",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => extensions::webhooks(object, kind.kind.starts_with("Mutating")),
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy",
        ) => extensions::admission_policy(object),
        (
            "admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding",
        ) => extensions::policy_binding(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => extensions::definition(object),
        ("apiregistration.k8s.io", "APIService") => extensions::api_service(object),
        ("certificates.k8s.io", "CertificateSigningRequest") => core::signing_request(object),
        _ => {}
    }
}
