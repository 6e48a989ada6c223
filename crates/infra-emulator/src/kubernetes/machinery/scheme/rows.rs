//! The rows of the table of built-in resources: what discovery says of each, and the type that gives its schema.

use std::sync::Arc;

use k8s_openapi::{api, apiextensions_apiserver, kube_aggregator};

use crate::kubernetes::machinery::schema::{Builder, Schema};

/// One built-in resource.
pub(super) struct Row {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) namespaced: bool,
    pub(super) short_names: &'static str,
    pub(super) categories: &'static str,
    /// Empty: all eight.
    pub(super) verbs: &'static str,
    /// `name[:kind[:verbs]]`, separated by spaces.
    pub(super) subresources: &'static str,
    pub(super) schema: fn(&mut Builder) -> Arc<Schema>,
}

const CLUSTER: bool = false;
const NAMESPACED: bool = true;

macro_rules! row {
    ($group:literal, $version:literal, $type:ty, $kind:literal, $plural:literal, $scope:ident,
     $short:literal, $categories:literal, $verbs:literal, $subresources:literal) => {
        Row {
            group: $group,
            version: $version,
            kind: $kind,
            plural: $plural,
            namespaced: $scope,
            short_names: $short,
            categories: $categories,
            verbs: $verbs,
            subresources: $subresources,
            schema: |builder| builder.schema::<$type>(),
        }
    };
}

