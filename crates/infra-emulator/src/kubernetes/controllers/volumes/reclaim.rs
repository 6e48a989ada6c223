//! Volumes: available, released, deleted with their claim or kept, as their policy says.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;

use super::binding::set_phase;
use super::claims::PROVISIONER_FINALIZER;
use crate::kubernetes::controllers::objects::{
    has_finalizer, is_going, name, pair, set_finalizer, text, uid,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome, World};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};

const VOLUMES: &str = "persistentvolumes";
const PROTECTION: &str = "kubernetes.io/pv-protection";
const RELEASING: Duration = Duration::from_secs(1);

/// The controller of volumes.
pub(in crate::kubernetes::controllers) struct Volumes {
    client: Client,
    world: World,
}

impl Volumes {
    /// With access to the API and the cloud.
    pub(in crate::kubernetes::controllers) fn new(client: Client, world: World) -> Self {
        Self { client, world }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(volume) = self.client.get(VOLUMES, "", &key.name) else { return Ok(None) };
        let reference = &volume["spec"]["claimRef"];
        let claimed = !reference.is_null() && !text(reference, "/uid").is_empty();
        let (namespace, claim) = (text(reference, "/namespace"), text(reference, "/name"));
        let bound = claimed
            && self
                .client
                .get("persistentvolumeclaims", namespace, claim)
                .is_some_and(|claim| uid(&claim) == text(reference, "/uid"));
        if is_going(&volume) {
            return self.remove(&volume, bound).await;
        }
        match (claimed, bound) {
            (false, _) => set_phase(&self.client, &volume, "Available").await?,
            (true, true) => {}
            (true, false) => {
                set_phase(&self.client, &volume, "Released").await?;
                if text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
                    self.client.delete(VOLUMES, ("", name(&volume)), &Default::default()).await?;
                }
            }
        }
        Ok(None)
    }

    /// A volume goes when no claim holds it and, if it was provisioned to be deleted, when the cloud has let it go.
    async fn remove(&self, volume: &Value, bound: bool) -> Outcome {
        if bound {
            return Ok(None);
        }
        if has_finalizer(volume, PROVISIONER_FINALIZER) {
            let deletes = text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete";
            let handle = text(volume, "/spec/csi/volumeHandle");
            if deletes && !self.world.surroundings.release_volume(handle).await {
                return Ok(Some(RELEASING));
            }
        }
        self.let_go(volume).await?;
        Ok(None)
    }

    async fn let_go(&self, volume: &Value) -> Result<(), Status> {
        self.client
            .modify(VOLUMES, "", pair(volume), |volume| {
                set_finalizer(volume, PROVISIONER_FINALIZER, false);
                set_finalizer(volume, PROTECTION, false);
            })
            .await
            .map(|_| ())
    }
}

impl Controller for Volumes {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            VOLUMES => vec![WorkKey::new("", &change.key.name)],
            "persistentvolumeclaims" => {
                let volume = text(&change.object, "/spec/volumeName");
                if volume.is_empty() { Vec::new() } else { vec![WorkKey::new("", volume)] }
            }
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
