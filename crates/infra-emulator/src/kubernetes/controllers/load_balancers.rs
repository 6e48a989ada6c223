//! Services of type LoadBalancer: what a cloud controller manager does, through the surroundings.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::objects::{
    has_finalizer, is_going, items, name, namespace, pair, set_finalizer, text, uid,
};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome, World};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::{Change, Client};
use crate::surroundings::{LoadBalancerRequest, Provisioned};

const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
const COMPONENT: &str = "service-controller";
/// How often the cloud is asked again.
const PENDING: Duration = Duration::from_secs(2);
const REFUSED: Duration = Duration::from_secs(30);
const RELEASING: Duration = Duration::from_secs(1);

/// The service controller.
pub(super) struct LoadBalancers {
    client: Client,
    world: World,
}

impl LoadBalancers {
    /// With access to the API and the cloud.
    pub(super) fn new(client: Client, world: World) -> Self {
        Self { client, world }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(service) = self.client.get("services", &key.namespace, &key.name) else {
            return Ok(None);
        };
        let wanted = text(&service, "/spec/type") == "LoadBalancer"
            && service["spec"].get("loadBalancerClass").is_none()
            && !is_going(&service);
        if wanted { self.ensure(&service).await } else { self.release(&service).await }
    }

    async fn ensure(&self, service: &Arc<Value>) -> Outcome {
        if !has_finalizer(service, FINALIZER) {
            self.client
                .modify("services", "", pair(service), |service| {
                    set_finalizer(service, FINALIZER, true);
                })
                .await?;
            self.tell(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer").await;
        }
        let request = request(&self.world.cluster_id, service);
        match self.world.surroundings.ensure_load_balancer(request).await {
            Provisioned::Pending(_) => Ok(Some(PENDING)),
            Provisioned::Refused(reason) => {
                let message = format!(
                    "Error syncing load balancer: failed to ensure load balancer: {reason}"
                );
                self.tell(service, "Warning", "SyncLoadBalancerFailed", &message).await;
                Ok(Some(REFUSED))
            }
            Provisioned::Ready(address) => {
                let key =
                    if address.parse::<std::net::IpAddr>().is_ok() { "ip" } else { "hostname" };
                let mut ingress = json!({key: address});
                if key == "ip" {
                    ingress["ipMode"] = json!("VIP");
                }
                let status = json!({"ingress": [ingress]});
                if service["status"]["loadBalancer"] != status {
                    self.set_status(service, &status).await?;
                    self.tell(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer")
                        .await;
                }
                Ok(None)
            }
        }
    }

    async fn set_status(&self, service: &Value, status: &Value) -> Result<(), Status> {
        self.client
            .modify("services", "status", pair(service), |service| {
                service["status"]["loadBalancer"] = status.clone();
            })
            .await
            .map(|_| ())
    }

    async fn release(&self, service: &Arc<Value>) -> Outcome {
        if !has_finalizer(service, FINALIZER) {
            return Ok(None);
        }
        let surroundings = &self.world.surroundings;
        if !surroundings.release_load_balancer(&self.world.cluster_id, uid(service)).await {
            return Ok(Some(RELEASING));
        }
        if !is_going(service) {
            self.set_status(service, &json!({})).await?;
        }
        self.client
            .modify("services", "", pair(service), |service| {
                set_finalizer(service, FINALIZER, false);
            })
            .await?;
        self.tell(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer").await;
        Ok(None)
    }

    async fn tell(&self, service: &Value, kind: &str, reason: &str, message: &str) {
        self.client.event_from(COMPONENT, service, kind, reason, message).await;
    }
}

fn request(cluster_id: &str, service: &Value) -> LoadBalancerRequest {
    let annotations = service["metadata"]["annotations"].as_object().into_iter().flatten();
    let port =
        |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    LoadBalancerRequest {
        cluster_id: cluster_id.to_owned(),
        service_uid: uid(service).to_owned(),
        namespace: namespace(service).to_owned(),
        name: name(service).to_owned(),
        annotations: annotations
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        ports: items(service, "/spec/ports")
            .map(|one| {
                let protocol = one["protocol"].as_str().unwrap_or("TCP").to_owned();
                (
                    text(one, "/name").to_owned(),
                    protocol,
                    port(&one["port"]),
                    port(&one["nodePort"]),
                )
            })
            .collect(),
    }
}

impl Controller for LoadBalancers {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        let ours = &*change.key.resource == "services"
            && (text(&change.object, "/spec/type") == "LoadBalancer"
                || has_finalizer(&change.object, FINALIZER));
        if ours { vec![WorkKey::new(&change.key.namespace, &change.key.name)] } else { Vec::new() }
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
