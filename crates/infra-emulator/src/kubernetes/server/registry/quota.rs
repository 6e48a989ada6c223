//! `ResourceQuota`: what a namespace uses, and whether a write would exceed its quotas.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

use super::caller::Target;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::{Api, storage_name};
use crate::kubernetes::server::quantity::Quantity;

/// What is used, by the names that quotas have for it.
pub(crate) type Usage = BTreeMap<String, Quantity>;

/// Keeps other writes that are subject to quotas waiting until this one is stored or refused.
#[derive(Debug)]
pub(crate) struct QuotaHold {
    _guard: Option<OwnedMutexGuard<()>>,
}

impl QuotaHold {
    /// Nothing to hold.
    pub(crate) fn nothing() -> Self {
        Self { _guard: None }
    }

    /// The write is stored.
    pub(crate) fn keep(self) {
        drop(self);
    }
}

impl Api {
    /// Checks a write against the quotas of its namespace.
    pub(super) async fn charge_quota(
        &self,
        target: &Target,
        object: &Value,
        live: Option<&Value>,
    ) -> Result<QuotaHold, Status> {
        let resource = storage_name(&target.resource);
        if target.namespace.is_empty() || resource == "resourcequotas" {
            return Ok(QuotaHold::nothing());
        }
        if self.store.list("resourcequotas", Some(&target.namespace)).0.is_empty() {
            return Ok(QuotaHold::nothing());
        }
        let mut added = usage_of(&resource, object);
        if let Some(live) = live {
            let before = usage_of(&resource, live);
            added.retain(|name, amount| before.get(name).is_none_or(|before| *amount > *before));
        }
        if added.values().all(|amount| amount.is_zero()) {
            return Ok(QuotaHold::nothing());
        }
        let guard = self.quota_turn.clone().lock_owned().await;
        let (quotas, _) = self.store.list("resourcequotas", Some(&target.namespace));
        for quota in &quotas {
            self.check_quota(target, object, live, &added, quota, &resource)?;
        }
        Ok(QuotaHold { _guard: Some(guard) })
    }

    fn check_quota(
        &self,
        target: &Target,
        object: &Value,
        live: Option<&Value>,
        added: &Usage,
        quota: &Arc<Value>,
        resource: &str,
    ) -> Result<(), Status> {
        let Some(hard) = quota["spec"]["hard"].as_object() else { return Ok(()) };
        if !in_scope(quota, resource, object) {
            return Ok(());
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let quota_name = quota["metadata"]["name"].as_str().unwrap_or_default();
        if resource == "pods" && live.is_none() {
            let missing: Vec<&str> = hard
                .keys()
                .map(String::as_str)
                .filter(|key| needs_value(key) && !added.contains_key(*key))
                .collect();
            if !missing.is_empty() {
                let missing = missing.join(",");
                let cause = format!("failed quota: {quota_name}: must specify {missing}");
                return Err(target.forbidden(name, &cause));
            }
        }
        let used = namespace_usage(self, &target.namespace, quota);
        let before = live.map(|live| usage_of(resource, live)).unwrap_or_default();
        let mut exceeded = Vec::new();
        for (key, limit) in hard {
            let (Some(more), Some(limit)) = (added.get(key), Quantity::of(limit)) else { continue };
            let now = used.get(key).copied().unwrap_or_default();
            let mut total = now;
            total += *more;
            let spared = before.get(key).copied().unwrap_or_default();
            let mut bound = limit;
            bound += spared;
            if total > bound {
                exceeded.push((key.clone(), *more, now, limit));
            }
        }
        if exceeded.is_empty() {
            return Ok(());
        }
        exceeded.sort_by(|one, other| one.0.cmp(&other.0));
        let list = |pick: fn(&(String, Quantity, Quantity, Quantity)) -> Quantity| {
            exceeded
                .iter()
                .map(|one| format!("{}={}", one.0, pick(one)))
                .collect::<Vec<_>>()
                .join(",")
        };
        let cause = format!(
            "exceeded quota: {quota_name}, requested: {}, used: {}, limited: {}",
            list(|one| one.1),
            list(|one| one.2),
            list(|one| one.3)
        );
        Err(target.forbidden(name, &cause))
    }
}

/// Resources that a pod must state when a quota bounds them.
fn needs_value(key: &str) -> bool {
    matches!(
        key,
        "cpu" | "memory" | "requests.cpu" | "requests.memory" | "limits.cpu" | "limits.memory"
    )
}

/// What a namespace uses of everything that quotas can bound, as far as the quota's scopes count it.
pub(crate) fn namespace_usage(api: &Api, namespace: &str, quota: &Value) -> Usage {
    let mut total = Usage::new();
    for (resource, _) in api.store.resources() {
        for object in api.store.list(&resource, Some(namespace)).0 {
            if !in_scope(quota, &resource, &object) {
                continue;
            }
            for (name, amount) in usage_of(&resource, &object) {
                *total.entry(name).or_default() += amount;
            }
        }
    }
    total
}

/// What one object uses.
pub(crate) fn usage_of(resource: &str, object: &Value) -> Usage {
    let mut usage = Usage::new();
    let (group, plural) = resource.rsplit_once('/').unwrap_or(("", resource));
    let counted = match group {
        "" => format!("count/{plural}"),
        group => format!("count/{plural}.{group}"),
    };
    let finished = plural == "pods"
        && matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    usage.insert(counted, Quantity::whole(1));
    if !group.is_empty() || finished {
        return usage;
    }
    match plural {
        "pods" => pod_usage(object, &mut usage),
        "services" => service_usage(object, &mut usage),
        "persistentvolumeclaims" => claim_usage(object, &mut usage),
        "secrets" | "configmaps" | "replicationcontrollers" => {
            usage.insert(plural.to_owned(), Quantity::whole(1));
        }
        _ => {}
    }
    usage
}

fn service_usage(service: &Value, usage: &mut Usage) {
    let ports = service["spec"]["ports"].as_array().map_or(0, Vec::len);
    let ports = i64::try_from(ports).unwrap_or(i64::MAX);
    usage.insert("services".into(), Quantity::whole(1));
    match service["spec"]["type"].as_str() {
        Some("NodePort") => {
            usage.insert("services.nodeports".into(), Quantity::whole(ports));
        }
        Some("LoadBalancer") => {
            usage.insert("services.loadbalancers".into(), Quantity::whole(1));
            if service["spec"]["allocateLoadBalancerNodePorts"] != false {
                usage.insert("services.nodeports".into(), Quantity::whole(ports));
            }
        }
        _ => {}
    }
}

fn claim_usage(claim: &Value, usage: &mut Usage) {
    let size = Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]).unwrap_or_default();
    usage.insert("persistentvolumeclaims".into(), Quantity::whole(1));
    usage.insert("requests.storage".into(), size);
    if let Some(class) = claim["spec"]["storageClassName"].as_str() {
        let prefix = format!("{class}.storageclass.storage.k8s.io");
        usage.insert(format!("{prefix}/persistentvolumeclaims"), Quantity::whole(1));
        usage.insert(format!("{prefix}/requests.storage"), size);
    }
}

