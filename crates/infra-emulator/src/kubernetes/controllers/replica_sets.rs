//! Replica sets and replication controllers: as many pods as asked for.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::objects::{
    ReadySince, controlled, controlled_by, controller_of, controller_reference, is_active,
    is_going, is_ready, namespace, number, pair, set_condition, set_count, uid,
};
use super::pods;
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};

/// The controller of one of the two kinds.
pub(super) struct ReplicaSets {
    client: Client,
    resource: &'static str,
    kind: &'static str,
    component: &'static str,
    ready_since: ReadySince,
}

impl ReplicaSets {
    /// For `apps/replicasets`.
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            resource: "apps/replicasets",
            kind: "ReplicaSet",
            component: "replicaset-controller",
            ready_since: ReadySince::default(),
        }
    }

    /// For `replicationcontrollers`.
    pub(super) fn of_replication_controllers(client: Client) -> Self {
        Self {
            resource: "replicationcontrollers",
            kind: "ReplicationController",
            component: "replication-controller",
            ..Self::new(client)
        }
    }

    fn selector(&self, set: &Value) -> LabelSelector {
        if self.kind == "ReplicaSet" {
            LabelSelector::from_object(&set["spec"]["selector"])
        } else {
            LabelSelector::from_object(&json!({"matchLabels": set["spec"]["selector"]}))
        }
    }

    /// The pods of a set; pods without an owner that it selects become its own, those that it no longer selects go free.
    async fn pods_of(&self, set: &Value) -> Result<Vec<Arc<Value>>, Status> {
        let selector = self.selector(set);
        let mut own = Vec::new();
        for pod in controlled(&self.client, "pods", set) {
            if selector.matches(&pod) || is_going(&pod) {
                own.push(pod);
                continue;
            }
            self.client
                .modify("pods", "", pair(&pod), |pod| {
                    if let Some(owners) = pod["metadata"]["ownerReferences"].as_array_mut() {
                        owners.retain(|owner| owner["uid"] != *uid(set));
                    }
                })
                .await?;
        }
        if is_going(set) {
            return Ok(own);
        }
        for pod in self.client.list("pods", Some(namespace(set))) {
            if controller_of(&pod).is_some() || !is_active(&pod) || !selector.matches(&pod) {
                continue;
            }
            let adopted = self
                .client
                .modify("pods", "", pair(&pod), |pod| {
                    let reference = controller_reference(set);
                    match pod["metadata"].get_mut("ownerReferences").and_then(Value::as_array_mut) {
                        Some(owners) => owners.push(reference),
                        None => pod["metadata"]["ownerReferences"] = json!([reference]),
                    }
                })
                .await?;
            own.extend(adopted);
        }
        Ok(own)
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(set) = self.client.get(self.resource, &key.namespace, &key.name) else {
            return Ok(None);
        };
        let pods = self.pods_of(&set).await?;
        let mut active: Vec<_> = pods.iter().filter(|pod| is_active(pod)).cloned().collect();
        let mut failure = None;
        if !is_going(&set) {
            failure = self.scale(&set, &mut active).await.err();
        }
        let again = self.report(&set, &active, failure.as_ref()).await?;
        failure.map_or(Ok(again), Err)
    }

    async fn scale(&self, set: &Value, active: &mut Vec<Arc<Value>>) -> Result<(), Status> {
        let wanted = usize::try_from(number(set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
        while active.len() < wanted {
            let pod = pods::from_template(set, &set["spec"]["template"], None);
            active.push(pods::create(&self.client, self.component, set, pod).await?);
        }
        if active.len() > wanted {
            let surplus = active.len() - wanted;
            let ranked = pods::by_worth(std::mem::take(active));
            for pod in &ranked[..surplus] {
                pods::delete(&self.client, self.component, set, pod).await?;
            }
            *active = ranked[surplus..].to_vec();
        }
        Ok(())
    }

    async fn report(
        &self,
        set: &Value,
        active: &[Arc<Value>],
        failure: Option<&Status>,
    ) -> Outcome {
        let least = number(set, "/spec/minReadySeconds").unwrap_or(0);
        let (available, again) =
            self.ready_since.available(active, least, self.client.api.clock.now());
        let ready = active.iter().filter(|pod| is_ready(pod)).count();
        let labels = set["spec"]["template"]["metadata"]["labels"].clone();
        let template = LabelSelector::from_object(&json!({"matchLabels": labels}));
        let labelled = active.iter().filter(|pod| template.matches(pod)).count();
        let generation = set["metadata"]["generation"].clone();
        self.client
            .modify(self.resource, "status", pair(set), |set| {
                if !set["status"].is_object() {
                    set["status"] = json!({});
                }
                set["status"]["replicas"] = json!(active.len());
                set_count(&mut set["status"], "fullyLabeledReplicas", labelled);
                set_count(&mut set["status"], "readyReplicas", ready);
                set_count(&mut set["status"], "availableReplicas", available);
                if !generation.is_null() {
                    set["status"]["observedGeneration"] = generation.clone();
                }
                match failure {
                    Some(status) => set_condition(
                        set,
                        "ReplicaFailure",
                        "True",
                        "FailedCreate",
                        &status.message,
                        false,
                    ),
                    None => {
                        if let Some(all) = set["status"]["conditions"].as_array_mut() {
                            all.retain(|one| one["type"] != "ReplicaFailure");
                        }
                    }
                }
            })
            .await?;
        Ok(again)
    }
}

impl Controller for ReplicaSets {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        if &*change.key.resource == self.resource {
            return vec![WorkKey::new(&change.key.namespace, &change.key.name)];
        }
        if &*change.key.resource != "pods" {
            return Vec::new();
        }
        let mut keys = Vec::new();
        for object in std::iter::once(&change.object).chain(change.previous.as_ref()) {
            if let Some(owner) = controlled_by(object, self.kind) {
                keys.push(WorkKey::new(&change.key.namespace, owner));
            }
        }
        if controller_of(&change.object).is_none() && is_active(&change.object) {
            let sets = self.client.list(self.resource, Some(&change.key.namespace));
            let selecting = sets.iter().filter(|set| self.selector(set).matches(&change.object));
            keys.extend(selecting.map(|set| super::objects::key_of(set)));
        }
        keys.dedup();
        keys
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
