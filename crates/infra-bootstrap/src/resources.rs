//! [`resources`]: the resources of everything that is in clusters.

use std::sync::Arc;

use infra_kube::Clients;
use infra_plan::Kind;
use infra_provider::Resource;

use crate::kinds::{manifests, namespace, password, pull_secret, smoke_test, storage_class};

/// The kinds that this crate brings.
pub const KINDS: [&Kind; 6] = [
    &namespace::KIND,
    &storage_class::KIND,
    &pull_secret::KIND,
    &password::KIND,
    &manifests::KIND,
    &smoke_test::KIND,
];

/// The resources of one run, with the connections that they share.
#[derive(Clone)]
pub struct Kinds {
    clients: Arc<Clients>,
}

impl Kinds {
    /// The resource of a kind.
    pub fn get(&self, kind: &str) -> Option<Arc<dyn Resource>> {
        let clients = || Arc::clone(&self.clients);
        Some(match kind {
            "namespace" => Arc::new(namespace::Namespace::new(clients())),
            "storage_class" => Arc::new(storage_class::StorageClass::new(clients())),
            "pull_secret" => Arc::new(pull_secret::PullSecret::new(clients())),
            "password" => Arc::new(password::Password),
            "manifests" => Arc::new(manifests::Manifests::new(clients())),
            "smoke_test" => Arc::new(smoke_test::SmokeTest::new(clients())),
            _ => return None,
        })
    }

    /// The connections to the clusters.
    pub fn clients(&self) -> &Arc<Clients> {
        &self.clients
    }
}

/// The resources of one run. To be called once per run, on its runtime.
pub fn resources() -> Kinds {
    Kinds { clients: Clients::new() }
}
