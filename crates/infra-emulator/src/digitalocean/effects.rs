//! The account's effects on its clusters, one after the other.

use super::catalogue::{sizes, versions};
use super::clusters::credentials::node_labels;
use super::clusters::model::{Cluster, Node, Pool};
use super::events::Effect;
use super::pull_secrets::PullSecret;
use super::registries::integration;
use super::service::DigitalOcean;
use super::state::State;
use crate::kubernetes::NodeOptions;

impl DigitalOcean {
    /// Does one thing at a cluster. What goes wrong there becomes the cluster's state, as it would in the cloud.
    pub(super) async fn perform(&self, effect: Effect) {
        let (cluster, done) = match effect {
            Effect::StartCluster { cluster } => {
                let done = self.start_cluster(&cluster).await;
                (cluster, done)
            }
            Effect::EndCluster { cluster } => {
                self.planes.end(&cluster).await;
                return;
            }
            Effect::AddNode { cluster, node } => {
                let spec = self.node_spec(&cluster, &node);
                let done = match spec {
                    Some(spec) => self.planes.add_node(&cluster, spec).await,
                    None => Ok(()),
                };
                (cluster, done)
            }
            Effect::DrainNode { cluster, node } => {
                let spec = self.node_spec(&cluster, &node);
                let done = match spec {
                    Some(spec) => self.planes.drain(&cluster, &spec.name).await,
                    None => Ok(()),
                };
                (cluster, done)
            }
            Effect::RemoveNode { cluster, name } => {
                let done = self.planes.remove_node(&cluster, &name).await;
                (cluster, done)
            }
            Effect::UpdateNodes { cluster, pool } => {
                let specs = self.specs(&cluster, Some(&pool));
                let done = self.planes.update_nodes(&cluster, specs).await;
                (cluster, done)
            }
            Effect::AddToken { cluster, token, expires_ms } => {
                let done = self.planes.add_token(&cluster, &token, expires_ms);
                (cluster, done)
            }
            Effect::RevokeToken { cluster, token } => {
                self.planes.revoke_token(&cluster, &token);
                return;
            }
            Effect::SyncRegistries { cluster } => {
                let secrets = self.pull_secrets(&cluster);
                let done = self.planes.sync_registries(&cluster, secrets).await;
                (cluster, done)
            }
            Effect::SetVersion { cluster, version } => {
                let done = self.planes.set_version(&cluster, versions::upstream(&version)).await;
                (cluster, done)
            }
        };
        if let Err(reason) = done {
            tracing::warn!(%cluster, %reason, "an emulated cluster does not follow");
            let mut state = self.state();
            if let Some(cluster) = state.clusters.get_mut(&cluster) {
                cluster.say(reason);
                state.changed = true;
            }
        }
    }

    async fn start_cluster(&self, id: &str) -> Result<(), String> {
        let Some(cluster) = self.state().clusters.get(id).cloned() else { return Ok(()) };
        let now = self.context.world.now_ms();
        let started = self.planes.start(&cluster, self.specs(id, None)).await;
        let server = match started {
            Ok(server) => server,
            Err(reason) => {
                let mut state = self.state();
                super::clusters::lifecycle::failed(&mut state, id, &reason);
                state.changed = true;
                return Err(reason);
            }
        };
        for issued in cluster.tokens.iter().filter(|issued| issued.expires_ms > now) {
            self.planes.add_token(id, &issued.token, issued.expires_ms)?;
        }
        {
            let mut state = self.state();
            if let Some(cluster) = state.clusters.get_mut(id) {
                cluster.ipv4 = if cluster.ha { String::new() } else { "127.0.0.1".into() };
                cluster.endpoint = server;
            }
            state.changed = true;
        }
        let secrets = self.pull_secrets(id);
        self.planes.sync_registries(id, secrets).await
    }

    fn pull_secrets(&self, id: &str) -> Vec<PullSecret> {
        let mut state = self.state();
        let registries =
            state.clusters.get(id).map(|cluster| cluster.registries.clone()).unwrap_or_default();
        registries
            .into_iter()
            .map(|registry| {
                let token = integration::credential(&mut state, id, &registry);
                PullSecret { registry, token }
            })
            .collect()
    }

    fn node_spec(&self, cluster: &str, node: &str) -> Option<NodeOptions> {
        let state = self.state();
        let cluster = state.clusters.get(cluster)?;
        let (pool, node) = cluster.nodes().find(|(_, own)| own.id == node)?;
        spec(&state, cluster, pool, node)
    }

    /// The nodes that have joined, of one pool or of all.
    fn specs(&self, cluster: &str, pool: Option<&str>) -> Vec<NodeOptions> {
        let state = self.state();
        let Some(cluster) = state.clusters.get(cluster) else { return Vec::new() };
        cluster
            .nodes()
            .filter(|(own, node)| node.joined && pool.is_none_or(|pool| own.id == pool))
            .filter_map(|(pool, node)| spec(&state, cluster, pool, node))
            .collect()
    }
}

fn spec(state: &State, cluster: &Cluster, pool: &Pool, node: &Node) -> Option<NodeOptions> {
    let droplet = state.droplets.get(&node.droplet?)?;
    let size = sizes::find(&pool.size)?;
    let taints = pool.taints.iter();
    let mut taints: Vec<(String, String, String)> = taints
        .map(|taint| (taint.key.clone(), taint.value.clone(), taint.effect.clone()))
        .collect();
    let mut gpus = 0;
    if let Some(gpu) = size.gpu.filter(|gpu| gpu.model.starts_with("nvidia")) {
        gpus = u32::try_from(gpu.count).unwrap_or(0);
        taints.push(("nvidia.com/gpu".into(), String::new(), "NoSchedule".into()));
    }
    Some(NodeOptions {
        name: node.name.clone(),
        provider_id: format!("digitalocean://{}", droplet.id),
        labels: node_labels(cluster, pool, Some(node)),
        taints,
        cpu_millis: size.vcpus * 1000,
        memory_bytes: size.memory << 20,
        gpus,
        pool: pool.name.clone(),
        internal_ip: droplet.private_ip.clone(),
        external_ip: droplet.public_ip.clone(),
    })
}
