//! `registry_integration`: lets the nodes of a cluster pull from a registry. DigitalOcean puts the pull secret into every namespace.

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{Context, Created, Goal, ProviderError, Resource, Subject};

use crate::client::Client;

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "registry_integration",
    fields: &[
        Field::replace("cluster_id"),
        Field::at_create("cluster"),
        Field::replace("registry"),
    ],
    identity: IdentityClass::PutById,
    protected: false,
    waits: false,
    exclusive_within: None,
    dies_with: Some("cluster_id"),
    expected_seconds: 2.0,
};

/// The kind `registry_integration`.
pub(crate) struct RegistryIntegrationResource {
    pub(crate) client: Client,
}

impl RegistryIntegrationResource {
    async fn set(
        &self,
        context: &Context,
        subject: &Subject,
        integrated: bool,
    ) -> Result<(), ProviderError> {
        let (cluster, registry) = names(subject);
        self.client.integrate_registry(context, cluster, registry, integrated).await
    }
}

impl Resource for RegistryIntegrationResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move {
            let (cluster, registry) = names(subject);
            let found = self.client.cluster(context, cluster).await?;
            let integrated = found
                .and_then(|cluster| cluster.registries)
                .is_some_and(|registries| registries.iter().any(|one| one == registry));
            Ok(integrated.then(|| Observed {
                fields: Value::map([
                    ("cluster_id", Value::from(cluster)),
                    ("registry", Value::from(registry)),
                ]),
                readiness: Readiness::Ready,
                ..Observed::ready(format!("{cluster}/{registry}"))
            }))
        }
        .boxed()
    }

    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        async move {
            self.set(context, subject, true).await?;
            let (cluster, registry) = names(subject);
            Ok(Created { id: format!("{cluster}/{registry}"), outputs: Value::Null })
        }
        .boxed()
    }

    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async move { self.set(context, subject, true).await.map(|()| Value::Null) }.boxed()
    }

    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        self.set(context, subject, false).boxed()
    }

    fn wait<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        // The call itself has done it.
        async { Ok(Value::Null) }.boxed()
    }
}

fn names(subject: &Subject) -> (&str, &str) {
    let text = |key: &str| subject.inputs.text_at(key).unwrap_or_default();
    (text("cluster_id"), text("registry"))
}
