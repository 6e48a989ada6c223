//! Admission: what the default plug-ins of an API server change and refuse, in their order.

use std::sync::Arc;

use serde_json::{Value, json};

use super::caller::{Caller, Target};
use super::pods::tolerate_absent_nodes;
use super::quota::QuotaHold;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const DEFAULT_INGRESS_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

impl Api {
    /// Admits a new object, changing it; the quota is held until the result is dropped or kept.
    pub(super) async fn admit_create(
        &self,
        target: &Target,
        object: &mut Value,
        caller: &Caller,
        warnings: &mut Vec<String>,
    ) -> Result<QuotaHold, Status> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.check_namespace(target, &name)?;
        match (target.resource.kind.group.as_str(), target.resource.plural.as_str()) {
            ("", "pods") => self.admit_pod(target, object)?,
            ("", "persistentvolumeclaims") => {
                self.default_storage_class(object);
                add_finalizer(object, "kubernetes.io/pvc-protection");
            }
            ("", "persistentvolumes") => add_finalizer(object, "kubernetes.io/pv-protection"),
            ("", "nodes") => taint_new_node(object, caller),
            ("networking.k8s.io", "ingresses") => self.default_ingress_class(object),
            ("rbac.authorization.k8s.io", _) => {
                self.check_escalation(target, object, &caller.identity)?;
            }
            _ => {}
        }
        self.call_mutating_webhooks("CREATE", target, object, None, caller, warnings).await?;
        self.call_validating_webhooks("CREATE", target, object, None, caller, warnings).await?;
        let hold = self.charge_quota(target, object, None).await?;
        if target.is_core("services") {
            self.addresses.allocate(object, None, caller.dry_run)?;
        }
        Ok(hold)
    }

    /// Admits a change of an object.
    pub(super) async fn admit_update(
        &self,
        target: &Target,
        object: &mut Value,
        live: &Value,
        caller: &Caller,
        warnings: &mut Vec<String>,
    ) -> Result<QuotaHold, Status> {
        if target.resource.kind.group == "rbac.authorization.k8s.io" {
            self.check_escalation(target, object, &caller.identity)?;
        }
        if target.is_core("pods") && target.subresource.is_empty() {
            tolerate_absent_nodes(object);
        }
        self.call_mutating_webhooks("UPDATE", target, object, Some(live), caller, warnings).await?;
        self.call_validating_webhooks("UPDATE", target, object, Some(live), caller, warnings)
            .await?;
        if !target.subresource.is_empty() {
            return Ok(QuotaHold::nothing());
        }
        let hold = self.charge_quota(target, object, Some(live)).await?;
        if target.is_core("services") {
            self.addresses.allocate(object, Some(live), caller.dry_run)?;
        }
        Ok(hold)
    }

    /// Admits a deletion.
    pub(super) async fn admit_delete(
        &self,
        target: &Target,
        live: &Value,
        caller: &Caller,
    ) -> Result<(), Status> {
        let (mut nothing, mut warnings) = (Value::Null, Vec::new());
        self.call_mutating_webhooks(
            "DELETE",
            target,
            &mut nothing,
            Some(live),
            caller,
            &mut warnings,
        )
        .await?;
        self.call_validating_webhooks("DELETE", target, &nothing, Some(live), caller, &mut warnings)
            .await
    }

    /// `NamespaceLifecycle`: nothing new in a namespace that is missing or goes away.
    fn check_namespace(&self, target: &Target, name: &str) -> Result<(), Status> {
        if target.namespace.is_empty() || !target.resource.namespaced {
            return Ok(());
        }
        let Some(namespace) = self.object("namespaces", "", &target.namespace) else {
            return Err(Status::not_found("", "namespaces", &target.namespace));
        };
        if namespace["metadata"]["deletionTimestamp"].is_null() {
            return Ok(());
        }
        let cause = format!(
            "unable to create new content in namespace {} because it is being terminated",
            target.namespace
        );
        let mut status = target.forbidden(name, &cause);
        if let Some(details) = status.details.as_mut().and_then(Value::as_object_mut) {
            let text = format!("namespace {} is being terminated", target.namespace);
            details.insert(
                "causes".into(),
                json!([{
                    "reason": "NamespaceTerminating",
                    "message": text,
                    "field": "metadata.namespace",
                }]),
            );
        }
        Err(status)
    }

    fn default_storage_class(&self, claim: &mut Value) {
        let named = claim["spec"].get("storageClassName").is_some()
            || claim["metadata"]["annotations"]
                .get("volume.beta.kubernetes.io/storage-class")
                .is_some();
        if named {
            return;
        }
        if let Some(name) = self.default_of("storage.k8s.io/storageclasses", DEFAULT_CLASS) {
            claim["spec"]["storageClassName"] = json!(name);
        }
    }

    fn default_ingress_class(&self, ingress: &mut Value) {
        let named = ingress["spec"].get("ingressClassName").is_some()
            || ingress["metadata"]["annotations"].get("kubernetes.io/ingress.class").is_some();
        if named {
            return;
        }
        let class = self.default_of("networking.k8s.io/ingressclasses", DEFAULT_INGRESS_CLASS);
        if let Some(name) = class {
            ingress["spec"]["ingressClassName"] = json!(name);
        }
    }

    /// The name of the newest object that an annotation marks as the default.
    fn default_of(&self, resource: &str, annotation: &str) -> Option<String> {
        let (objects, _) = self.store.list(resource, None);
        let marked = objects
            .iter()
            .filter(|object| object["metadata"]["annotations"][annotation] == "true")
            .max_by_key(|object| creation(object))?;
        marked["metadata"]["name"].as_str().map(str::to_owned)
    }
}

fn creation(object: &Arc<Value>) -> String {
    object["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned()
}

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let metadata = &mut object["metadata"];
    match metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
        Some(all) if all.iter().any(|one| one == finalizer) => {}
        Some(all) => all.push(json!(finalizer)),
        None => metadata["finalizers"] = json!([finalizer]),
    }
}

/// `TaintNodesByCondition`: nothing is scheduled to a new node before it reports itself ready.
fn taint_new_node(node: &mut Value, caller: &Caller) {
    if caller.identity.name.starts_with("system:emulated-node") {
        return;
    }
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    if !node["spec"].is_object() {
        node["spec"] = json!({});
    }
    match node["spec"].get_mut("taints").and_then(Value::as_array_mut) {
        Some(taints) if taints.contains(&taint) => {}
        Some(taints) => taints.push(taint),
        None => node["spec"]["taints"] = json!([taint]),
    }
}
