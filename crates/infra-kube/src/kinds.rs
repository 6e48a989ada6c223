//! Which path of the API a kind has: a table of the built-in kinds, and discovery for all others.
//!
//! The table saves a request per group on every run, and lets a plan be made before the cluster exists. Source: the API
//! reference of Kubernetes 1.36; plurals and scopes of released built-in kinds never change.

use crate::ObjectRef;

/// Where the objects of a kind are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `apiVersion`.
    pub api_version: String,
    /// The name in paths.
    pub plural: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// The path of the collection: of one namespace, or of all.
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => {
                format!("{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural)
            }
            None => format!("{root}/{}/{}", self.api_version, self.plural),
        }
    }

    /// The path of an object.
    pub fn path(&self, object: &ObjectRef) -> String {
        format!("{}/{}", self.collection(object.namespace.as_deref()), object.name)
    }
}

/// (apiVersion, kind, plural, namespaced).
type Entry = (&'static str, &'static str, &'static str, bool);

const BUILT_IN: &[Entry] = &[
    ("v1", "ConfigMap", "configmaps", true),
    ("v1", "Endpoints", "endpoints", true),
    ("v1", "Event", "events", true),
    ("v1", "LimitRange", "limitranges", true),
    ("v1", "Namespace", "namespaces", false),
    ("v1", "Node", "nodes", false),
    ("v1", "PersistentVolume", "persistentvolumes", false),
    ("v1", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("v1", "Pod", "pods", true),
    ("v1", "PodTemplate", "podtemplates", true),
    ("v1", "ReplicationController", "replicationcontrollers", true),
    ("v1", "ResourceQuota", "resourcequotas", true),
    ("v1", "Secret", "secrets", true),
    ("v1", "Service", "services", true),
    ("v1", "ServiceAccount", "serviceaccounts", true),
    ("apps/v1", "ControllerRevision", "controllerrevisions", true),
    ("apps/v1", "DaemonSet", "daemonsets", true),
    ("apps/v1", "Deployment", "deployments", true),
    ("apps/v1", "ReplicaSet", "replicasets", true),
    ("apps/v1", "StatefulSet", "statefulsets", true),
    ("batch/v1", "CronJob", "cronjobs", true),
    ("batch/v1", "Job", "jobs", true),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", true),
    ("networking.k8s.io/v1", "Ingress", "ingresses", true),
    ("networking.k8s.io/v1", "IngressClass", "ingressclasses", false),
    ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", true),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", false),
    ("rbac.authorization.k8s.io/v1", "Role", "roles", true),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", true),
    ("storage.k8s.io/v1", "CSIDriver", "csidrivers", false),
    ("storage.k8s.io/v1", "StorageClass", "storageclasses", false),
    ("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", false),
    ("coordination.k8s.io/v1", "Lease", "leases", true),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true),
    ("node.k8s.io/v1", "RuntimeClass", "runtimeclasses", false),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfigurations",
        false,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
        false,
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    ("apiregistration.k8s.io/v1", "APIService", "apiservices", false),
];

/// Where a built-in kind is; `None` for any other.
pub fn builtin(object: &ObjectRef) -> Option<Resource> {
    BUILT_IN
        .iter()
        .find(|(version, kind, ..)| object.api_version == *version && object.kind == *kind)
        .map(|(version, _, plural, namespaced)| Resource {
            api_version: (*version).to_owned(),
            plural: (*plural).to_owned(),
            namespaced: *namespaced,
        })
}

/// Where a kind is, told by the definition that makes it.
pub fn defined_by(definition: &crate::Json, object: &ObjectRef) -> Option<Resource> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(crate::Json::as_str);
    let (group, version) = object.api_version.split_once('/')?;
    let serves = definition
        .pointer("/spec/versions")?
        .as_array()?
        .iter()
        .any(|served| served.get("name").and_then(crate::Json::as_str) == Some(version));
    let same = text("/kind") == Some("CustomResourceDefinition")
        && text("/spec/group") == Some(group)
        && text("/spec/names/kind") == Some(&object.kind)
        && serves;
    same.then_some(())?;
    Some(Resource {
        api_version: object.api_version.clone(),
        plural: text("/spec/names/plural")?.to_owned(),
        namespaced: text("/spec/scope") == Some("Namespaced"),
    })
}
