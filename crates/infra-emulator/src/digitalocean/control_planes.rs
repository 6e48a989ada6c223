//! The emulated Kubernetes clusters behind DOKS: started, stopped, and kept in step with what the account says of their nodes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::catalogue::versions;
use super::clusters::model::Cluster as Account;
use super::context::{Clusters, Reach};
use super::pull_secrets::{Operator, PullSecret};
use super::service::DigitalOcean;
use super::surroundings::Cloud;
use crate::kubernetes::{Client, Cluster, ClusterOptions, NodeOptions};
use crate::runtime::{Front, write_private};

/// Who DOKS tokens speak for.
const USER: &str = "someone@example.com";
const GROUPS: [&str; 2] = ["system:masters", "k8saas:admin"];

/// The clusters that run.
pub(super) struct ControlPlanes {
    running: Mutex<BTreeMap<String, Plane>>,
    front: Front,
    cloud: Weak<DigitalOcean>,
}

/// One of them.
struct Plane {
    cluster: Arc<Cluster>,
    operator: Operator,
    /// For starting it again with another version.
    name: String,
    kubeconfig: PathBuf,
}

impl ControlPlanes {
    pub(super) fn new(front: Front, cloud: Weak<DigitalOcean>) -> Self {
        Self { running: Mutex::default(), front, cloud }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, Plane>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cluster(&self, id: &str) -> Option<Arc<Cluster>> {
        self.running().get(id).map(|plane| Arc::clone(&plane.cluster))
    }

    fn directory(&self, id: &str) -> PathBuf {
        self.front.world.directory().join("kubernetes").join(id)
    }

    /// Starts the API server of a cluster, on its last port if that is free; gives its address.
    pub(super) async fn start(
        &self,
        account: &Account,
        nodes: Vec<NodeOptions>,
    ) -> Result<String, String> {
        let name = format!("do-{}-{}", account.region, account.name);
        let version = versions::upstream(&account.version).to_owned();
        let port = account.endpoint.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        self.launch(&account.id, name, version, port, nodes).await
    }

    async fn launch(
        &self,
        id: &str,
        name: String,
        version: String,
        port: Option<u16>,
        nodes: Vec<NodeOptions>,
    ) -> Result<String, String> {
        let options = |port| ClusterOptions {
            name: name.clone(),
            id: id.to_owned(),
            directory: self.directory(id),
            clock: self.front.world.clock().clone(),
            surroundings: Arc::new(Cloud(self.cloud.clone())),
            version: version.clone(),
            controllers: true,
            admin_token: None,
            port,
            nodes: nodes.clone(),
            pods: self.front.faults.pods(),
            faults: self.front.faults.of_kubernetes(),
        };
        let started = match Cluster::start(options(port)).await {
            Err(_) if port.is_some() => Cluster::start(options(None)).await,
            other => other,
        };
        let cluster = Arc::new(started.map_err(|error| error.to_string())?);
        cluster.intercept(self.front.interceptor(id));
        let kubeconfig = self.directory(id).join("kubeconfig");
        write_private(&kubeconfig, cluster.kubeconfig().as_bytes())
            .map_err(|error| format!("the kubeconfig cannot be written: {error}"))?;
        let operator = Operator::start(cluster.client("digitalocean-operator"));
        let server = cluster.server_url();
        self.running().insert(id.to_owned(), Plane { cluster, operator, name, kubeconfig });
        Ok(server)
    }

    async fn halt(&self, id: &str) -> Option<String> {
        let plane = self.running().remove(id)?;
        plane.operator.stop().await;
        match Arc::into_inner(plane.cluster) {
            Some(cluster) => cluster.stop().await,
            None => tracing::warn!(%id, "an emulated cluster is still in use while it is stopped"),
        }
        Some(plane.name)
    }

    /// Ends a cluster and forgets its data.
    pub(super) async fn end(&self, id: &str) {
        self.halt(id).await;
        if let Err(error) = std::fs::remove_dir_all(self.directory(id)) {
            tracing::warn!(%error, %id, "the data of a deleted cluster cannot be removed");
        }
    }

    /// Stops all clusters; their data stays.
    pub(super) async fn stop(&self) {
        let ids: Vec<String> = self.running().keys().cloned().collect();
        for id in ids {
            self.halt(&id).await;
        }
    }

    pub(super) async fn add_node(&self, id: &str, node: NodeOptions) -> Result<(), String> {
        let Some(cluster) = self.cluster(id) else { return Ok(()) };
        cluster.add_node(node).await.map_err(|error| error.to_string())
    }

    /// Cordons a node and deletes its pods but those of daemon sets.
    pub(super) async fn drain(&self, id: &str, node: &str) -> Result<(), String> {
        let Some(client) = self.client(id) else { return Ok(()) };
        let cordon = json!({ "spec": { "unschedulable": true } });
        client.merge("nodes", ("", node), &cordon).await.map_err(|status| status.message)?;
        for pod in client.list("pods", None) {
            let owners = pod["metadata"]["ownerReferences"].as_array();
            let daemon = owners.into_iter().flatten().any(|owner| owner["kind"] == "DaemonSet");
            if pod["spec"]["nodeName"] != node || daemon {
                continue;
            }
            let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default().to_owned();
            let (namespace, name) = (text("namespace"), text("name"));
            let deleted = client.delete("pods", (&namespace, &name), &Default::default()).await;
            deleted.map_err(|status| status.message)?;
        }
        Ok(())
    }

    pub(super) async fn remove_node(&self, id: &str, name: &str) -> Result<(), String> {
        let Some(cluster) = self.cluster(id) else { return Ok(()) };
        cluster.remove_node(name).await.map_err(|error| error.to_string())
    }

    /// Adds labels and sets the taints of a pool; labels that left the pool stay on its nodes, as DOKS leaves them.
    pub(super) async fn update_nodes(
        &self,
        id: &str,
        nodes: Vec<NodeOptions>,
    ) -> Result<(), String> {
        let Some(client) = self.client(id) else { return Ok(()) };
        for node in nodes {
            let changed =
                client.modify("nodes", "", ("", &node.name), |object| apply(object, &node)).await;
            changed.map_err(|status| status.message)?;
        }
        Ok(())
    }

    /// Starts the API server again as another version.
    pub(super) async fn set_version(&self, id: &str, version: &str) -> Result<(), String> {
        let Some(plane) = self.cluster(id) else { return Ok(()) };
        let server = plane.server_url();
        drop(plane);
        let secrets = self.running().get(id).map(|plane| plane.operator.wanted());
        let port = server.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let Some(name) = self.halt(id).await else { return Ok(()) };
        self.launch(id, name, version.to_owned(), port, Vec::new()).await?;
        if let (Some(secrets), Some(plane)) = (secrets, self.running().get(id)) {
            plane.operator.want(secrets);
        }
        Ok(())
    }

    /// Keeps these pull secrets, and those alone, in every namespace.
    pub(super) async fn sync_registries(
        &self,
        id: &str,
        secrets: Vec<PullSecret>,
    ) -> Result<(), String> {
        let Some(client) = self.client(id) else { return Ok(()) };
        if let Some(plane) = self.running().get(id) {
            plane.operator.want(secrets.clone());
        }
        super::pull_secrets::sync(&client, &secrets).await
    }

    pub(super) fn add_token(&self, id: &str, token: &str, expires_ms: u64) -> Result<(), String> {
        let Some(cluster) = self.cluster(id) else { return Ok(()) };
        let life = Duration::from_millis(expires_ms.saturating_sub(self.front.world.now_ms()));
        let life = self.front.world.clock().speed().map_or(life, |speed| life.div_f64(speed));
        let expires = infra_clock::wall_now().checked_add(life);
        cluster.add_token(token, USER, &GROUPS, expires).map_err(|error| error.to_string())
    }

    pub(super) fn revoke_token(&self, id: &str, token: &str) {
        if let Some(Err(error)) = self.cluster(id).map(|cluster| cluster.revoke_token(token)) {
            tracing::warn!(%error, %id, "an expired token cannot be revoked");
        }
    }

    /// Address and kubeconfig of a cluster that runs.
    pub(super) fn kubeconfig(&self, id: &str) -> Option<(String, PathBuf)> {
        let running = self.running();
        let plane = running.get(id)?;
        Some((plane.cluster.server_url(), plane.kubeconfig.clone()))
    }

    fn client(&self, id: &str) -> Option<Client> {
        self.cluster(id).map(|cluster| cluster.client("digitalocean-cloud-controller-manager"))
    }
}

fn apply(object: &mut Value, node: &NodeOptions) {
    for (key, value) in &node.labels {
        object["metadata"]["labels"][key] = value.clone().into();
    }
    let kept = object["spec"]["taints"].as_array().into_iter().flatten().filter(|taint| {
        taint["key"].as_str().is_some_and(|key| key.starts_with("node.kubernetes.io/"))
    });
    let mut taints: Vec<Value> = kept.cloned().collect();
    taints.extend(node.taints.iter().map(|(key, value, effect)| {
        let mut taint = json!({ "key": key, "effect": effect });
        if !value.is_empty() {
            taint["value"] = value.clone().into();
        }
        taint
    }));
    let spec = &mut object["spec"];
    if !taints.is_empty() {
        spec["taints"] = taints.into();
    } else if let Some(spec) = spec.as_object_mut() {
        spec.shift_remove("taints");
    }
}

impl Clusters for ControlPlanes {
    fn reach(&self, account: &Account) -> Option<Reach> {
        let cluster = self.cluster(&account.id)?;
        let certificate_authority = STANDARD.encode(cluster.ca_pem());
        Some(Reach { server: cluster.server_url(), certificate_authority })
    }
}
