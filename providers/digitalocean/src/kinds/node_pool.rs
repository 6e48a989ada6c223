//! `node_pool`: a node pool of a DOKS cluster. Its name is unique within the cluster; marked by a tag besides. The first pool is made
//! with the cluster, and found here.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{
    Context, Created, ErrorKind, Goal, Probe, ProviderError, Resource, Schedule, Subject, decode,
    poll,
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::api::kubernetes::{NodePool, Taint};
use crate::client::Client;
use crate::kinds::cluster::{has_tag, own_tags};

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "node_pool",
    fields: &[
        Field::replace("name"),
        Field::replace("cluster_id"),
        Field::at_create("cluster"),
        Field::replace("size"),
        Field::update("count"),
        Field::update("autoscale"),
        Field::update("labels"),
        Field::update("taints"),
        Field::update("tags"),
    ],
    identity: IdentityClass::UniqueName,
    protected: false,
    waits: true,
    exclusive_within: None,
    dies_with: Some("cluster_id"),
    expected_seconds: 120.0,
};

/// What a pool is made of.
#[derive(Deserialize, Clone)]
pub(crate) struct PoolInputs {
    pub(crate) name: String,
    #[serde(default)]
    cluster_id: String,
    size: String,
    count: Option<u64>,
    autoscale: Option<Autoscale>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    taints: Vec<Taint>,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize, Clone, Copy)]
struct Autoscale {
    min: u64,
    max: u64,
}

impl PoolInputs {
    /// The body of a request, with the owner marker among the tags.
    pub(crate) fn body(&self, marker: &str) -> Json {
        let mut tags = self.tags.clone();
        tags.push(marker.to_owned());
        let mut body = json!({
            "name": self.name,
            "size": self.size,
            "count": self.count.or(self.autoscale.map(|scale| scale.min)).unwrap_or(1),
            "auto_scale": self.autoscale.is_some(),
            "labels": self.labels,
            "taints": self.taints,
            "tags": tags,
        });
        if let (Some(scale), Some(body)) = (self.autoscale, body.as_object_mut()) {
            body.insert("min_nodes".into(), scale.min.into());
            body.insert("max_nodes".into(), scale.max.into());
        }
        body
    }
}

/// The kind `node_pool`.
pub(crate) struct NodePoolResource {
    pub(crate) client: Client,
}

impl NodePoolResource {
    async fn find(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<NodePool>, ProviderError> {
        let cluster = subject.inputs.text_at("cluster_id").unwrap_or_default();
        match &subject.id {
            Some(id) => self.client.node_pool(context, cluster, id).await,
            None => {
                let name = subject.inputs.text_at("name").unwrap_or_default();
                let pools = self.client.node_pools(context, cluster).await?;
                Ok(pools.into_iter().find(|pool| pool.name == name))
            }
        }
    }

    async fn make(&self, context: &Context, subject: &Subject) -> Result<Created, ProviderError> {
        let inputs: PoolInputs = decode(&subject.inputs)?;
        let marker = context.deployment.of(&subject.address);
        let there = self.client.node_pools(context, &inputs.cluster_id).await?;
        if let Some(pool) =
            there.into_iter().find(|pool| pool.name == inputs.name && has_tag(&pool.tags, &marker))
        {
            context.progress.message("it was made with the cluster");
            return Ok(Created { id: pool.id.clone(), outputs: outputs(&pool) });
        }
        let pool =
            self.client.create_node_pool(context, &inputs.cluster_id, inputs.body(&marker)).await?;
        Ok(Created { id: pool.id.clone(), outputs: outputs(&pool) })
    }

    async fn change(&self, context: &Context, subject: &Subject) -> Result<Value, ProviderError> {
        let inputs: PoolInputs = decode(&subject.inputs)?;
        let id = subject.id.as_deref().unwrap_or_default();
        let mut body = inputs.body(&context.deployment.of(&subject.address));
        if let Some(body) = body.as_object_mut() {
            // It cannot be changed, and is refused.
            body.remove("size");
            if inputs.autoscale.is_some() {
                // The autoscaler decides; what it has decided stays.
                let now = self.client.node_pool(context, &inputs.cluster_id, id).await?;
                body.insert("count".into(), now.map_or(1, |pool| pool.count).into());
            }
        }
        let pool = self.client.update_node_pool(context, &inputs.cluster_id, id, body).await?;
        Ok(outputs(&pool))
    }

    async fn probe(
        &self,
        context: &Context,
        subject: &Subject,
        goal: Goal,
    ) -> Result<Probe, ProviderError> {
        let Some(pool) = self.find(context, subject).await? else {
            return match goal {
                Goal::Gone => {
                    let marker = context.deployment.of(&subject.address);
                    self.client.tidy_tags(context, |tag| tag == marker).await?;
                    Ok(Probe::Reached(Value::Null))
                }
                Goal::Ready => Err(ProviderError::new(
                    ErrorKind::NotFound,
                    "wait for the nodes",
                    "the pool is not there any more",
                )),
            };
        };
        match readiness(&pool) {
            Readiness::Ready if goal == Goal::Ready => Ok(Probe::Reached(outputs(&pool))),
            Readiness::Pending { reason, blocked } if goal == Goal::Ready => {
                Ok(Probe::NotYet { reason, blocked })
            }
            _ => {
                let left = pool.nodes.as_ref().map_or(0, Vec::len);
                Ok(Probe::NotYet {
                    reason: format!("{left} nodes are being removed"),
                    blocked: None,
                })
            }
        }
    }
}

impl Resource for NodePoolResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            let marker = context.deployment.of(&subject.address);
            let found = self.find(context, subject).await?;
            Ok(found.map(|pool| Observed {
                id: pool.id.clone(),
                fields: fields(subject, &pool),
                outputs: outputs(&pool),
                readiness: readiness(&pool),
                ours: has_tag(&pool.tags, &marker),
                rows: None,
                remarks: Vec::new(),
            }))
        }
        .boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        self.make(context, subject).boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        self.change(context, subject).boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        async move {
            let cluster = subject.inputs.text_at("cluster_id").unwrap_or_default();
            match &subject.id {
                Some(id) => self.client.delete_node_pool(context, cluster, id).await,
                None => Ok(()),
            }
        }
        .boxed()
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        let schedule = Schedule::usual(Duration::from_secs(90), Duration::from_secs(30 * 60));
        let operation = if goal == Goal::Ready {
            "wait for the nodes"
        } else {
            "wait until the nodes are gone"
        };
        async move { poll(context, operation, schedule, || self.probe(context, subject, goal)).await }.boxed()
    }
}

