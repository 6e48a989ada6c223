//! Stateful sets: numbered pods, made and replaced in order, with claims of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::objects::{
    ReadySince, controlled, controlled_by, is_active, is_finished, is_going, is_ready, items, name,
    namespace, number, pair, set_count, text,
};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use super::{pods, revisions};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};

const SETS: &str = "apps/statefulsets";
const COMPONENT: &str = "statefulset-controller";

/// The stateful set controller.
pub(super) struct StatefulSets {
    client: Client,
    ready_since: ReadySince,
}

struct Plan<'a> {
    set: &'a Value,
    revisions: &'a [Arc<Value>],
    pods: BTreeMap<i64, Arc<Value>>,
    first: i64,
    replicas: i64,
    ordered: bool,
}

impl Plan<'_> {
    fn update_revision(&self) -> &Value {
        self.revisions.last().map_or(&Value::Null, |last| last)
    }

    fn ordinals(&self) -> std::ops::Range<i64> {
        self.first..self.first + self.replicas
    }

    /// The revision that a missing pod is made of: below the partition that of the roll-out before.
    fn revision_for(&self, ordinal: i64) -> &Value {
        let partition =
            number(self.set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
        let current = text(self.set, "/status/currentRevision");
        let found = self.revisions.iter().find(|revision| name(revision) == current);
        match found {
            Some(found) if ordinal < partition => found,
            _ => self.update_revision(),
        }
    }
}

fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(name(set))?.strip_prefix('-')?.parse().ok()
}

fn is_healthy(pod: &Value) -> bool {
    is_ready(pod) && !is_going(pod)
}

