//! [`Api`]: all that an API server knows, shared by the HTTP side and the controllers.

use std::sync::{Arc, PoisonError, RwLock};

use infra_clock::WorldClock;
use jiff::Timestamp;
use serde_json::Value;

use super::access::RoleCache;
use super::behaviour::PodBehaviour;
use super::faults::ApiFaults;
use super::registry::ServiceAddresses;
use super::security::{ServiceAccountTokens, Tokens};
use super::store::{Key, Store};
use crate::kubernetes::machinery::scheme::{Resource, Scheme};

/// Where the objects of CustomResourceDefinitions are kept.
pub(crate) const DEFINITIONS: &str = "apiextensions.k8s.io/customresourcedefinitions";

/// The API server of one cluster, without its listener.
pub(crate) struct Api {
    pub(crate) store: Store,
    scheme: RwLock<Arc<Scheme>>,
    pub(crate) clock: WorldClock,
    /// Version such as `1.36.2`.
    pub(crate) version: String,
    pub(crate) tokens: Tokens,
    pub(crate) account_tokens: ServiceAccountTokens,
    pub(crate) addresses: ServiceAddresses,
    pub(crate) roles: RoleCache,
    pub(crate) quota_turn: Arc<tokio::sync::Mutex<()>>,
    pub(crate) faults: ApiFaults,
    pub(crate) behaviour: PodBehaviour,
}

impl Api {
    pub(super) fn new(
        store: Store,
        clock: WorldClock,
        version: String,
        tokens: Tokens,
        account_tokens: ServiceAccountTokens,
        faults: ApiFaults,
        behaviour: PodBehaviour,
    ) -> Self {
        let mut scheme = Scheme::new();
        for definition in store.list(DEFINITIONS, None).0 {
            scheme.add_custom(&definition);
        }
        let addresses = ServiceAddresses::of(&store);
        Self {
            store,
            scheme: RwLock::new(Arc::new(scheme)),
            clock,
            version,
            tokens,
            account_tokens,
            addresses,
            roles: RoleCache::default(),
            quota_turn: Arc::default(),
            faults,
            behaviour,
        }
    }

    /// What is served at present.
    pub(crate) fn scheme(&self) -> Arc<Scheme> {
        self.scheme.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is served.
    pub(super) fn change_scheme(&self, change: impl FnOnce(&mut Scheme)) {
        let mut held = self.scheme.write().unwrap_or_else(PoisonError::into_inner);
        let mut scheme = Scheme::clone(&held);
        change(&mut scheme);
        *held = Arc::new(scheme);
    }

    /// The preferred version of a resource by its storage name (`pods`, `apps/deployments`).
    pub(crate) fn stored_resource(&self, name: &str) -> Option<Arc<Resource>> {
        let (group, plural) = name.rsplit_once('/').unwrap_or(("", name));
        let scheme = self.scheme();
        scheme.resources().find(|own| own.kind.group == group && own.plural == plural).cloned()
    }

    /// One stored object.
    pub(crate) fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.store.get(&Key::new(resource, namespace, name))
    }
}

/// The name under which objects of a resource are stored, the same for all its versions.
pub(crate) fn storage_name(resource: &Resource) -> String {
    match (resource.kind.group.as_str(), resource.plural.as_str()) {
        // Events are served by two groups from one store.
        ("" | "events.k8s.io", "events") => "events".to_owned(),
        ("", plural) => plural.to_owned(),
        (group, plural) => format!("{group}/{plural}"),
    }
}

/// The wall's time in the form that the API speaks.
pub(crate) fn now() -> Timestamp {
    Timestamp::try_from(infra_clock::wall_now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A time as objects carry it, with a resolution of a second.
pub(crate) fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
