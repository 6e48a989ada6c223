//! `cluster`: a cluster that is there already. It is only looked at.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_kube::identify;
use infra_plan::{Change, Field, IdentityClass, Kind, Observed, Readiness, Value};
use infra_provider::{Context, Created, ErrorKind, Goal, ProviderError, Resource, Subject};

use crate::kubeconfig::Contexts;

/// The kind.
pub(crate) static KIND: Kind = Kind {
    name: "cluster",
    fields: &[Field::at_create("name")],
    identity: IdentityClass::UniqueName,
    protected: true,
    waits: false,
    exclusive_within: None,
    dies_with: None,
    expected_seconds: 1.0,
};

/// The kind `cluster`.
pub(crate) struct ClusterResource {
    pub(crate) contexts: Arc<Contexts>,
}

impl ClusterResource {
    async fn look(&self, context: &Context, subject: &Subject) -> Result<Observed, ProviderError> {
        let (name, access) = self.contexts.access(&subject.address).await?;
        let identity =
            identify(context, &access).await.map_err(|error| unreachable(error, &name))?;
        let id = id(identity.uid.as_deref(), &access.server);
        Ok(Observed {
            outputs: Value::map([
                ("id", Value::from(id.as_str())),
                ("name", name.as_str().into()),
                ("endpoint", access.server.as_str().into()),
                ("version", identity.version.as_str().into()),
            ]),
            fields: Value::map([("name", Value::from(subject.inputs.text_at("name")))]),
            readiness: Readiness::Ready,
            ours: false,
            ..Observed::ready(id)
        })
    }
}

/// Who may not read the namespace knows the cluster by its server.
pub(crate) fn id(uid: Option<&str>, server: &str) -> String {
    uid.map_or_else(|| server.to_owned(), str::to_owned)
}

/// Errors of the API with what one can do about a cluster that one has not made.
pub(crate) fn unreachable(error: ProviderError, name: &str) -> ProviderError {
    let step = match error.kind {
        ErrorKind::Unavailable | ErrorKind::TimedOut => format!(
            "start the cluster of the context `{name}`, or name another context; `kubectl --context {name} version` asks the same"
        ),
        ErrorKind::Unauthenticated => {
            format!("log in anew, so that the kubeconfig's context `{name}` has a valid credential")
        }
        _ => return error,
    };
    error.set(step)
}

fn refuse<T>(operation: &str) -> Result<T, ProviderError> {
    let message =
        "the cluster is not of this deployment: it is used, never made, changed or deleted";
    Err(ProviderError::new(ErrorKind::Unsupported, operation, message).set(
        "make it with the tools that it was made with, or choose a provider that makes clusters",
    ))
}

impl Resource for ClusterResource {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>> {
        async move { self.look(context, subject).await.map(Some) }.boxed()
    }

    fn create<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>> {
        async { refuse("create the cluster") }.boxed()
    }

    fn update<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async { refuse("change the cluster") }.boxed()
    }

    fn delete<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>> {
        async { refuse("delete the cluster") }.boxed()
    }

    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        _goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>> {
        async move { self.look(context, subject).await.map(|seen| seen.outputs) }.boxed()
    }
}
