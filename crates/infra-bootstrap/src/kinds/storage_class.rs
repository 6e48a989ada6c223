//! `storage_class`: a storage class, and which one is the default.
//!
//! There is always exactly one default: ours is marked before the mark of another is taken away (of two, Kubernetes takes the newer
//! one), and when ours goes, the one that was the default before is marked again.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_kube::{Clients, Cluster, Json, ObjectRef, PREFIX, Propagation, wait_gone};
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject};
use serde_json::json;

use super::place::{
    CALL, GONE, Owner, cluster, find_cluster, owner, owner_annotation, text, untold,
};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "storage_class",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("name"),
        Field::update("default"),
        Field::replace("provisioner"),
        Field::replace("parameters"),
        Field::replace("reclaim_policy"),
        Field::replace("volume_binding_mode"),
        Field::update("allow_volume_expansion"),
    ],
    identity: IdentityClass::UniqueName,
    protected: false,
    waits: false,
    // Two that switch the default at a time would leave two defaults.
    exclusive_within: Some("cluster"),
    dies_with: Some("cluster_id"),
    expected_seconds: 0.5,
};

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// Storage classes.
pub struct StorageClass {
    clients: Arc<Clients>,
}

impl StorageClass {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    async fn apply(&self, context: &Context, subject: &Subject) -> Result<Value, ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let name = text(&subject.inputs, "name")?;
        let others = others(&cluster, name).await?;
        let wants_default = subject.inputs.get("default") == Some(&Value::Bool(true));
        let object = class(context, subject, &cluster, &others, wants_default).await?;
        cluster.apply(&object, wants_default, false).await?;
        if wants_default {
            for other in others.iter().filter(|other| is_default(other)) {
                mark(&cluster, other, false).await?;
            }
        }
        Ok(outputs(name))
    }
}

/// Our class, as it is applied.
async fn class(
    context: &Context,
    subject: &Subject,
    cluster: &Cluster,
    others: &[Json],
    wants_default: bool,
) -> Result<Json, ProviderError> {
    let object = reference(subject)?;
    let live = cluster.get(&object).await?.unwrap_or_default();
    let model = others.iter().find(|other| is_default(other)).or_else(|| others.first());
    let given = |key: &str| {
        let value = subject.inputs.get(key).and_then(Value::to_clear_json)?;
        let empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        (!empty).then_some(value)
    };
    // What exists cannot be changed: the provisioner that was taken from the cluster's default stays.
    let from = |field: &str| {
        let live = live.get(field).cloned();
        live.or_else(|| model.and_then(|model| model.get(field).cloned()))
    };
    let provisioner = given("provisioner").or_else(|| from("provisioner")).ok_or_else(|| {
        let message = "the cluster has no storage class whose provisioner could be taken";
        ProviderError::new(ErrorKind::Invalid, format!("make {}", subject.address), message)
            .set("give the class a `provisioner`")
    })?;
    let mut annotations = json!({
        owner_annotation(): context.deployment.of(&subject.address),
        DEFAULT: if wants_default { "true" } else { "false" },
    });
    let former = others.iter().find(|other| is_default(other)).and_then(name_of);
    let kept = annotation(&live, &former_annotation()).map(str::to_owned);
    if let Some(former) = former.or(kept).filter(|_| wants_default) {
        annotations[former_annotation()] = former.into();
    }
    let mut class = json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": { "name": object.name, "annotations": annotations },
        "provisioner": provisioner,
    });
    let fields = [
        ("parameters", "parameters"),
        ("reclaimPolicy", "reclaim_policy"),
        ("volumeBindingMode", "volume_binding_mode"),
        ("allowVolumeExpansion", "allow_volume_expansion"),
    ];
    for (field, key) in fields {
        // Of a class without a provisioner of its own, everything that is not said is the model's.
        let inherited = || given("provisioner").is_none().then(|| from(field)).flatten();
        if let Some(value) = given(key).or_else(inherited) {
            class[field] = value;
        }
    }
    Ok(class)
}

