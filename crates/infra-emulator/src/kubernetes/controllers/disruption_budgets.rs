//! Disruption budgets: how many of the pods that one covers may be evicted.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::deployments::part;
use super::objects::{is_active, is_ready, key_of, number, pair, set_condition};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::server::{Change, Client};

const BUDGETS: &str = "policy/poddisruptionbudgets";

/// The disruption controller.
pub(super) struct DisruptionBudgets {
    client: Client,
}

impl DisruptionBudgets {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    fn covers(budget: &Value, pod: &Value) -> bool {
        let selector = &budget["spec"]["selector"];
        !selector.is_null() && LabelSelector::from_object(selector).matches(pod)
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(budget) = self.client.get(BUDGETS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        let mut pods = self.client.list("pods", Some(&key.namespace));
        pods.retain(|pod| is_active(pod) && Self::covers(&budget, pod));
        let count = i64::try_from(pods.len()).unwrap_or(i64::MAX);
        let healthy = pods.iter().filter(|pod| is_ready(pod)).count();
        let healthy = i64::try_from(healthy).unwrap_or(i64::MAX);
        let expected = self.expected(&pods, count);
        let spec = &budget["spec"];
        let desired = if spec.get("maxUnavailable").is_some() {
            (expected - part(&spec["maxUnavailable"], expected, true)).max(0)
        } else if spec.get("minAvailable").is_some() {
            part(&spec["minAvailable"], expected, true)
        } else {
            0
        };
        let allowed = if count == 0 { 0 } else { (healthy - desired).max(0) };
        let generation = budget["metadata"]["generation"].clone();
        self.client
            .modify(BUDGETS, "status", pair(&budget), |budget| {
                if !budget["status"].is_object() {
                    budget["status"] = json!({});
                }
                let status = &mut budget["status"];
                status["observedGeneration"] = generation.clone();
                status["currentHealthy"] = json!(healthy);
                status["desiredHealthy"] = json!(desired);
                status["expectedPods"] = json!(expected);
                status["disruptionsAllowed"] = json!(allowed);
                if let Some(map) = status.as_object_mut() {
                    map.shift_remove("disruptedPods");
                }
                if allowed > 0 {
                    set_condition(budget, "DisruptionAllowed", "True", "SufficientPods", "", false);
                } else {
                    let reason = "InsufficientPods";
                    set_condition(budget, "DisruptionAllowed", "False", reason, "", false);
                }
            })
            .await?;
        Ok(None)
    }

    /// How many pods there are meant to be: what their controllers want.
    fn expected(&self, pods: &[std::sync::Arc<Value>], count: i64) -> i64 {
        let mut owners = std::collections::BTreeMap::new();
        for pod in pods {
            let Some(owner) = super::objects::controller_of(pod) else { continue };
            let resource = match owner["kind"].as_str().unwrap_or_default() {
                "ReplicaSet" => "apps/replicasets",
                "StatefulSet" => "apps/statefulsets",
                "ReplicationController" => "replicationcontrollers",
                _ => continue,
            };
            let namespace = super::objects::namespace(pod);
            let name = owner["name"].as_str().unwrap_or_default();
            if let Some(found) = self.client.get(resource, namespace, name) {
                let replicas = number(&found, "/spec/replicas").unwrap_or(1);
                owners.insert((resource, name.to_owned()), replicas);
            }
        }
        if owners.is_empty() { count } else { owners.values().sum() }
    }
}

impl Controller for DisruptionBudgets {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            BUDGETS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            "pods" => {
                let budgets = self.client.list(BUDGETS, Some(&change.key.namespace));
                let covering = budgets.iter().filter(|budget| Self::covers(budget, &change.object));
                covering.map(|budget| key_of(budget)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
