//! Writes with rules of their own: binding a pod to a node, evicting it, and changes tracked by their caller.

use std::sync::Arc;

use serde_json::{Value, json};

use super::caller::{Caller, Target, Written};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::write::Pending;
use crate::kubernetes::server::api::{Api, now, time_text};
use crate::kubernetes::server::store::WriteError;

impl Api {
    /// Stores a change whose owners are already tracked; nothing if the object has changed meanwhile.
    ///
    /// # Errors
    /// What admission and validation refuse.
    pub(crate) async fn write_tracked(
        &self,
        target: &Target,
        live: &Arc<Value>,
        object: Value,
        caller: &Caller,
    ) -> Result<Option<Written>, Status> {
        let pending = Pending { object, warnings: Vec::new() };
        self.store_update(target, live, pending, caller).await
    }

    /// Puts a pod on a node.
    ///
    /// # Errors
    /// 404, or 409 if it is on a node already or goes away.
    pub(crate) async fn bind_pod(
        &self,
        target: &Target,
        node: &str,
        caller: &Caller,
    ) -> Result<(), Status> {
        let key = target.key(&target.name);
        loop {
            let live = self.store.get(&key).ok_or_else(|| target.sub("").not_found())?;
            let conflict =
                |cause: String| Status::conflict("", "pods/binding", &target.name, &cause);
            if !live["metadata"]["deletionTimestamp"].is_null() {
                let cause =
                    format!("pod {} is being deleted, cannot be assigned to a host", target.name);
                return Err(conflict(cause));
            }
            if let Some(present) = live["spec"]["nodeName"].as_str().filter(|name| !name.is_empty())
            {
                let cause = format!("pod {} is already assigned to node {present:?}", target.name);
                return Err(conflict(cause));
            }
            if caller.dry_run {
                return Ok(());
            }
            let mut bound = Value::clone(&live);
            bound["spec"]["nodeName"] = json!(node);
            let condition = json!({
                "type": "PodScheduled",
                "status": "True",
                "lastProbeTime": null,
                "lastTransitionTime": time_text(now()),
            });
            let conditions = &mut bound["status"]["conditions"];
            match conditions.as_array_mut() {
                Some(all) => {
                    all.retain(|one| one["type"] != "PodScheduled");
                    all.push(condition);
                }
                None => *conditions = json!([condition]),
            }
            match self.store.update(&key, &live, bound) {
                Ok(_) => return Ok(()),
                Err(WriteError::Changed) => {}
                Err(WriteError::Missing) => return Err(target.not_found()),
                Err(error) => return Err(super::create::store_failure(&error)),
            }
        }
    }

    /// Deletes a pod if the disruption budgets that cover it allow one more disruption.
    ///
    /// # Errors
    /// 404, 429 if a budget is used up, 500 if several budgets cover the pod.
    pub(crate) async fn evict_pod(
        &self,
        target: &Target,
        options: &DeleteOptions,
        caller: &Caller,
    ) -> Result<(), Status> {
        let pod = self.store.get(&target.key(&target.name)).ok_or_else(|| target.not_found())?;
        let phase = pod["status"]["phase"].as_str().unwrap_or_default();
        let finished = matches!(phase, "Succeeded" | "Failed" | "Pending");
        if !finished {
            self.use_budget(target, &pod, caller)?;
        }
        self.delete(target, options, caller).await.map(|_| ())
    }

    fn use_budget(&self, target: &Target, pod: &Value, caller: &Caller) -> Result<(), Status> {
        let (budgets, _) = self.store.list("policy/poddisruptionbudgets", Some(&target.namespace));
        let covering: Vec<_> = budgets
            .into_iter()
            .filter(|budget| {
                let selector = &budget["spec"]["selector"];
                !selector.is_null() && LabelSelector::from_object(selector).matches(pod)
            })
            .collect();
        let budget = match covering.as_slice() {
            [] => return Ok(()),
            [one] => one,
            _ => {
                return Err(Status::internal(
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                ));
            }
        };
        let name = budget["metadata"]["name"].as_str().unwrap_or_default();
        let status = &budget["status"];
        let allowed = status["disruptionsAllowed"].as_i64().unwrap_or(0);
        let observed = status["observedGeneration"].as_i64().unwrap_or(0)
            >= budget["metadata"]["generation"].as_i64().unwrap_or(0);
        if !observed || allowed <= 0 {
            let mut refusal = Status::too_many_requests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                if observed { 0 } else { 10 },
            );
            let healthy = status["currentHealthy"].as_i64().unwrap_or(0);
            let desired = status["desiredHealthy"].as_i64().unwrap_or(0);
            let text = format!(
                "The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
            );
            let mut details = refusal.details.take().unwrap_or_else(|| json!({}));
            details["causes"] = json!([{"reason": "DisruptionBudget", "message": text}]);
            refusal.details = Some(details);
            return Err(refusal);
        }
        if caller.dry_run {
            return Ok(());
        }
        let key = crate::kubernetes::server::store::Key::new(
            "policy/poddisruptionbudgets",
            &target.namespace,
            name,
        );
        let mut used = Value::clone(budget);
        used["status"]["disruptionsAllowed"] = json!(allowed - 1);
        if !used["status"]["disruptedPods"].is_object() {
            used["status"]["disruptedPods"] = json!({});
        }
        used["status"]["disruptedPods"][&target.name] = json!(time_text(now()));
        match self.store.update(&key, budget, used) {
            Ok(_) => Ok(()),
            Err(_) => Err(Status::too_many_requests("the budget is being changed", 10)),
        }
    }
}
