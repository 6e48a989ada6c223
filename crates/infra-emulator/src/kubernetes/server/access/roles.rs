//! Role-based access control, evaluated on the roles and bindings in the store.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::http::RequestInfo;
use crate::kubernetes::server::security::Identity;

const GROUP: &str = "rbac.authorization.k8s.io";
const MASTERS: &str = "system:masters";

/// What somebody wants to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// Verb, `get` or `*`.
    pub(crate) verb: String,
    /// API group.
    pub(crate) group: String,
    /// Resource; `pods/log` for a subresource.
    pub(crate) resource: String,
    /// Namespace, empty for the cluster.
    pub(crate) namespace: String,
    /// Name, or empty.
    pub(crate) name: String,
    /// Path of a request that is for no resource.
    pub(crate) path: Option<String>,
}

impl Attributes {
    /// What a request wants to do.
    pub(in crate::kubernetes::server) fn of(info: &RequestInfo) -> Self {
        if !info.is_resource {
            let path = Some(info.path.clone());
            return Self { verb: info.verb.clone(), path, ..Self::default() };
        }
        let resource = if info.subresource.is_empty() {
            info.resource.clone()
        } else {
            format!("{}/{}", info.resource, info.subresource)
        };
        Self {
            verb: info.verb.clone(),
            group: info.group.clone(),
            resource,
            namespace: info.namespace.clone(),
            name: info.name.clone(),
            path: None,
        }
    }
}

/// Bindings by the revision that they were read at; they change rarely and are read on each request.
#[derive(Debug, Default)]
pub(crate) struct RoleCache {
    held: Mutex<Option<(u64, Arc<Bindings>)>>,
}

#[derive(Debug, Default)]
struct Bindings {
    cluster: Vec<Arc<Value>>,
    namespaced: Vec<Arc<Value>>,
}

impl Api {
    /// Refuses what an identity may not do.
    ///
    /// # Errors
    /// 403 with the authorizer's words.
    pub(crate) fn authorize(
        &self,
        identity: &Identity,
        attributes: &Attributes,
    ) -> Result<(), Status> {
        if self.allows(identity, attributes) {
            return Ok(());
        }
        let user = &identity.name;
        if let Some(path) = &attributes.path {
            let cause = format!("User {user:?} cannot {} path {path:?}", attributes.verb);
            return Err(Status::forbidden("", "", "", &cause));
        }
        let place = if attributes.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {:?}", attributes.namespace)
        };
        let Attributes { verb, group, resource, name, .. } = attributes;
        let cause = format!(
            "User {user:?} cannot {verb} resource {resource:?} in API group {group:?} {place}"
        );
        let plural = resource.split('/').next().unwrap_or_default();
        Err(Status::forbidden(group, plural, name, &cause))
    }

    /// Whether an identity may do something.
    pub(crate) fn allows(&self, identity: &Identity, attributes: &Attributes) -> bool {
        if identity.is_in(MASTERS) {
            return true;
        }
        let mut allowed = false;
        self.visit_rules(identity, &attributes.namespace, |rule| {
            allowed = allowed || rule_allows(rule, attributes);
        });
        allowed
    }

    /// The rules that hold for an identity in a namespace, cluster-wide ones included.
    pub(crate) fn rules_of(&self, identity: &Identity, namespace: &str) -> Vec<Value> {
        let mut rules = Vec::new();
        self.visit_rules(identity, namespace, |rule| rules.push(rule.clone()));
        rules
    }

    fn visit_rules(&self, identity: &Identity, namespace: &str, mut visit: impl FnMut(&Value)) {
        let bindings = self.bindings();
        let of_namespace = bindings
            .namespaced
            .iter()
            .filter(|binding| binding["metadata"]["namespace"] == *namespace);
        for binding in bindings.cluster.iter().chain(of_namespace) {
            if !binds(binding, identity) {
                continue;
            }
            let Some(role) = self.role_of(binding) else { continue };
            for rule in role["rules"].as_array().into_iter().flatten() {
                visit(rule);
            }
        }
    }

    /// The role that a binding refers to.
    pub(super) fn role_of(&self, binding: &Value) -> Option<Arc<Value>> {
        let reference = &binding["roleRef"];
        let name = reference["name"].as_str()?;
        if reference["kind"] == "ClusterRole" {
            self.object("rbac.authorization.k8s.io/clusterroles", "", name)
        } else {
            let namespace = binding["metadata"]["namespace"].as_str()?;
            self.object("rbac.authorization.k8s.io/roles", namespace, name)
        }
    }

    fn bindings(&self) -> Arc<Bindings> {
        let revision = self.store.revision();
        let mut held = self.roles.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, bindings)) = held.as_ref()
            && *of == revision
        {
            return bindings.clone();
        }
        let list = |plural: &str| self.store.list(&format!("{GROUP}/{plural}"), None).0;
        let bindings = Arc::new(Bindings {
            cluster: list("clusterrolebindings"),
            namespaced: list("rolebindings"),
        });
        *held = Some((revision, bindings.clone()));
        bindings
    }
}

fn binds(binding: &Value, identity: &Identity) -> bool {
    binding["subjects"].as_array().into_iter().flatten().any(|subject| {
        let name = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str().unwrap_or_default() {
            "User" => name == identity.name,
            "Group" => identity.is_in(name),
            "ServiceAccount" => {
                let namespace = subject["namespace"]
                    .as_str()
                    .or_else(|| binding["metadata"]["namespace"].as_str())
                    .unwrap_or_default();
                identity.name == format!("system:serviceaccount:{namespace}:{name}")
            }
            _ => false,
        }
    })
}

fn lists(rule: &Value, key: &str, wanted: &str) -> bool {
    rule[key].as_array().into_iter().flatten().any(|one| one == "*" || one == wanted)
}

/// Whether a rule allows something.
pub(super) fn rule_allows(rule: &Value, wanted: &Attributes) -> bool {
    if !lists(rule, "verbs", &wanted.verb) {
        return false;
    }
    if let Some(path) = &wanted.path {
        return rule["nonResourceURLs"].as_array().into_iter().flatten().any(|one| {
            let pattern = one.as_str().unwrap_or_default();
            match pattern.strip_suffix('*') {
                Some(prefix) => path.starts_with(prefix),
                None => path == pattern,
            }
        });
    }
    let subresource = wanted.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let resource = lists(rule, "resources", &wanted.resource)
        || subresource.is_some_and(|pattern| {
            rule["resources"].as_array().into_iter().flatten().any(|one| one == pattern.as_str())
        });
    let names = rule["resourceNames"].as_array();
    let named = names.is_none_or(|names| {
        names.is_empty() || !wanted.name.is_empty() && names.iter().any(|one| one == &wanted.name)
    });
    lists(rule, "apiGroups", &wanted.group) && resource && named
}