/// All rows, by group and name.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row!("", "v1", api::core::v1::Binding, "Binding", "bindings", NAMESPACED, "", "", "create", ""),
    row!("", "v1", api::core::v1::ComponentStatus, "ComponentStatus", "componentstatuses", CLUSTER, "cs", "", "get list", ""),
    row!("", "v1", api::core::v1::ConfigMap, "ConfigMap", "configmaps", NAMESPACED, "cm", "", "", ""),
    row!("", "v1", api::core::v1::Endpoints, "Endpoints", "endpoints", NAMESPACED, "ep", "", "", ""),
    row!("", "v1", api::core::v1::Event, "Event", "events", NAMESPACED, "ev", "", "", ""),
    row!("", "v1", api::core::v1::LimitRange, "LimitRange", "limitranges", NAMESPACED, "limits", "", "", ""),
    row!("", "v1", api::core::v1::Namespace, "Namespace", "namespaces", CLUSTER, "ns", "", "create delete get list patch update watch", "finalize::update status"),
    row!("", "v1", api::core::v1::Node, "Node", "nodes", CLUSTER, "no", "", "", "proxy:NodeProxyOptions:create,delete,get,patch,update status"),
    row!("", "v1", api::core::v1::PersistentVolumeClaim, "PersistentVolumeClaim", "persistentvolumeclaims", NAMESPACED, "pvc", "", "", "status"),
    row!("", "v1", api::core::v1::PersistentVolume, "PersistentVolume", "persistentvolumes", CLUSTER, "pv", "", "", "status"),
    row!("", "v1", api::core::v1::Pod, "Pod", "pods", NAMESPACED, "po", "all", "", "attach:PodAttachOptions:create,get binding:Binding:create ephemeralcontainers eviction exec:PodExecOptions:create,get log::get portforward:PodPortForwardOptions:create,get proxy:PodProxyOptions:create,delete,get,patch,update resize status"),
    row!("", "v1", api::core::v1::PodTemplate, "PodTemplate", "podtemplates", NAMESPACED, "", "", "", ""),
    row!("", "v1", api::core::v1::ReplicationController, "ReplicationController", "replicationcontrollers", NAMESPACED, "rc", "all", "", "scale status"),
    row!("", "v1", api::core::v1::ResourceQuota, "ResourceQuota", "resourcequotas", NAMESPACED, "quota", "", "", "status"),
    row!("", "v1", api::core::v1::Secret, "Secret", "secrets", NAMESPACED, "", "", "", ""),
    row!("", "v1", api::core::v1::ServiceAccount, "ServiceAccount", "serviceaccounts", NAMESPACED, "sa", "", "", "token"),
    row!("", "v1", api::core::v1::Service, "Service", "services", NAMESPACED, "svc", "all", "", "proxy:ServiceProxyOptions:create,delete,get,patch,update status"),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::MutatingAdmissionPolicy, "MutatingAdmissionPolicy", "mutatingadmissionpolicies", CLUSTER, "", "api-extensions", "", ""),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::MutatingAdmissionPolicyBinding, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", CLUSTER, "", "api-extensions", "", ""),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::MutatingWebhookConfiguration, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", CLUSTER, "", "api-extensions", "", ""),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::ValidatingAdmissionPolicy, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", CLUSTER, "", "api-extensions", "", "status"),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::ValidatingAdmissionPolicyBinding, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", CLUSTER, "", "api-extensions", "", ""),
    row!("admissionregistration.k8s.io", "v1", api::admissionregistration::v1::ValidatingWebhookConfiguration, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", CLUSTER, "", "api-extensions", "", ""),
    row!("apiextensions.k8s.io", "v1", apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition, "CustomResourceDefinition", "customresourcedefinitions", CLUSTER, "crd crds", "api-extensions", "", "status"),
    row!("apiregistration.k8s.io", "v1", kube_aggregator::pkg::apis::apiregistration::v1::APIService, "APIService", "apiservices", CLUSTER, "", "api-extensions", "", "status"),
    row!("apps", "v1", api::apps::v1::ControllerRevision, "ControllerRevision", "controllerrevisions", NAMESPACED, "", "", "", ""),
    row!("apps", "v1", api::apps::v1::DaemonSet, "DaemonSet", "daemonsets", NAMESPACED, "ds", "all", "", "status"),
    row!("apps", "v1", api::apps::v1::Deployment, "Deployment", "deployments", NAMESPACED, "deploy", "all", "", "scale status"),
    row!("apps", "v1", api::apps::v1::ReplicaSet, "ReplicaSet", "replicasets", NAMESPACED, "rs", "all", "", "scale status"),
    row!("apps", "v1", api::apps::v1::StatefulSet, "StatefulSet", "statefulsets", NAMESPACED, "sts", "all", "", "scale status"),
    row!("authentication.k8s.io", "v1", api::authentication::v1::SelfSubjectReview, "SelfSubjectReview", "selfsubjectreviews", CLUSTER, "", "", "create", ""),
    row!("authentication.k8s.io", "v1", api::authentication::v1::TokenReview, "TokenReview", "tokenreviews", CLUSTER, "", "", "create", ""),
    row!("authorization.k8s.io", "v1", api::authorization::v1::LocalSubjectAccessReview, "LocalSubjectAccessReview", "localsubjectaccessreviews", NAMESPACED, "", "", "create", ""),
    row!("authorization.k8s.io", "v1", api::authorization::v1::SelfSubjectAccessReview, "SelfSubjectAccessReview", "selfsubjectaccessreviews", CLUSTER, "", "", "create", ""),
    row!("authorization.k8s.io", "v1", api::authorization::v1::SelfSubjectRulesReview, "SelfSubjectRulesReview", "selfsubjectrulesreviews", CLUSTER, "", "", "create", ""),
    row!("authorization.k8s.io", "v1", api::authorization::v1::SubjectAccessReview, "SubjectAccessReview", "subjectaccessreviews", CLUSTER, "", "", "create", ""),
    row!("autoscaling", "v2", api::autoscaling::v2::HorizontalPodAutoscaler, "HorizontalPodAutoscaler", "horizontalpodautoscalers", NAMESPACED, "hpa", "all", "", "status"),
    row!("autoscaling", "v1", api::autoscaling::v1::HorizontalPodAutoscaler, "HorizontalPodAutoscaler", "horizontalpodautoscalers", NAMESPACED, "hpa", "all", "", "status"),
    row!("batch", "v1", api::batch::v1::CronJob, "CronJob", "cronjobs", NAMESPACED, "cj", "all", "", "status"),
    row!("batch", "v1", api::batch::v1::Job, "Job", "jobs", NAMESPACED, "", "all", "", "status"),
    row!("certificates.k8s.io", "v1", api::certificates::v1::CertificateSigningRequest, "CertificateSigningRequest", "certificatesigningrequests", CLUSTER, "csr", "", "", "approval status"),
    row!("coordination.k8s.io", "v1", api::coordination::v1::Lease, "Lease", "leases", NAMESPACED, "", "", "", ""),
    row!("discovery.k8s.io", "v1", api::discovery::v1::EndpointSlice, "EndpointSlice", "endpointslices", NAMESPACED, "", "", "", ""),
    row!("events.k8s.io", "v1", api::events::v1::Event, "Event", "events", NAMESPACED, "ev", "", "", ""),
    row!("flowcontrol.apiserver.k8s.io", "v1", api::flowcontrol::v1::FlowSchema, "FlowSchema", "flowschemas", CLUSTER, "", "", "", "status"),
    row!("flowcontrol.apiserver.k8s.io", "v1", api::flowcontrol::v1::PriorityLevelConfiguration, "PriorityLevelConfiguration", "prioritylevelconfigurations", CLUSTER, "", "", "", "status"),
    row!("networking.k8s.io", "v1", api::networking::v1::IngressClass, "IngressClass", "ingressclasses", CLUSTER, "", "", "", ""),
    row!("networking.k8s.io", "v1", api::networking::v1::Ingress, "Ingress", "ingresses", NAMESPACED, "ing", "", "", "status"),
    row!("networking.k8s.io", "v1", api::networking::v1::IPAddress, "IPAddress", "ipaddresses", CLUSTER, "ip", "", "", ""),
    row!("networking.k8s.io", "v1", api::networking::v1::NetworkPolicy, "NetworkPolicy", "networkpolicies", NAMESPACED, "netpol", "", "", ""),
    row!("networking.k8s.io", "v1", api::networking::v1::ServiceCIDR, "ServiceCIDR", "servicecidrs", CLUSTER, "", "", "", "status"),
    row!("node.k8s.io", "v1", api::node::v1::RuntimeClass, "RuntimeClass", "runtimeclasses", CLUSTER, "", "", "", ""),
    row!("policy", "v1", api::policy::v1::PodDisruptionBudget, "PodDisruptionBudget", "poddisruptionbudgets", NAMESPACED, "pdb", "", "", "status"),
    row!("rbac.authorization.k8s.io", "v1", api::rbac::v1::ClusterRoleBinding, "ClusterRoleBinding", "clusterrolebindings", CLUSTER, "", "", "", ""),
    row!("rbac.authorization.k8s.io", "v1", api::rbac::v1::ClusterRole, "ClusterRole", "clusterroles", CLUSTER, "", "", "", ""),
    row!("rbac.authorization.k8s.io", "v1", api::rbac::v1::RoleBinding, "RoleBinding", "rolebindings", NAMESPACED, "", "", "", ""),
    row!("rbac.authorization.k8s.io", "v1", api::rbac::v1::Role, "Role", "roles", NAMESPACED, "", "", "", ""),
    row!("resource.k8s.io", "v1", api::resource::v1::DeviceClass, "DeviceClass", "deviceclasses", CLUSTER, "", "", "", ""),
    row!("resource.k8s.io", "v1", api::resource::v1::ResourceClaim, "ResourceClaim", "resourceclaims", NAMESPACED, "", "", "", "status"),
    row!("resource.k8s.io", "v1", api::resource::v1::ResourceClaimTemplate, "ResourceClaimTemplate", "resourceclaimtemplates", NAMESPACED, "", "", "", ""),
    row!("resource.k8s.io", "v1", api::resource::v1::ResourceSlice, "ResourceSlice", "resourceslices", CLUSTER, "", "", "", ""),
    row!("scheduling.k8s.io", "v1", api::scheduling::v1::PriorityClass, "PriorityClass", "priorityclasses", CLUSTER, "pc", "", "", ""),
    row!("storage.k8s.io", "v1", api::storage::v1::CSIDriver, "CSIDriver", "csidrivers", CLUSTER, "", "", "", ""),
    row!("storage.k8s.io", "v1", api::storage::v1::CSINode, "CSINode", "csinodes", CLUSTER, "", "", "", ""),
    row!("storage.k8s.io", "v1", api::storage::v1::CSIStorageCapacity, "CSIStorageCapacity", "csistoragecapacities", NAMESPACED, "", "", "", ""),
    row!("storage.k8s.io", "v1", api::storage::v1::StorageClass, "StorageClass", "storageclasses", CLUSTER, "sc", "", "", ""),
    row!("storage.k8s.io", "v1", api::storage::v1::VolumeAttachment, "VolumeAttachment", "volumeattachments", CLUSTER, "", "", "", "status"),
    row!("storage.k8s.io", "v1", api::storage::v1::VolumeAttributesClass, "VolumeAttributesClass", "volumeattributesclasses", CLUSTER, "vac", "", "", ""),
];
