//! The roles and bindings that every cluster has, as far as workloads and people use them.
//!
//! The controllers of the real control plane have roles of their own; the emulated ones need none.

use serde_json::{Value, json};

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "delete", "deletecollection", "patch", "update"];

/// Cluster roles and cluster role bindings.
pub(in crate::kubernetes::server) fn default_roles() -> Vec<(&'static str, Value)> {
    let mut objects = Vec::new();
    for (name, rules) in roles() {
        objects.push(("clusterroles", object("ClusterRole", name, json!({"rules": rules}))));
    }
    for (name, role, groups) in [
        ("cluster-admin", "cluster-admin", vec!["system:masters"]),
        ("system:basic-user", "system:basic-user", vec!["system:authenticated"]),
        ("system:discovery", "system:discovery", vec!["system:authenticated"]),
        (
            "system:public-info-viewer",
            "system:public-info-viewer",
            vec!["system:authenticated", "system:unauthenticated"],
        ),
        (
            "system:service-account-issuer-discovery",
            "system:service-account-issuer-discovery",
            vec!["system:serviceaccounts"],
        ),
        ("system:monitoring", "system:monitoring", vec!["system:monitoring"]),
    ] {
        let subjects: Vec<Value> = groups
            .iter()
            .map(|group| {
                json!({"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": group})
            })
            .collect();
        let body = json!({
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role,
            },
            "subjects": subjects,
        });
        objects.push(("clusterrolebindings", object("ClusterRoleBinding", name, body)));
    }
    objects
}

fn object(kind: &str, name: &str, body: Value) -> Value {
    let mut object = json!({
        "kind": kind,
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "metadata": {
            "name": name,
            "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
            "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        },
    });
    if let (Some(map), Value::Object(body)) = (object.as_object_mut(), body) {
        map.extend(body);
    }
    object
}

fn rule(groups: &[&str], resources: &[&str], verbs: &[&str]) -> Value {
    json!({"apiGroups": groups, "resources": resources, "verbs": verbs})
}

fn paths(paths: &[&str]) -> Value {
    json!({"nonResourceURLs": paths, "verbs": ["get"]})
}

fn roles() -> Vec<(&'static str, Vec<Value>)> {
    let everything =
        vec![rule(&["*"], &["*"], &["*"]), json!({"nonResourceURLs": ["*"], "verbs": ["*"]})];
    let discovery = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ];
    let reviews = [
        rule(
            &["authorization.k8s.io"],
            &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            &["create"],
        ),
        rule(&["authentication.k8s.io"], &["selfsubjectreviews"], &["create"]),
    ];
    let mut edit = edit_rules();
    edit.extend(view_rules());
    let mut admin = edit.clone();
    admin.push(rule(
        &["rbac.authorization.k8s.io"],
        &["roles", "rolebindings"],
        &[&READ[..], &WRITE[..]].concat(),
    ));
    admin.push(rule(&["authorization.k8s.io"], &["localsubjectaccessreviews"], &["create"]));
    vec![
        ("cluster-admin", everything),
        ("admin", admin),
        ("edit", edit),
        ("view", view_rules()),
        ("system:discovery", vec![paths(&discovery)]),
        (
            "system:public-info-viewer",
            vec![paths(&["/healthz", "/livez", "/readyz", "/version", "/version/"])],
        ),
        ("system:basic-user", reviews.to_vec()),
        (
            "system:service-account-issuer-discovery",
            vec![paths(&["/.well-known/openid-configuration", "/openid/v1/jwks"])],
        ),
        (
            "system:monitoring",
            vec![paths(&["/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz"])],
        ),
        (
            "system:auth-delegator",
            vec![
                rule(&["authentication.k8s.io"], &["tokenreviews"], &["create"]),
                rule(&["authorization.k8s.io"], &["subjectaccessreviews"], &["create"]),
            ],
        ),
    ]
}

fn view_rules() -> Vec<Value> {
    vec![
        rule(
            &[""],
            &[
                "configmaps",
                "endpoints",
                "persistentvolumeclaims",
                "persistentvolumeclaims/status",
                "pods",
                "replicationcontrollers",
                "replicationcontrollers/scale",
                "serviceaccounts",
                "services",
                "services/status",
                "bindings",
                "events",
                "limitranges",
                "namespaces/status",
                "pods/log",
                "pods/status",
                "replicationcontrollers/status",
                "resourcequotas",
                "resourcequotas/status",
                "namespaces",
            ],
            &READ,
        ),
        rule(&["discovery.k8s.io"], &["endpointslices"], &READ),
        rule(
            &["apps"],
            &[
                "controllerrevisions",
                "daemonsets",
                "daemonsets/status",
                "deployments",
                "deployments/scale",
                "deployments/status",
                "replicasets",
                "replicasets/scale",
                "replicasets/status",
                "statefulsets",
                "statefulsets/scale",
                "statefulsets/status",
            ],
            &READ,
        ),
        rule(
            &["autoscaling"],
            &["horizontalpodautoscalers", "horizontalpodautoscalers/status"],
            &READ,
        ),
        rule(&["batch"], &["cronjobs", "cronjobs/status", "jobs", "jobs/status"], &READ),
        rule(&["policy"], &["poddisruptionbudgets", "poddisruptionbudgets/status"], &READ),
        rule(&["networking.k8s.io"], &["ingresses", "ingresses/status", "networkpolicies"], &READ),
    ]
}

fn edit_rules() -> Vec<Value> {
    vec![
        rule(
            &[""],
            &[
                "pods/attach",
                "pods/exec",
                "pods/portforward",
                "pods/proxy",
                "secrets",
                "services/proxy",
            ],
            &READ,
        ),
        rule(&[""], &["serviceaccounts"], &["impersonate"]),
        rule(
            &[""],
            &[
                "pods",
                "pods/attach",
                "pods/exec",
                "pods/portforward",
                "pods/proxy",
                "configmaps",
                "events",
                "persistentvolumeclaims",
                "replicationcontrollers",
                "replicationcontrollers/scale",
                "secrets",
                "serviceaccounts",
                "services",
                "services/proxy",
            ],
            &WRITE,
        ),
        rule(&[""], &["pods/eviction", "serviceaccounts/token"], &["create"]),
        rule(
            &["apps"],
            &[
                "daemonsets",
                "deployments",
                "deployments/rollback",
                "deployments/scale",
                "replicasets",
                "replicasets/scale",
                "statefulsets",
                "statefulsets/scale",
            ],
            &WRITE,
        ),
        rule(&["autoscaling"], &["horizontalpodautoscalers"], &WRITE),
        rule(&["batch"], &["cronjobs", "jobs"], &WRITE),
        rule(&["policy"], &["poddisruptionbudgets"], &WRITE),
        rule(&["networking.k8s.io"], &["ingresses", "networkpolicies"], &WRITE),
        rule(&["coordination.k8s.io"], &["leases"], &[&READ[..], &WRITE[..]].concat()),
    ]
}
