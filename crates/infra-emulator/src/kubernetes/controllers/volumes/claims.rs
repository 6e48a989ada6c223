//! Claims: bound to a fitting volume, or provisioned by their class, now or with their first consumer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::binding::{annotate, bind, class_of, fitting};
use crate::kubernetes::controllers::objects::{
    has_finalizer, is_finished, is_going, items, key_of, name, pair, set_finalizer, text, uid,
};
use crate::kubernetes::controllers::queue::WorkKey;
use crate::kubernetes::controllers::runner::{Controller, Outcome, World};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client, DEFAULT_PROVISIONER, Quantity};
use crate::surroundings::{Provisioned, VolumeRequest};

const CLAIMS: &str = "persistentvolumeclaims";
const PROTECTION: &str = "kubernetes.io/pvc-protection";
/// The annotation by which a scheduler asks for a claim's volume.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// The finalizer of a volume that must be deleted in the cloud.
pub(super) const PROVISIONER_FINALIZER: &str =
    "external-provisioner.volume.kubernetes.io/finalizer";
const BINDER: &str = "persistentvolume-controller";
const PENDING: Duration = Duration::from_secs(1);
const REFUSED: Duration = Duration::from_secs(15);

/// The controller of claims.
pub(in crate::kubernetes::controllers) struct Claims {
    client: Client,
    world: World,
    provisioners: HashSet<String>,
}

