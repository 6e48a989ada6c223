//! One round of work on a deployment.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use super::progress::Progress;
use super::replica_sets::{self, Sets};
use super::rolling;
use crate::kubernetes::controllers::objects::{
    controlled, controlled_by, is_finished, is_going, pair, text,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};

/// The name that its events carry.
pub(super) const COMPONENT: &str = "deployment-controller";
/// The resource of replica sets.
pub(super) const SETS: &str = "apps/replicasets";
/// The resource of deployments.
pub(super) const DEPLOYMENTS: &str = "apps/deployments";

/// The deployment controller.
pub(in crate::kubernetes::controllers) struct Deployments {
    pub(super) client: Client,
    pub(super) progress: Progress,
}

impl Deployments {
    /// With access to the API.
    pub(in crate::kubernetes::controllers) fn new(client: Client) -> Self {
        Self { client, progress: Progress::default() }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(deployment) = self.client.get(DEPLOYMENTS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        let all = controlled(&self.client, SETS, &deployment);
        let sets = Sets::of(&deployment, all);
        if is_going(&deployment) {
            return self.report(&deployment, &sets).await;
        }
        if deployment["spec"]["paused"] == true {
            let sets = rolling::scale_evenly(self, &deployment, sets).await?;
            self.clean_up(&deployment, &sets).await?;
            return self.report(&deployment, &sets).await;
        }
        let sets = if rolling::is_scaling(&deployment, &sets) {
            rolling::scale_evenly(self, &deployment, sets).await?
        } else if text(&deployment, "/spec/strategy/type") == "Recreate" {
            self.recreate(&deployment, sets).await?
        } else {
            let sets = replica_sets::ensure_new(self, &deployment, sets).await?;
            rolling::roll(self, &deployment, sets).await?
        };
        if super::progress::is_complete(&deployment, &sets) {
            self.clean_up(&deployment, &sets).await?;
        }
        self.report(&deployment, &sets).await
    }

    async fn recreate(&self, deployment: &Arc<Value>, mut sets: Sets) -> Result<Sets, Status> {
        for index in 0..sets.old.len() {
            if replica_sets::wanted(&sets.old[index]) > 0 {
                sets.old[index] =
                    replica_sets::scale(self, deployment, &sets.old[index], 0).await?;
            }
        }
        let old_pods_live = sets
            .old
            .iter()
            .any(|set| controlled(&self.client, "pods", set).iter().any(|pod| !is_finished(pod)));
        if old_pods_live {
            return Ok(sets);
        }
        let sets = replica_sets::ensure_new(self, deployment, sets).await?;
        rolling::scale_new_to_full(self, deployment, sets).await
    }

    /// Removes old replica sets beyond `revisionHistoryLimit`.
    async fn clean_up(&self, deployment: &Value, sets: &Sets) -> Result<(), Status> {
        let limit = deployment["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut idle: Vec<_> = sets.old.iter().filter(|set| !is_going(set)).collect();
        idle.sort_by_key(|set| replica_sets::revision(set));
        let surplus = idle.len().saturating_sub(limit);
        for set in &idle[..surplus] {
            let busy = replica_sets::wanted(set) > 0 || set["status"]["replicas"] != 0;
            if !busy {
                self.client.delete(SETS, pair(set), &Default::default()).await?;
            }
        }
        Ok(())
    }
}

impl Controller for Deployments {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        let namespace = &change.key.namespace;
        match &*change.key.resource {
            DEPLOYMENTS => vec![WorkKey::new(namespace, &change.key.name)],
            SETS => controlled_by(&change.object, "Deployment")
                .map(|owner| vec![WorkKey::new(namespace, owner)])
                .unwrap_or_default(),
            // A strategy of Recreate waits for the last old pod to be gone.
            "pods" if change.kind == crate::kubernetes::server::ChangeKind::Deleted => {
                let set = controlled_by(&change.object, "ReplicaSet");
                let set = set.and_then(|set| self.client.get(SETS, namespace, set));
                let owner = set.as_ref().and_then(|set| controlled_by(set, "Deployment"));
                owner.map(|owner| vec![WorkKey::new(namespace, owner)]).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