impl StatefulSets {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client, ready_since: ReadySince::default() }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(set) = self.client.get(SETS, &key.namespace, &key.name) else { return Ok(None) };
        if is_going(&set) {
            return Ok(None);
        }
        let revisions = revisions::ensure(&self.client, &set).await?;
        let mut plan = Plan {
            set: &set,
            revisions: &revisions,
            pods: controlled(&self.client, "pods", &set)
                .into_iter()
                .filter_map(|pod| Some((ordinal(&set, &pod)?, pod)))
                .collect(),
            first: number(&set, "/spec/ordinals/start").unwrap_or(0),
            replicas: number(&set, "/spec/replicas").unwrap_or(1),
            ordered: text(&set, "/spec/podManagementPolicy") != "Parallel",
        };
        let acted = self.act(&mut plan).await;
        let again = self.report(&plan).await?;
        let used = |revision: &Value| {
            plan.pods
                .values()
                .any(|pod| pod["metadata"]["labels"][revisions::HASH_LABEL] == *name(revision))
        };
        revisions::clean_up(&self.client, &set, &revisions, used).await?;
        acted.map(|()| again)
    }

    /// One step: pods that are missing, then pods that are too many, then pods that are old.
    async fn act(&self, plan: &mut Plan<'_>) -> Result<(), Status> {
        for ordinal in plan.ordinals() {
            match plan.pods.get(&ordinal).cloned() {
                Some(pod) if is_finished(&pod) && !is_going(&pod) => {
                    pods::delete(&self.client, COMPONENT, plan.set, &pod).await?;
                    return Ok(());
                }
                Some(pod) if plan.ordered && !is_healthy(&pod) => {
                    // The ones after it wait for it; one of an old revision that never gets ready is replaced.
                    return self.replace_if_broken(plan, &pod).await;
                }
                Some(_) => {}
                None => {
                    let made = self.create(plan, ordinal).await?;
                    plan.pods.insert(ordinal, made);
                    if plan.ordered {
                        return Ok(());
                    }
                }
            }
        }
        let range = plan.ordinals();
        let condemned: Vec<Arc<Value>> = plan
            .pods
            .iter()
            .rev()
            .filter(|(ordinal, _)| !range.contains(ordinal))
            .map(|(_, pod)| pod.clone())
            .collect();
        for pod in &condemned {
            if !is_going(pod) {
                pods::delete(&self.client, COMPONENT, plan.set, pod).await?;
            }
            if plan.ordered {
                return Ok(());
            }
        }
        self.roll(plan).await
    }

    async fn replace_if_broken(&self, plan: &Plan<'_>, pod: &Value) -> Result<(), Status> {
        let current =
            pod["metadata"]["labels"][revisions::HASH_LABEL] == *name(plan.update_revision());
        let rolling = text(plan.set, "/spec/updateStrategy/type") != "OnDelete";
        if rolling && !current && !is_going(pod) && text(pod, "/status/phase") == "Running" {
            return pods::delete(&self.client, COMPONENT, plan.set, pod).await;
        }
        Ok(())
    }

    async fn roll(&self, plan: &Plan<'_>) -> Result<(), Status> {
        if text(plan.set, "/spec/updateStrategy/type") == "OnDelete" {
            return Ok(());
        }
        let partition =
            number(plan.set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
        let wanted = name(plan.update_revision());
        for (ordinal, pod) in plan.pods.iter().rev() {
            let old = pod["metadata"]["labels"][revisions::HASH_LABEL] != *wanted;
            if old && *ordinal >= partition && !is_going(pod) {
                return pods::delete(&self.client, COMPONENT, plan.set, pod).await;
            }
            if !is_healthy(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn create(&self, plan: &Plan<'_>, ordinal: i64) -> Result<Arc<Value>, Status> {
        let set = plan.set;
        let revision = plan.revision_for(ordinal);
        let mut template = revision["data"]["spec"]["template"].clone();
        if let Some(map) = template.as_object_mut() {
            map.shift_remove("$patch");
        }
        let own = format!("{}-{ordinal}", name(set));
        let mut pod = pods::from_template(set, &template, Some(&own));
        if !pod["metadata"]["labels"].is_object() {
            pod["metadata"]["labels"] = json!({});
        }
        let labels = &mut pod["metadata"]["labels"];
        labels["statefulset.kubernetes.io/pod-name"] = json!(own);
        labels["apps.kubernetes.io/pod-index"] = json!(ordinal.to_string());
        labels[revisions::HASH_LABEL] = json!(name(revision));
        pod["spec"]["hostname"] = json!(own);
        pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
        let mut volumes = Vec::new();
        for claim in items(set, "/spec/volumeClaimTemplates") {
            let claim_name = format!("{}-{own}", name(claim));
            self.ensure_claim(set, claim, &claim_name).await?;
            volumes.push(json!({
                "name": name(claim),
                "persistentVolumeClaim": {"claimName": claim_name},
            }));
        }
        let claimed: Vec<&str> = items(set, "/spec/volumeClaimTemplates").map(name).collect();
        let others = items(&pod, "/spec/volumes")
            .filter(|volume| !claimed.contains(&text(volume, "/name")))
            .cloned();
        volumes.extend(others.collect::<Vec<_>>());
        if !volumes.is_empty() {
            pod["spec"]["volumes"] = json!(volumes);
        }
        match self.client.create("pods", pod).await {
            Ok(made) => {
                let message = format!("create Pod {own} in StatefulSet {} successful", name(set));
                self.client
                    .event_from(COMPONENT, set, "Normal", "SuccessfulCreate", &message)
                    .await;
                Ok(made)
            }
            Err(status) => {
                let message = format!(
                    "create Pod {own} in StatefulSet {} failed error: {}",
                    name(set),
                    status.message
                );
                self.client.event_from(COMPONENT, set, "Warning", "FailedCreate", &message).await;
                Err(status)
            }
        }
    }

    async fn ensure_claim(&self, set: &Value, template: &Value, own: &str) -> Result<(), Status> {
        if self.client.get("persistentvolumeclaims", namespace(set), own).is_some() {
            return Ok(());
        }
        let mut labels = template["metadata"]["labels"].clone();
        if !labels.is_object() {
            labels = json!({});
        }
        for (key, value) in set["spec"]["selector"]["matchLabels"].as_object().into_iter().flatten()
        {
            labels[key] = value.clone();
        }
        let mut metadata = json!({"name": own, "namespace": namespace(set), "labels": labels});
        if let Some(annotations) = template["metadata"].get("annotations") {
            metadata["annotations"] = annotations.clone();
        }
        let claim = json!({"metadata": metadata, "spec": template["spec"]});
        self.client.create("persistentvolumeclaims", claim).await?;
        let message = format!("create Claim {own} in StatefulSet {} success", name(set));
        self.client.event_from(COMPONENT, set, "Normal", "SuccessfulCreate", &message).await;
        Ok(())
    }

    async fn report(&self, plan: &Plan<'_>) -> Outcome {
        let present: Vec<Arc<Value>> =
            plan.pods.values().filter(|pod| is_active(pod)).cloned().collect();
        let least = number(plan.set, "/spec/minReadySeconds").unwrap_or(0);
        let (available, again) =
            self.ready_since.available(&present, least, self.client.api.clock.now());
        let ready = present.iter().filter(|pod| is_ready(pod)).count();
        let update = name(plan.update_revision()).to_owned();
        let of = |revision: &str| {
            present
                .iter()
                .filter(|pod| pod["metadata"]["labels"][revisions::HASH_LABEL] == *revision)
                .count()
        };
        let updated = of(&update);
        let mut current = text(plan.set, "/status/currentRevision").to_owned();
        let all = usize::try_from(plan.replicas).unwrap_or(0);
        // A roll-out that is over makes the new revision the current one.
        if current.is_empty() || updated == all && ready == all {
            current.clone_from(&update);
        }
        let current_count = of(&current);
        let generation = plan.set["metadata"]["generation"].clone();
        let total = plan.pods.values().filter(|pod| !is_finished(pod)).count();
        self.client
            .modify(SETS, "status", pair(plan.set), |set| {
                if !set["status"].is_object() {
                    set["status"] = json!({});
                }
                let status = &mut set["status"];
                status["observedGeneration"] = generation.clone();
                status["replicas"] = json!(total);
                status["availableReplicas"] = json!(available);
                set_count(status, "readyReplicas", ready);
                set_count(status, "currentReplicas", current_count);
                set_count(status, "updatedReplicas", updated);
                status["currentRevision"] = json!(current);
                status["updateRevision"] = json!(update);
                if status["collisionCount"].is_null() {
                    status["collisionCount"] = json!(0);
                }
            })
            .await?;
        Ok(again)
    }
}

impl Controller for StatefulSets {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            SETS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            "pods" => controlled_by(&change.object, "StatefulSet")
                .map(|set| vec![WorkKey::new(&change.key.namespace, set)])
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