impl Claims {
    /// With access to the API and the cloud.
    pub(in crate::kubernetes::controllers) fn new(client: Client, world: World) -> Self {
        let shipped = world.surroundings.storage_classes();
        let provisioners = shipped
            .iter()
            .map(|class| text(class, "/provisioner").to_owned())
            .chain([DEFAULT_PROVISIONER.to_owned()])
            .collect();
        Self { client, world, provisioners }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(claim) = self.client.get(CLAIMS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        if is_going(&claim) {
            return self.protect(&claim).await.map(|()| None);
        }
        if text(&claim, "/status/phase") == "Bound" {
            return self.check_volume(&claim).await;
        }
        if let Some(volume) = fitting(&self.client, &claim) {
            bind(&self.client, &claim, &volume).await?;
            return Ok(None);
        }
        self.find_or_provision(&claim).await
    }

    /// A claim is kept while a pod uses it.
    async fn protect(&self, claim: &Value) -> Result<(), Status> {
        if !has_finalizer(claim, PROTECTION) || self.is_used(claim) {
            return Ok(());
        }
        self.client
            .modify(CLAIMS, "", pair(claim), |claim| set_finalizer(claim, PROTECTION, false))
            .await
            .map(|_| ())
    }

    fn is_used(&self, claim: &Value) -> bool {
        let (namespace, own) = pair(claim);
        self.client
            .list("pods", Some(namespace))
            .iter()
            .any(|pod| !is_finished(pod) && claims_of(pod).contains(&own))
    }

    async fn check_volume(&self, claim: &Value) -> Outcome {
        let volume = text(claim, "/spec/volumeName");
        if self.client.get("persistentvolumes", "", volume).is_none() {
            self.client
                .modify(CLAIMS, "status", pair(claim), |claim| {
                    claim["status"]["phase"] = json!("Lost");
                })
                .await?;
            let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            self.tell(claim, "Warning", "ClaimLost", message).await;
        }
        Ok(None)
    }

    async fn find_or_provision(&self, claim: &Arc<Value>) -> Outcome {
        let class_name = class_of(claim);
        if class_name.is_empty() || !text(claim, "/spec/volumeName").is_empty() {
            let message =
                "no persistent volumes available for this claim and no storage class is set";
            self.tell(claim, "Normal", "FailedBinding", message).await;
            return Ok(None);
        }
        let class = self.client.get("storage.k8s.io/storageclasses", "", class_name);
        let Some(class) = class else {
            let message = format!("storageclass.storage.k8s.io {class_name:?} not found");
            self.tell(claim, "Warning", "ProvisioningFailed", &message).await;
            return Ok(None);
        };
        let waits = text(&class, "/volumeBindingMode") == "WaitForFirstConsumer"
            && claim["metadata"]["annotations"].get(SELECTED_NODE).is_none();
        if waits {
            let message = "waiting for first consumer to be created before binding";
            self.tell(claim, "Normal", "WaitForFirstConsumer", message).await;
            return Ok(None);
        }
        let provisioner = text(&class, "/provisioner").to_owned();
        if provisioner == "kubernetes.io/no-provisioner" {
            return Ok(None);
        }
        if claim["metadata"]["annotations"]
            .get("volume.kubernetes.io/storage-provisioner")
            .is_none()
        {
            self.client
                .modify(CLAIMS, "", pair(claim), |claim| {
                    for key in [
                        "volume.beta.kubernetes.io/storage-provisioner",
                        "volume.kubernetes.io/storage-provisioner",
                    ] {
                        annotate(claim, key, &provisioner);
                    }
                })
                .await?;
            let message = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            self.tell(claim, "Normal", "ExternalProvisioning", &message).await;
        }
        if !self.provisioners.contains(&provisioner) {
            return Ok(None);
        }
        self.provision(claim, &class, &provisioner).await
    }

    async fn provision(&self, claim: &Arc<Value>, class: &Value, provisioner: &str) -> Outcome {
        let size =
            Quantity::of(&claim["spec"]["resources"]["requests"]["storage"]).unwrap_or_default();
        let request = VolumeRequest {
            cluster_id: self.world.cluster_id.clone(),
            claim_uid: uid(claim).to_owned(),
            bytes: u64::try_from(size.in_whole()).unwrap_or(0),
            provisioner: provisioner.to_owned(),
            parameters: class["parameters"]
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect(),
        };
        match self.world.surroundings.ensure_volume(request).await {
            Provisioned::Pending(_) => Ok(Some(PENDING)),
            Provisioned::Refused(reason) => {
                let message = format!(
                    "failed to provision volume with StorageClass {:?}: {reason}",
                    name(class)
                );
                let client = &self.client;
                client
                    .event_from(provisioner, claim, "Warning", "ProvisioningFailed", &message)
                    .await;
                Ok(Some(REFUSED))
            }
            Provisioned::Ready(handle) => {
                self.create_volume(claim, class, provisioner, &handle).await?;
                Ok(None)
            }
        }
    }

    async fn create_volume(
        &self,
        claim: &Arc<Value>,
        class: &Value,
        provisioner: &str,
        handle: &str,
    ) -> Result<(), Status> {
        let volume_name = format!("pvc-{}", uid(claim));
        let reclaim = text(class, "/reclaimPolicy");
        let object = json!({
            "metadata": {
                "name": volume_name,
                "annotations": {PROVISIONED_BY: provisioner},
                "finalizers": [PROVISIONER_FINALIZER],
            },
            "spec": {
                "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
                "accessModes": claim["spec"]["accessModes"],
                "volumeMode": claim["spec"]["volumeMode"],
                "persistentVolumeReclaimPolicy": if reclaim.is_empty() { "Delete" } else { reclaim },
                "storageClassName": name(class),
                "csi": {"driver": provisioner, "volumeHandle": handle, "fsType": "ext4"},
                "claimRef": {
                    "kind": "PersistentVolumeClaim",
                    "apiVersion": "v1",
                    "namespace": claim["metadata"]["namespace"],
                    "name": name(claim),
                    "uid": uid(claim),
                    "resourceVersion": claim["metadata"]["resourceVersion"],
                },
            },
        });
        let volume = match self.client.create("persistentvolumes", object).await {
            Err(status) if status.reason == "AlreadyExists" => {
                match self.client.get("persistentvolumes", "", &volume_name) {
                    Some(volume) => volume,
                    None => return Ok(()),
                }
            }
            answer => answer?,
        };
        let message = format!("Successfully provisioned volume {volume_name}");
        let client = &self.client;
        client.event_from(provisioner, claim, "Normal", "ProvisioningSucceeded", &message).await;
        bind(&self.client, claim, &volume).await
    }

    async fn tell(&self, claim: &Value, kind: &str, reason: &str, message: &str) {
        self.client.event_from(BINDER, claim, kind, reason, message).await;
    }
}

/// The claims that a pod uses; those of ephemeral volumes are named after pod and volume.
fn claims_of(pod: &Value) -> Vec<&str> {
    items(pod, "/spec/volumes")
        .map(|volume| text(volume, "/persistentVolumeClaim/claimName"))
        .filter(|name| !name.is_empty())
        .collect()
}

impl Controller for Claims {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        match &*change.key.resource {
            CLAIMS => vec![WorkKey::new(&change.key.namespace, &change.key.name)],
            // An unbound claim may fit a new volume; a bound one may have lost its own.
            "persistentvolumes" => {
                let reference = &change.object["spec"]["claimRef"];
                if !reference.is_null() {
                    let (namespace, name) =
                        (text(reference, "/namespace"), text(reference, "/name"));
                    return vec![WorkKey::new(namespace, name)];
                }
                self.unbound(|_| true)
            }
            "storage.k8s.io/storageclasses" => {
                self.unbound(|claim| class_of(claim) == change.key.name)
            }
            "pods" => claims_of(&change.object)
                .into_iter()
                .map(|name| WorkKey::new(&change.key.namespace, name))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}

impl Claims {
    fn unbound(&self, also: impl Fn(&Value) -> bool) -> Vec<WorkKey> {
        self.client
            .list(CLAIMS, None)
            .iter()
            .filter(|claim| text(claim, "/status/phase") != "Bound" && also(claim))
            .map(|claim| key_of(claim))
            .collect()
    }
}