fn pod_usage(pod: &Value, usage: &mut Usage) {
    usage.insert("pods".into(), Quantity::whole(1));
    for kind in ["requests", "limits"] {
        for (resource, amount) in pod_resources(pod, kind) {
            if kind == "requests"
                && matches!(resource.as_str(), "cpu" | "memory" | "ephemeral-storage")
            {
                usage.insert(resource.clone(), amount);
            }
            usage.insert(format!("{kind}.{resource}"), amount);
        }
    }
}

/// The effective `requests` or `limits` of a pod: the sum of its containers or the largest init container.
pub(crate) fn pod_resources(pod: &Value, kind: &str) -> Usage {
    let of = |key: &str| pod["spec"][key].as_array().cloned().unwrap_or_default();
    let mut sum = Usage::new();
    let add = |sum: &mut Usage, container: &Value| {
        for (resource, amount) in container["resources"][kind].as_object().into_iter().flatten() {
            if let Some(amount) = Quantity::of(amount) {
                *sum.entry(resource.clone()).or_default() += amount;
            }
        }
    };
    for container in of("containers") {
        add(&mut sum, &container);
    }
    let mut sidecars = Usage::new();
    let mut largest = Usage::new();
    for container in of("initContainers") {
        if container["restartPolicy"] == "Always" {
            add(&mut sum, &container);
            add(&mut sidecars, &container);
            continue;
        }
        let mut needed = sidecars.clone();
        add(&mut needed, &container);
        for (resource, amount) in needed {
            let most = largest.entry(resource).or_default();
            *most = amount.max(*most);
        }
    }
    for (resource, amount) in largest {
        let total = sum.entry(resource).or_default();
        *total = amount.max(*total);
    }
    for (resource, amount) in pod["spec"]["overhead"].as_object().into_iter().flatten() {
        if let Some(amount) = Quantity::of(amount) {
            *sum.entry(resource.clone()).or_default() += amount;
        }
    }
    sum
}

/// Whether a quota's scopes count an object.
fn in_scope(quota: &Value, resource: &str, object: &Value) -> bool {
    let scopes = quota["spec"]["scopes"].as_array().cloned().unwrap_or_default();
    let selected = quota["spec"]["scopeSelector"]["matchExpressions"].as_array();
    if scopes.is_empty() && selected.is_none_or(Vec::is_empty) {
        return true;
    }
    if resource != "pods" {
        return false;
    }
    let spec = &object["spec"];
    let best_effort =
        pod_resources(object, "requests").is_empty() && pod_resources(object, "limits").is_empty();
    let holds = |scope: &str| match scope {
        "Terminating" => spec["activeDeadlineSeconds"].is_number(),
        "NotTerminating" => !spec["activeDeadlineSeconds"].is_number(),
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        "PriorityClass" => spec["priorityClassName"].is_string(),
        _ => true,
    };
    let expressions = selected.into_iter().flatten().all(|expression| {
        let scope = expression["scopeName"].as_str().unwrap_or_default();
        let class = spec["priorityClassName"].as_str().unwrap_or_default();
        let listed = expression["values"]
            .as_array()
            .is_some_and(|values| values.iter().any(|value| value == class));
        match (scope, expression["operator"].as_str().unwrap_or_default()) {
            ("PriorityClass", "In") => listed,
            ("PriorityClass", "NotIn") => !listed,
            ("PriorityClass", "DoesNotExist") => class.is_empty(),
            (scope, _) => holds(scope),
        }
    });
    scopes.iter().filter_map(Value::as_str).all(holds) && expressions
}
