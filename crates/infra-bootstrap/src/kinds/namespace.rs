//! `namespace`: a namespace that items of the stack live in.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_kube::{Clients, Json, ObjectRef, Propagation, wait_gone};
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{Context, Created, Goal, ProviderError, Resource, Subject};
use serde_json::json;

use super::place::{
    CALL, GONE, Owner, cluster, find_cluster, named_entries, owner, owner_annotation, text, untold,
};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "namespace",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("name"),
        Field::update("labels"),
        Field::update("annotations"),
        Field::at_create("adopt"),
    ],
    identity: IdentityClass::UniqueName,
    protected: true,
    waits: false,
    exclusive_within: None,
    dies_with: Some("cluster_id"),
    expected_seconds: 0.2,
};

/// Namespaces of clusters.
pub struct Namespace {
    clients: Arc<Clients>,
}

impl Namespace {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    async fn apply(&self, context: &Context, subject: &Subject) -> Result<String, ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let name = text(&subject.inputs, "name")?;
        let entries = |key: &str| {
            subject.inputs.get(key).and_then(Value::to_clear_json).unwrap_or_else(|| json!({}))
        };
        let mut annotations = entries("annotations");
        if let Some(map) = annotations.as_object_mut() {
            map.insert(owner_annotation(), context.deployment.of(&subject.address).into());
        }
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": entries("labels"), "annotations": annotations },
        });
        cluster.apply(&object, false, false).await?;
        Ok(name.to_owned())
    }
}

fn reference(subject: &Subject) -> Result<ObjectRef, ProviderError> {
    Ok(ObjectRef::new("v1", "Namespace", None, text(&subject.inputs, "name")?))
}

impl Resource for Namespace {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn call_limit(&self) -> Duration {
        CALL
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        Box::pin(async move {
            let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
                return Ok(None);
            };
            let object = reference(subject)?;
            let Some(live) = cluster.get(&object).await? else { return Ok(None) };
            let adopt = subject.inputs.get("adopt") == Some(&Value::Bool(true));
            let mut observed = Observed::ready(object.name.clone());
            observed.ours = match owner(context, &subject.address, &live) {
                Owner::Us => true,
                Owner::Nobody => adopt || subject.id.is_some(),
                Owner::Other => false,
            };
            if live.pointer("/metadata/deletionTimestamp").is_some() {
                observed.readiness = Readiness::Deleting;
            }
            let entries =
                |key: &str| named_entries(subject, key, live.pointer(&format!("/metadata/{key}")));
            observed.fields = Value::map([
                ("cluster_id", untold(subject, "cluster_id")),
                ("name", Value::from(object.name.as_str())),
                ("labels", entries("labels")),
                ("annotations", entries("annotations")),
            ]);
            observed.outputs = outputs(&object.name);
            Ok(Some(observed))
        })
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(async move {
            let name = self.apply(context, subject).await?;
            Ok(Created { outputs: outputs(&name), id: name })
        })
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move { Ok(outputs(&self.apply(context, subject).await?)) })
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            if let Some(cluster) = find_cluster(&self.clients, context, subject).await? {
                let object = reference(subject)?;
                cluster.delete_object(&object, Propagation::Background).await?;
            }
            Ok(())
        })
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move {
            let object = reference(subject)?;
            if goal == Goal::Gone
                && let Some(cluster) = find_cluster(&self.clients, context, subject).await?
            {
                wait_gone(&cluster, std::slice::from_ref(&object), GONE).await?;
            }
            Ok(outputs(&object.name))
        })
    }
}

fn outputs(name: &str) -> Value {
    Value::map([("name", name)].map(|(key, value)| (key, Value::from(value))))
}

/// The labels or annotations of a namespace that a manifest describes.
pub(crate) fn entries_of(object: &Json, key: &str) -> Value {
    let entries = object.pointer(&format!("/metadata/{key}")).cloned();
    Value::from_plain_json(entries.unwrap_or_else(|| json!({})))
}