/// Whether the file says nothing about a field.
pub(crate) fn is_open(value: &Value) -> bool {
    value.is_null() || matches!(value, Value::Map(map) if map.is_empty())
}

fn former_annotation() -> String {
    format!("{PREFIX}/former-default")
}

fn reference(subject: &Subject) -> Result<ObjectRef, ProviderError> {
    let name = text(&subject.inputs, "name")?;
    Ok(ObjectRef::new("storage.k8s.io/v1", "StorageClass", None, name))
}

fn annotation<'class>(class: &'class Json, name: &str) -> Option<&'class str> {
    class.pointer("/metadata/annotations")?.get(name)?.as_str()
}

fn is_default(class: &Json) -> bool {
    annotation(class, DEFAULT) == Some("true")
}

fn name_of(class: &Json) -> Option<String> {
    class.pointer("/metadata/name")?.as_str().map(str::to_owned)
}

async fn others(cluster: &Cluster, name: &str) -> Result<Vec<Json>, ProviderError> {
    let path = "/apis/storage.k8s.io/v1/storageclasses";
    let mut list = cluster.get_path(path, "list storage classes").await?;
    let items = list.get_mut("items").map(Json::take);
    let items = items.and_then(|items| items.as_array().cloned()).unwrap_or_default();
    Ok(items.into_iter().filter(|class| name_of(class).as_deref() != Some(name)).collect())
}

async fn mark(cluster: &Cluster, class: &Json, default: bool) -> Result<(), ProviderError> {
    let Some(name) = name_of(class) else { return Ok(()) };
    let object = ObjectRef::new("storage.k8s.io/v1", "StorageClass", None, &name);
    let word = if default { "true" } else { "false" };
    let patch = json!({ "metadata": { "annotations": { DEFAULT: word } } });
    cluster.merge(&object, &patch).await?;
    Ok(())
}

impl Resource for StorageClass {
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
            let default = is_default(&live);
            let lone = !default
                || others(&cluster, &object.name).await?.iter().all(|other| !is_default(other));
            let mut observed = Observed::ready(object.name.clone());
            observed.ours = owner(context, &subject.address, &live) == Owner::Us;
            let told =
                |field: &str| Value::from_plain_json(live.get(field).cloned().unwrap_or_default());
            let mut fields = vec![
                ("cluster_id", untold(subject, "cluster_id")),
                ("name", Value::from(object.name.as_str())),
                // A second default besides ours must go as well.
                ("default", if default && !lone { "ambiguous".into() } else { default.into() }),
            ];
            for (key, field) in [
                ("provisioner", "provisioner"),
                ("parameters", "parameters"),
                ("reclaim_policy", "reclaimPolicy"),
                ("volume_binding_mode", "volumeBindingMode"),
                ("allow_volume_expansion", "allowVolumeExpansion"),
            ] {
                // What the file leaves open is as it is.
                let open = subject.inputs.get(key).is_none_or(is_open);
                fields.push((key, if open { untold(subject, key) } else { told(field) }));
            }
            observed.fields = Value::map(fields);
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
            let outputs = self.apply(context, subject).await?;
            Ok(Created { id: reference(subject)?.name, outputs })
        })
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(self.apply(context, subject))
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            let Some(cluster) = find_cluster(&self.clients, context, subject).await? else {
                return Ok(());
            };
            let object = reference(subject)?;
            let Some(live) = cluster.get(&object).await? else { return Ok(()) };
            let former = annotation(&live, &former_annotation()).filter(|_| is_default(&live));
            if let Some(former) = former {
                let others = others(&cluster, &object.name).await?;
                let former = others.iter().find(|other| name_of(other).as_deref() == Some(former));
                if let Some(former) = former {
                    mark(&cluster, former, true).await?;
                }
            }
            cluster.delete_object(&object, Propagation::Background).await?;
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
    Value::map([("name", Value::from(name))])
}
