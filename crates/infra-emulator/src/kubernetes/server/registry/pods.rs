//! What admission does to pods: service account, limits, priority, default tolerations.

use serde_json::{Value, json};

use super::caller::Target;
use super::create::suffix;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const MIRROR: &str = "kubernetes.io/config.mirror";

impl Api {
    /// Admits a new pod.
    pub(super) fn admit_pod(&self, target: &Target, pod: &mut Value) -> Result<(), Status> {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if !pod["spec"].is_object() {
            return Ok(());
        }
        self.limit_pod(target, &name, pod)?;
        if pod["metadata"]["annotations"].get(MIRROR).is_none() {
            self.use_service_account(target, &name, pod)?;
        }
        self.set_priority(target, &name, pod)?;
        tolerate_absent_nodes(pod);
        Ok(())
    }

    fn use_service_account(
        &self,
        target: &Target,
        name: &str,
        pod: &mut Value,
    ) -> Result<(), Status> {
        let spec = &mut pod["spec"];
        let asked = spec["serviceAccountName"].as_str().unwrap_or_default();
        let account_name = if asked.is_empty() { "default" } else { asked }.to_owned();
        spec["serviceAccountName"] = json!(account_name);
        spec["serviceAccount"] = json!(account_name);
        let Some(account) = self.object("serviceaccounts", &target.namespace, &account_name) else {
            let cause = format!(
                "error looking up service account {}/{account_name}: serviceaccount \"{account_name}\" not found",
                target.namespace
            );
            return Err(target.forbidden(name, &cause));
        };
        let wanted = spec["automountServiceAccountToken"]
            .as_bool()
            .or_else(|| account["automountServiceAccountToken"].as_bool());
        if wanted != Some(false) {
            mount_token(spec);
        }
        let none = spec["imagePullSecrets"].as_array().is_none_or(Vec::is_empty);
        if let (true, Some(secrets)) = (none, account["imagePullSecrets"].as_array())
            && !secrets.is_empty()
        {
            spec["imagePullSecrets"] = json!(secrets);
        }
        Ok(())
    }

    fn set_priority(&self, target: &Target, name: &str, pod: &mut Value) -> Result<(), Status> {
        let spec = &mut pod["spec"];
        let asked = spec["priorityClassName"].as_str().unwrap_or_default().to_owned();
        let (classes, _) = self.store.list("scheduling.k8s.io/priorityclasses", None);
        let class = if asked.is_empty() {
            let default = classes.iter().find(|class| class["globalDefault"] == true);
            if let Some(default) = default {
                spec["priorityClassName"] = default["metadata"]["name"].clone();
            }
            default
        } else {
            let found = classes.iter().find(|class| class["metadata"]["name"] == *asked);
            if found.is_none() {
                let cause = format!("no PriorityClass with name {asked} was found");
                return Err(target.forbidden(name, &cause));
            }
            found
        };
        let value = class.map_or(json!(0), |class| class["value"].clone());
        let policy = class.and_then(|class| class["preemptionPolicy"].as_str());
        spec["priority"] = value;
        if spec.get("preemptionPolicy").is_none() {
            spec["preemptionPolicy"] = json!(policy.unwrap_or("PreemptLowerPriority"));
        }
        Ok(())
    }
}

fn mount_token(spec: &mut Value) {
    let mounts_it = |container: &Value| {
        container["volumeMounts"]
            .as_array()
            .is_some_and(|mounts| mounts.iter().any(|mount| mount["mountPath"] == TOKEN_PATH))
    };
    let volume = format!("kube-api-access-{}", suffix());
    let mut mounted = false;
    for key in ["initContainers", "containers"] {
        let Some(containers) = spec.get_mut(key).and_then(Value::as_array_mut) else { continue };
        for container in containers {
            if mounts_it(container) || !container.is_object() {
                continue;
            }
            let mount = json!({"name": volume, "readOnly": true, "mountPath": TOKEN_PATH});
            match container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                Some(mounts) => mounts.push(mount),
                None => container["volumeMounts"] = json!([mount]),
            }
            mounted = true;
        }
    }
    if !mounted {
        return;
    }
    let token = json!({
        "name": volume,
        "projected": {
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }},
                {"downwardAPI": {"items": [{
                    "path": "namespace",
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                }]}},
                {"configMap": {
                    "name": "openshift-service-ca.crt",
                    "items": [{"key": "service-ca.crt", "path": "service-ca.crt"}],
                }},
            ],
            "defaultMode": 420,
        },
    });
    match spec.get_mut("volumes").and_then(Value::as_array_mut) {
        Some(volumes) => volumes.push(token),
        None => spec["volumes"] = json!([token]),
    }
}

/// `DefaultTolerationSeconds`: a pod stays five minutes on a node that is lost.
pub(super) fn tolerate_absent_nodes(pod: &mut Value) {
    let spec = &mut pod["spec"];
    if !spec["tolerations"].is_array() {
        spec["tolerations"] = json!([]);
    }
    let Some(tolerations) = spec["tolerations"].as_array_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = tolerations.iter().any(|one| {
            let own = one["key"].as_str().unwrap_or_default();
            let effect = one["effect"].as_str().unwrap_or_default();
            (own == key || own.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            tolerations.push(json!({
                "key": key,
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }));
        }
    }
}
