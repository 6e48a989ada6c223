//! [`resources`]: the resources of everything that is in clusters.

use std::sync::Arc;

use infra_kube::Clients;
use infra_provider::Resource;

use crate::kinds::{
    manifests, namespace, node_settings, password, pull_secret, smoke_test, storage_class,
};

/// The resources of one run, and the connections that they share.
#[derive(Clone)]
pub struct Kinds {
    clients: Arc<Clients>,
    all: Vec<Arc<dyn Resource>>,
}

impl Default for Kinds {
    fn default() -> Self {
        let clients = Clients::new();
        let shared = || Arc::clone(&clients);
        let all: Vec<Arc<dyn Resource>> = vec![
            Arc::new(namespace::Namespace::new(shared())),
            Arc::new(node_settings::NodeSettings::new(shared())),
            Arc::new(storage_class::StorageClass::new(shared())),
            Arc::new(pull_secret::PullSecret::new(shared())),
            Arc::new(password::Password),
            Arc::new(manifests::Manifests::new(shared())),
            Arc::new(smoke_test::SmokeTest::new(shared())),
        ];
        Self { clients, all }
    }
}

impl Kinds {
    /// The resource of a kind.
    pub fn get(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        self.all.iter().find(|resource| resource.kind().name == kind).cloned()
    }

    /// The connections to the clusters.
    pub fn clients(&self) -> &Arc<Clients> {
        &self.clients
    }
}

/// The resources of one run. To be called once per run, as they keep the connections to its clusters.
pub fn resources() -> Vec<Arc<dyn Resource>> {
    Kinds::default().all
}
