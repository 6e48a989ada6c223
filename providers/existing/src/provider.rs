//! [`ExistingClusters`]: the provider, as the rest of the program sees it.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use infra_event::{Diagnostic, Leftover};
use infra_kube::{identify, marked};
use infra_plan::{Address, Node, Plan, Record};
use infra_provider::{
    Capabilities, ClusterAccess, Context, ErrorKind, ExpandRequest, Findings, Provider,
    ProviderError, RegistryLogin, Resource, Survey,
};

use crate::expand;
use crate::kinds::cluster::{self, ClusterResource};
use crate::kubeconfig::Contexts;

/// How many calls run at a time.
const PARALLEL: usize = 8;

/// One instance of the provider: the clusters of one kubeconfig.
pub struct ExistingClusters {
    contexts: Arc<Contexts>,
    capabilities: Capabilities,
}

impl ExistingClusters {
    pub(crate) fn new(contexts: Contexts) -> Self {
        let capabilities = Capabilities {
            provider: crate::TYPE,
            kinds: vec![&cluster::KIND],
            parallel: PARALLEL,
            address: None,
            address_moves: false,
            lists_leftovers: false,
        };
        Self { contexts: Arc::new(contexts), capabilities }
    }

    /// Access to that very cluster: a context that leads elsewhere meanwhile must not let one change what is somebody else's.
    async fn access(
        &self,
        context: &Context,
        cluster: &Address,
        id: &str,
    ) -> Result<ClusterAccess, ProviderError> {
        let (name, access) = self.contexts.access(cluster).await?;
        let found =
            identify(context, &access).await.map_err(|error| cluster::unreachable(error, &name))?;
        if cluster::id(found.uid.as_deref(), &access.server) == id {
            return Ok(access);
        }
        let message = format!(
            "the context `{name}` leads to another cluster than the one that was used before ({id})"
        );
        Err(ProviderError::new(ErrorKind::NotFound, format!("connect to {cluster}"), message)
            .set("name the context of the cluster that was used before; if that cluster is gone, `infra up` begins anew on this one"))
    }

    /// The clusters live on; what is asked is what of ours they still hold.
    async fn left(
        &self,
        context: &Context,
        marker_prefix: &str,
        known: &[Record],
    ) -> Result<Findings, ProviderError> {
        let mut findings = Findings::default();
        for record in known.iter().filter(|record| record.kind == cluster::KIND.name) {
            let access = match self.access(context, &record.address, &record.id).await {
                Ok(access) => access,
                // A cluster that is gone holds nothing any more.
                Err(error) if error.kind == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            findings.asked.push(format!("what bears our marker in {}", record.address));
            let left = marked(context, &access, marker_prefix).await?;
            findings.found.extend(left.into_iter().map(|object| Leftover {
                provider: crate::TYPE.to_owned(),
                kind: object.kind.clone(),
                id: object.to_string(),
                name: object.name.clone(),
                monthly_cost: None,
                because: format!("it bears the marker {marker_prefix}"),
            }));
        }
        Ok(findings)
    }
}

impl Provider for ExistingClusters {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn survey<'call>(
        &'call self,
        _context: &'call Context,
    ) -> BoxFuture<'call, Result<Survey, ProviderError>> {
        // There is nothing to choose, and no quota but those of namespaces.
        async { Ok(Survey::default()) }.boxed()
    }

    fn expand(&self, request: &ExpandRequest<'_>) -> Result<Vec<Node>, Vec<Diagnostic>> {
        expand::expand(request)
    }

    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        let contexts = Arc::clone(&self.contexts);
        (kind == cluster::KIND.name).then(|| Arc::new(ClusterResource { contexts }) as Arc<_>)
    }

    fn preflight(&self, _plan: &Plan, _survey: &Survey) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn cluster_access<'call>(
        &'call self,
        context: &'call Context,
        cluster: &'call Address,
        id: &'call str,
    ) -> BoxFuture<'call, Result<ClusterAccess, ProviderError>> {
        self.access(context, cluster, id).boxed()
    }

    fn registry_login<'call>(
        &'call self,
        _context: &'call Context,
        id: &'call str,
        _write: bool,
    ) -> BoxFuture<'call, Result<RegistryLogin, ProviderError>> {
        let message = format!("a kubeconfig has no registries, and none with the id `{id}`");
        async move {
            Err(ProviderError::new(ErrorKind::Unsupported, "read a login to the registry", message))
        }
        .boxed()
    }

    fn leftovers<'call>(
        &'call self,
        context: &'call Context,
        marker_prefix: &'call str,
        known: &'call [Record],
    ) -> BoxFuture<'call, Result<Findings, ProviderError>> {
        self.left(context, marker_prefix, known).boxed()
    }
}
