//! `registry`: a container registry. Its name is unique in all of DigitalOcean; it can bear no marker.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{
    Context, Created, Goal, Probe, ProviderError, Resource, Schedule, Subject, decode, poll,
};
use serde::Deserialize;
use serde_json::json;

use crate::api::registry::Registry;
use crate::client::Client;
use crate::kinds::cluster::without_nulls;

/// Host of all registries of DigitalOcean, as it stands in image references.
pub(crate) const HOST: &str = "registry.digitalocean.com";

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "registry",
    fields: &[Field::replace("name"), Field::replace("region"), Field::update("tier")],
    identity: IdentityClass::UniqueName,
    protected: true,
    waits: true,
    exclusive_within: None,
    dies_with: None,
    expected_seconds: 15.0,
};

#[derive(Deserialize)]
struct Inputs {
    name: String,
    region: Option<String>,
    tier: String,
}

/// The kind `registry`.
pub(crate) struct RegistryResource {
    pub(crate) client: Client,
}

impl RegistryResource {
    async fn find(
        &self,
        context: &Context,
        subject: &Subject,
    ) -> Result<Option<Registry>, ProviderError> {
        let name =
            subject.id.as_deref().or_else(|| subject.inputs.text_at("name")).unwrap_or_default();
        self.client.registry(context, name).await
    }

    async fn make(&self, context: &Context, subject: &Subject) -> Result<Created, ProviderError> {
        let inputs: Inputs = decode(&subject.inputs)?;
        let body = json!({
            "name": inputs.name,
            "region": inputs.region,
            "subscription_tier_slug": inputs.tier,
        });
        let registry = self.client.create_registry(context, without_nulls(body)).await?;
        Ok(Created { id: registry.name.clone(), outputs: outputs(&registry) })
    }
}

impl Resource for RegistryResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            let found = self.find(context, subject).await?;
            Ok(found.map(|registry| Observed {
                id: registry.name.clone(),
                fields: Value::map([
                    ("name", Value::from(registry.name.as_str())),
                    ("region", Value::from(registry.region.as_str())),
                    ("tier", tier(subject, &registry)),
                ]),
                outputs: outputs(&registry),
                readiness: Readiness::Ready,
                ours: subject.id.is_some(),
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
        async move {
            let inputs: Inputs = decode(&subject.inputs)?;
            self.client.set_registry_tier(context, &inputs.tier).await?;
            Ok(self.find(context, subject).await?.as_ref().map(outputs).unwrap_or_default())
        }
        .boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        async move {
            match &subject.id {
                Some(name) => self.client.delete_registry(context, name).await,
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
        let schedule = Schedule::usual(Duration::from_secs(13), Duration::from_secs(600));
        let look = move || async move {
            let found = self.find(context, subject).await?;
            Ok(match (found, goal) {
                (Some(registry), Goal::Ready) => Probe::Reached(outputs(&registry)),
                (None, Goal::Gone) => Probe::Reached(Value::Null),
                (Some(_), Goal::Gone) => {
                    Probe::NotYet { reason: "the registry is being deleted".into(), blocked: None }
                }
                (None, Goal::Ready) => {
                    Probe::NotYet { reason: "the registry is being made".into(), blocked: None }
                }
            })
        };
        async move { poll(context, "wait for the registry", schedule, look).await }.boxed()
    }
}

/// The tier, if the API tells it (not every token may see it).
fn tier(subject: &Subject, registry: &Registry) -> Value {
    let told = registry.subscription.as_ref().and_then(|subscription| subscription.tier.as_ref());
    match told {
        Some(tier) if !tier.slug.is_empty() => Value::from(tier.slug.as_str()),
        _ => subject.inputs.get("tier").cloned().unwrap_or_default(),
    }
}

fn outputs(registry: &Registry) -> Value {
    Value::map([
        ("id", Value::from(registry.name.as_str())),
        ("host", Value::from(HOST)),
        ("path", Value::from(registry.name.as_str())),
        ("endpoint", Value::from(format!("{HOST}/{}", registry.name))),
    ])
}
