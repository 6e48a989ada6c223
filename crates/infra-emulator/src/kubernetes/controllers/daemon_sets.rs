//! Daemon sets: one pod on each node that fits.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::deployments::part;
use super::objects::{
    ReadySince, controlled, controlled_by, is_active, is_finished, is_going, is_ready, items,
    key_of, name, number, pair, set_count, text,
};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use super::scheduler::{node_matches, tolerates};
use super::{pods, revisions};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};

const SETS: &str = "apps/daemonsets";
const COMPONENT: &str = "daemonset-controller";
const GENERATION: &str = "pod-template-generation";
/// What every daemon tolerates: (key, effect).
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The daemon set controller.
pub(super) struct DaemonSets {
    client: Client,
    ready_since: ReadySince,
}

impl DaemonSets {
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
        let hash =
            revisions.last().map(|last| revisions::hash(last).to_owned()).unwrap_or_default();
        let pods = controlled(&self.client, "pods", &set);
        let wanted = pod_for(&set, "", &hash);
        let nodes: Vec<Arc<Value>> = self
            .client
            .list("nodes", None)
            .into_iter()
            .filter(|node| runs_on(&wanted, node))
            .collect();
        self.place(&set, &hash, &nodes, &pods).await?;
        self.roll(&set, &hash, &nodes, &pods).await?;
        let used = |revision: &Value| {
            pods.iter().any(|pod| {
                pod["metadata"]["labels"][revisions::HASH_LABEL] == *revisions::hash(revision)
            })
        };
        revisions::clean_up(&self.client, &set, &revisions, used).await?;
        self.report(&set, &hash, &nodes).await
    }

    async fn place(
        &self,
        set: &Value,
        hash: &str,
        nodes: &[Arc<Value>],
        pods: &[Arc<Value>],
    ) -> Result<(), Status> {
        for node in nodes {
            let own = pods.iter().filter(|pod| node_of(pod) == name(node));
            let mut running = 0;
            for pod in own {
                if is_going(pod) {
                    // The next one comes when it is gone.
                    running += 1;
                } else if is_finished(pod) || running > 0 {
                    pods::delete(&self.client, COMPONENT, set, pod).await?;
                } else {
                    running += 1;
                }
            }
            if running == 0 {
                let pod = pod_for(set, name(node), hash);
                pods::create(&self.client, COMPONENT, set, pod).await?;
            }
        }
        for pod in pods.iter().filter(|pod| !is_going(pod)) {
            if !nodes.iter().any(|node| name(node) == node_of(pod)) {
                pods::delete(&self.client, COMPONENT, set, pod).await?;
            }
        }
        Ok(())
    }

    /// Replaces pods of old templates, as many at once as may be unavailable.
    async fn roll(
        &self,
        set: &Value,
        hash: &str,
        nodes: &[Arc<Value>],
        pods: &[Arc<Value>],
    ) -> Result<(), Status> {
        if text(set, "/spec/updateStrategy/type") == "OnDelete" {
            return Ok(());
        }
        let count = i64::try_from(nodes.len()).unwrap_or(i64::MAX);
        let bound = &set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
        let bound = if bound.is_null() { 1 } else { part(bound, count, true).max(1) };
        let healthy = pods.iter().filter(|pod| is_active(pod) && is_ready(pod)).count();
        let mut room = bound - (count - i64::try_from(healthy).unwrap_or(count));
        let old = |pod: &&Arc<Value>| {
            is_active(pod) && pod["metadata"]["labels"][revisions::HASH_LABEL] != *hash
        };
        for pod in pods.iter().filter(old) {
            if is_ready(pod) {
                if room <= 0 {
                    continue;
                }
                room -= 1;
            }
            pods::delete(&self.client, COMPONENT, set, pod).await?;
        }
        Ok(())
    }

    async fn report(&self, set: &Value, hash: &str, nodes: &[Arc<Value>]) -> Outcome {
        let mut pods = controlled(&self.client, "pods", set);
        pods.retain(|pod| is_active(pod));
        let here = |pod: &&Arc<Value>| nodes.iter().any(|node| name(node) == node_of(pod));
        let own: Vec<Arc<Value>> = pods.iter().filter(here).cloned().collect();
        let stray = pods.len() - own.len();
        let ready = own.iter().filter(|pod| is_ready(pod)).count();
        let least = number(set, "/spec/minReadySeconds").unwrap_or(0);
        let (available, again) =
            self.ready_since.available(&own, least, self.client.api.clock.now());
        let updated = own
            .iter()
            .filter(|pod| pod["metadata"]["labels"][revisions::HASH_LABEL] == *hash)
            .count();
        let generation = set["metadata"]["generation"].clone();
        self.client
            .modify(SETS, "status", pair(set), |set| {
                if !set["status"].is_object() {
                    set["status"] = json!({});
                }
                let status = &mut set["status"];
                status["observedGeneration"] = generation.clone();
                status["desiredNumberScheduled"] = json!(nodes.len());
                status["currentNumberScheduled"] = json!(own.len());
                status["numberMisscheduled"] = json!(stray);
                status["numberReady"] = json!(ready);
                set_count(status, "updatedNumberScheduled", updated);
                set_count(status, "numberAvailable", available);
                set_count(status, "numberUnavailable", nodes.len().saturating_sub(available));
            })
            .await?;
        Ok(again)
    }
}