fn fields(subject: &Subject, pool: &NodePool) -> Value {
    let text = |value: &str| Value::from(value);
    let labels = pool.labels.clone().unwrap_or_default();
    let mut taints = pool.taints.clone().unwrap_or_default();
    taints.sort();
    let taints = taints.into_iter().map(|taint| {
        Value::map([
            ("key", text(&taint.key)),
            ("value", text(&taint.value)),
            ("effect", text(&taint.effect)),
        ])
    });
    let autoscale = pool.auto_scale.then(|| {
        Value::map([("min", Value::from(pool.min_nodes)), ("max", Value::from(pool.max_nodes))])
    });
    // How many nodes an autoscaler has decided on is no difference.
    let count = (!pool.auto_scale).then_some(pool.count);
    Value::map([
        ("name", text(&pool.name)),
        ("cluster_id", subject.inputs.get("cluster_id").cloned().unwrap_or_default()),
        ("size", text(&pool.size)),
        ("count", Value::from(count)),
        ("autoscale", autoscale.unwrap_or_default()),
        ("labels", Value::map(labels.into_iter().map(|(key, value)| (key, Value::from(value))))),
        ("taints", Value::List(taints.collect())),
        ("tags", own_tags(&pool.tags)),
    ])
}

fn readiness(pool: &NodePool) -> Readiness {
    let nodes = pool.nodes.as_deref().unwrap_or_default();
    let running = nodes.iter().filter(|node| node.status.state == "running").count();
    if running == nodes.len() && nodes.len() as u64 == pool.count {
        return Readiness::Ready;
    }
    let trouble =
        nodes.iter().map(|node| &node.status.message).find(|message| !message.is_empty()).cloned();
    let going = nodes
        .iter()
        .filter(|node| matches!(node.status.state.as_str(), "draining" | "deleting"))
        .count();
    let reason = if going > 0 {
        format!("{running} of {} nodes running, {going} being removed", pool.count)
    } else {
        format!("{running} of {} nodes running", pool.count)
    };
    Readiness::Pending { reason, blocked: trouble }
}

fn outputs(pool: &NodePool) -> Value {
    let nodes = pool.nodes.as_deref().unwrap_or_default();
    let list = |values: Vec<&String>| {
        Value::List(
            values
                .into_iter()
                .filter(|value| !value.is_empty())
                .map(|value| Value::from(value.as_str()))
                .collect(),
        )
    };
    Value::map([
        ("id", Value::from(pool.id.as_str())),
        ("name", Value::from(pool.name.as_str())),
        ("nodes", list(nodes.iter().map(|node| &node.name).collect())),
        ("droplets", list(nodes.iter().map(|node| &node.droplet_id).collect())),
    ])
}
