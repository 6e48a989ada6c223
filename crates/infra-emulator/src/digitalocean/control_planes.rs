//! The emulated Kubernetes clusters behind DOKS.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::clusters::model::Cluster;
use super::context::{Clusters, Reach};
use super::service::DigitalOcean;
use super::surroundings::Cloud;
use crate::runtime::World;

/// A node as the account describes it to its cluster.
#[derive(Clone, Debug)]
pub(super) struct NodeSpec {
    pub(super) name: String,
    pub(super) provider_id: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) taints: Vec<(String, String, String)>,
    pub(super) cpu_millis: u64,
    pub(super) memory_bytes: u64,
    pub(super) gpus: u32,
    pub(super) pool: String,
    pub(super) internal_ip: String,
    pub(super) external_ip: Option<String>,
}

/// The pull secret of a registry, which is named after it.
#[derive(Clone, Debug)]
pub(super) struct PullSecret {
    pub(super) registry: String,
    pub(super) token: String,
}
pub(super) struct ControlPlanes {
    m: Mutex<BTreeMap<String, String>>,
    world: Arc<World>,
    cloud: Weak<DigitalOcean>,
}
#[allow(unused)]
impl ControlPlanes {
    pub(super) fn new(world: Arc<World>, cloud: Weak<DigitalOcean>) -> Self {
        Self { m: Mutex::default(), world, cloud }
    }
    pub(super) async fn start(
        &self,
        cluster: &Cluster,
        nodes: Vec<NodeSpec>,
    ) -> Result<String, String> {
        let _ = Cloud(self.cloud.clone());
        self.m
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(cluster.id.clone(), "https://127.0.0.1:1".into());
        Ok("https://127.0.0.1:1".into())
    }
    pub(super) async fn end(&self, id: &str) {}
    pub(super) async fn stop(&self) {}
    pub(super) async fn add_node(&self, id: &str, n: NodeSpec) -> Result<(), String> {
        Ok(())
    }
    pub(super) async fn drain(&self, id: &str, n: &str) -> Result<(), String> {
        Ok(())
    }
    pub(super) async fn remove_node(&self, id: &str, n: &str) -> Result<(), String> {
        Ok(())
    }
    pub(super) async fn update_nodes(&self, id: &str, n: Vec<NodeSpec>) -> Result<(), String> {
        Ok(())
    }
    pub(super) async fn set_version(&self, id: &str, n: &str) -> Result<(), String> {
        Ok(())
    }
    pub(super) async fn sync_registries(
        &self,
        id: &str,
        n: Vec<PullSecret>,
        r: Vec<String>,
    ) -> Result<(), String> {
        Ok(())
    }
    pub(super) fn add_token(&self, id: &str, t: &str, e: u64) -> Result<(), String> {
        Ok(())
    }
    pub(super) fn revoke_token(&self, id: &str, t: &str) {}
    pub(super) fn kubeconfig(&self, id: &str) -> Option<(String, PathBuf)> {
        None
    }
}
impl Clusters for ControlPlanes {
    fn reach(&self, cluster: &Cluster) -> Option<Reach> {
        let m = self.m.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Reach { server: m.get(&cluster.id)?.clone(), certificate_authority: "QUJD".into() })
    }
}
