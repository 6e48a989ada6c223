//! `smoke_test`: a Job that shows that an item works. Its outcome decides; a passed test is noted in the cluster and not run again until
//! what it tests has changed.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_kube::{Clients, Cluster, JobOutcome, Json, ObjectRef, Propagation, run_job, wait_gone};
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject};
use serde_json::json;

use super::place::{CALL, GONE, cluster, find_cluster, owner_annotation, text, untold};

/// What the planner must know.
pub static KIND: Kind = Kind {
    name: "smoke_test",
    fields: &[
        Field::at_create("cluster"),
        Field::replace("cluster_id"),
        Field::replace("namespace"),
        Field::at_create("timeout"),
    ],
    identity: IdentityClass::UniqueName,
    protected: false,
    waits: true,
    exclusive_within: None,
    dies_with: Some("cluster_id"),
    expected_seconds: 15.0,
};

/// World time that a test may take, unless it says otherwise.
const TIMEOUT: u64 = 300;

/// Smoke tests.
pub struct SmokeTest {
    clients: Arc<Clients>,
}

impl SmokeTest {
    /// With these connections.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// Begins a run; an earlier one, and its result, goes before.
    async fn begin(&self, context: &Context, subject: &Subject) -> Result<(), ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        let job = job(subject)?;
        cluster.delete_object(&result(subject)?, Propagation::Background).await?;
        if cluster.delete_object(&job, Propagation::Background).await? {
            wait_gone(&cluster, std::slice::from_ref(&job), GONE).await?;
        }
        cluster.apply(&manifest(context, subject)?, true, false).await?;
        Ok(())
    }

    async fn finish(&self, context: &Context, subject: &Subject) -> Result<Value, ProviderError> {
        let cluster = cluster(&self.clients, context, subject).await?;
        if cluster.get(&result(subject)?).await?.is_some() {
            return Ok(passed());
        }
        let job = job(subject)?;
        if cluster.get(&job).await?.is_none() {
            self.begin(context, subject).await?;
        }
        let timeout = match subject.inputs.get("timeout") {
            Some(Value::Number(number)) => number.as_u64().unwrap_or(TIMEOUT),
            _ => TIMEOUT,
        };
        let operation = || format!("run {}", subject.address);
        match run_job(&cluster, &job, Duration::from_secs(timeout)).await? {
            JobOutcome::Completed => {}
            JobOutcome::Failed(reason) => {
                return Err(ProviderError::new(
                    ErrorKind::Failed,
                    operation(),
                    format!("the smoke test failed: {reason}"),
                )
                .set("see its output above; the Job stays in the cluster until the next run"));
            }
            JobOutcome::Absent => {
                let message = "somebody deleted its Job while it ran";
                return Err(ProviderError::new(ErrorKind::Conflict, operation(), message));
            }
        }
        note_result(&cluster, context, subject).await?;
        cluster.delete_object(&job, Propagation::Background).await?;
        Ok(passed())
    }
}

/// The item's name, as it stands in the names of the test's objects.
fn object_name(subject: &Subject) -> String {
    let item = subject.address.as_str().split('/').nth(1).unwrap_or_default();
    let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    format!("smoke-test-{}", item.chars().map(legal).take(40).collect::<String>())
}

fn job(subject: &Subject) -> Result<ObjectRef, ProviderError> {
    let namespace = text(&subject.inputs, "namespace")?;
    Ok(ObjectRef::new("batch/v1", "Job", Some(namespace), &object_name(subject)))
}

fn result(subject: &Subject) -> Result<ObjectRef, ProviderError> {
    let namespace = text(&subject.inputs, "namespace")?;
    Ok(ObjectRef::new("v1", "ConfigMap", Some(namespace), &object_name(subject)))
}

fn manifest(context: &Context, subject: &Subject) -> Result<Json, ProviderError> {
    let job = job(subject)?;
    let json = |key: &str| subject.inputs.get(key).and_then(Value::to_clear_json);
    let environment = json("environment").unwrap_or_else(|| json!({}));
    let environment: Vec<Json> = environment
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let secrets = json("pull_secrets").and_then(|names| names.as_array().cloned());
    let secrets: Vec<Json> =
        secrets.unwrap_or_default().into_iter().map(|name| json!({ "name": name })).collect();
    let labels = json!({ "app.kubernetes.io/managed-by": "infra", "app.kubernetes.io/component": "smoke-test" });
    Ok(json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job.name,
            "namespace": job.namespace,
            "labels": labels,
            "annotations": { owner_annotation(): context.deployment.of(&subject.address) },
        },
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "restartPolicy": "Never",
                    "imagePullSecrets": secrets,
                    "containers": [{
                        "name": "test",
                        "image": text(&subject.inputs, "image")?,
                        "command": json("command").unwrap_or_else(|| json!([])),
                        "env": environment,
                    }],
                },
            },
        },
    }))
}

async fn note_result(
    cluster: &Cluster,
    context: &Context,
    subject: &Subject,
) -> Result<(), ProviderError> {
    let place = result(subject)?;
    let object = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": place.name,
            "namespace": place.namespace,
            "labels": { "app.kubernetes.io/managed-by": "infra" },
            "annotations": { owner_annotation(): context.deployment.of(&subject.address) },
        },
        "data": { "outcome": "passed", "revision": subject.inputs.text_at("revision").unwrap_or_default() },
    });
    cluster.apply(&object, true, false).await?;
    Ok(())
}

fn passed() -> Value {
    Value::map([("outcome", Value::from("passed"))])
}

impl Resource for SmokeTest {
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
            // Only a test that has passed counts as there; any other is run again.
            let place = result(subject)?;
            let Some(live) = cluster.get(&place).await? else { return Ok(None) };
            let mut observed = Observed::ready(place.to_string());
            let revision = live.pointer("/data/revision").and_then(Json::as_str);
            observed.fields = Value::map([
                ("cluster_id", untold(subject, "cluster_id")),
                ("namespace", untold(subject, "namespace")),
                ("revision", revision.unwrap_or_default().into()),
            ]);
            observed.outputs = passed();
            Ok(Some(observed))
        })
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        Box::pin(async move {
            self.begin(context, subject).await?;
            Ok(Created { id: result(subject)?.to_string(), outputs: Value::Null })
        })
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        Box::pin(async move {
            self.begin(context, subject).await?;
            Ok(Value::Null)
        })
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        Box::pin(async move {
            if let Some(cluster) = find_cluster(&self.clients, context, subject).await? {
                cluster.delete_object(&result(subject)?, Propagation::Background).await?;
                cluster.delete_object(&job(subject)?, Propagation::Background).await?;
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
            if goal == Goal::Ready {
                return self.finish(context, subject).await;
            }
            if let Some(cluster) = find_cluster(&self.clients, context, subject).await? {
                wait_gone(&cluster, &[result(subject)?, job(subject)?], GONE).await?;
            }
            Ok(Value::Null)
        })
    }
}