/// The node that a daemon's pod is on, or is meant for.
fn node_of(pod: &Value) -> &str {
    match text(pod, "/spec/nodeName") {
        "" => {
            let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0";
            text(pod, terms)
        }
        node => node,
    }
}

fn runs_on(pod: &Value, node: &Value) -> bool {
    node_matches(pod, node)
        && items(node, "/spec/taints").all(|taint| {
            !matches!(text(taint, "/effect"), "NoSchedule" | "NoExecute") || tolerates(pod, taint)
        })
}

/// A pod for a node; for no node in particular if its name is empty.
fn pod_for(set: &Value, node: &str, hash: &str) -> Value {
    let mut pod = pods::from_template(set, &set["spec"]["template"], None);
    if !pod["metadata"]["labels"].is_object() {
        pod["metadata"]["labels"] = json!({});
    }
    let generation = &set["metadata"]["annotations"]["deprecated.daemonset.template.generation"];
    pod["metadata"]["labels"][revisions::HASH_LABEL] = json!(hash);
    pod["metadata"]["labels"][GENERATION] = json!(generation.as_str().unwrap_or("1"));
    let mut tolerations: Vec<Value> = items(&pod, "/spec/tolerations").cloned().collect();
    let mut always = TOLERATED.to_vec();
    if pod["spec"]["hostNetwork"] == true {
        always.push(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    }
    for (key, effect) in always {
        let one = json!({"key": key, "operator": "Exists", "effect": effect});
        if !tolerations.contains(&one) {
            tolerations.push(one);
        }
    }
    pod["spec"]["tolerations"] = json!(tolerations);
    if node.is_empty() {
        return pod;
    }
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    let path = "requiredDuringSchedulingIgnoredDuringExecution";
    let terms = &mut pod["spec"]["affinity"]["nodeAffinity"][path]["nodeSelectorTerms"];
    match terms.as_array_mut() {
        Some(terms) => {
            for term in terms {
                term["matchFields"] = json!([field]);
            }
        }
        None => *terms = json!([{"matchFields": [field]}]),
    }
    pod
}

impl Controller for DaemonSets {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            SETS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            "pods" => controlled_by(&change.object, "DaemonSet")
                .map(|set| vec![WorkKey::new(&change.key.namespace, set)])
                .unwrap_or_default(),
            "nodes" => self.client.list(SETS, None).iter().map(|set| key_of(set)).collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
