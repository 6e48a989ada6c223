//! [`RunAccess`]: access to the clusters and registries of a run, asked of their providers when it is needed and kept until it nearly
//! expires.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use infra_clock::WorldClock;
use infra_plan::{Address, Marker};
use infra_provider::{
    AccessError, AccessSource, ClusterAccess, Context, ErrorKind, Progress, Provider, RegistryLogin,
};
use tokio_util::sync::CancellationToken;

use crate::{Fleet, SharedKnowledge};

/// A credential that expires sooner than this is asked for anew.
const MARGIN: Duration = Duration::from_secs(300);

/// Access to the clusters and registries of a run.
pub struct RunAccess {
    fleet: Fleet,
    knowledge: SharedKnowledge,
    clock: WorldClock,
    cancel: CancellationToken,
    deployment: Marker,
    clusters: Mutex<HashMap<Address, ClusterAccess>>,
    asking: tokio::sync::Mutex<()>,
}

impl RunAccess {
    /// Access through these providers to what the knowledge has recorded.
    pub fn new(
        fleet: Fleet,
        knowledge: SharedKnowledge,
        clock: WorldClock,
        cancel: CancellationToken,
        deployment: Marker,
    ) -> Arc<Self> {
        let clusters = Mutex::default();
        let asking = tokio::sync::Mutex::default();
        Arc::new(Self { fleet, knowledge, clock, cancel, deployment, clusters, asking })
    }

    fn kept(&self, cluster: &Address) -> Option<ClusterAccess> {
        let kept =
            self.clusters.lock().unwrap_or_else(PoisonError::into_inner).get(cluster).cloned()?;
        let fresh = |expires: SystemTime| expires > infra_clock::wall_now() + MARGIN;
        kept.expires.is_none_or(fresh).then_some(kept)
    }

    /// The provider and the id of what is recorded at an address.
    fn owner(&self, address: &Address) -> Result<(Arc<dyn Provider>, String), AccessError> {
        let knowledge = self.knowledge.lock();
        let record = knowledge.records.get(address).ok_or(AccessError::Absent)?;
        let provider = self.fleet.provider(&record.provider).ok_or(AccessError::Absent)?;
        Ok((Arc::clone(provider), record.id.clone()))
    }

    fn context(self: &Arc<Self>) -> Context {
        Context {
            clock: self.clock.clone(),
            progress: Progress::default(),
            cancel: self.cancel.clone(),
            deployment: self.deployment.clone(),
            access: self.source(),
        }
    }

    async fn ask_cluster(
        self: &Arc<Self>,
        cluster: &Address,
    ) -> Result<ClusterAccess, AccessError> {
        // One question at a time: all tasks of a run ask at the same moment, when the cluster becomes ready.
        let _turn = self.asking.lock().await;
        if let Some(kept) = self.kept(cluster) {
            return Ok(kept);
        }
        let (provider, id) = self.owner(cluster)?;
        let access =
            provider.cluster_access(&self.context(), cluster, &id).await.map_err(absent_or)?;
        self.clusters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(cluster.clone(), access.clone());
        Ok(access)
    }
}

fn absent_or(error: infra_provider::ProviderError) -> AccessError {
    if error.kind == ErrorKind::NotFound {
        AccessError::Absent
    } else {
        AccessError::Provider(error)
    }
}

/// [`RunAccess`] behind its own `Arc`, so that it can hand itself on.
#[derive(Clone)]
struct Shared(Arc<RunAccess>);

impl RunAccess {
    /// This as what resources ask.
    pub fn source(self: &Arc<Self>) -> Arc<dyn AccessSource> {
        Arc::new(Shared(Arc::clone(self)))
    }
}

impl AccessSource for Shared {
    fn access<'run>(
        &'run self,
        cluster: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>> {
        Box::pin(async move {
            match self.0.kept(cluster) {
                Some(kept) => Ok(kept),
                None => self.0.ask_cluster(cluster).await,
            }
        })
    }

    fn registry<'run>(
        &'run self,
        registry: &'run Address,
        write: bool,
    ) -> BoxFuture<'run, Result<RegistryLogin, AccessError>> {
        Box::pin(async move {
            let (provider, id) = self.0.owner(registry)?;
            provider.registry_login(&self.0.context(), &id, write).await.map_err(absent_or)
        })
    }

    fn forget(&self, cluster: &Address) {
        self.0.clusters.lock().unwrap_or_else(PoisonError::into_inner).remove(cluster);
    }
}
