//! [`Fleet`]: who answers for which resource.

use std::sync::Arc;

use indexmap::IndexMap;
use infra_plan::Kind;
use infra_provider::{Provider, Resource};

/// Resources that belong to no cloud: what is inside clusters, and what lives in the state alone.
pub trait LocalResources: Send + Sync {
    /// The kinds.
    fn kinds(&self) -> Vec<&'static Kind>;

    /// The resource of this kind.
    fn resource(&self, kind: &str) -> Option<Arc<dyn Resource>>;
}

/// Who answers for which resource.
#[derive(Clone, Default)]
pub struct Fleet {
    providers: IndexMap<String, Arc<dyn Provider>>,
    local: Vec<Arc<dyn LocalResources>>,
}

impl Fleet {
    /// Adds an instance of a provider by its name in the file.
    #[must_use]
    pub fn with_provider(mut self, instance: &str, provider: Arc<dyn Provider>) -> Self {
        self.providers.insert(instance.to_owned(), provider);
        self
    }

    /// Adds resources that belong to no cloud.
    #[must_use]
    pub fn with_local(mut self, local: Arc<dyn LocalResources>) -> Self {
        self.local.push(local);
        self
    }

    /// The instances of providers, by their names.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &Arc<dyn Provider>)> {
        self.providers.iter().map(|(name, provider)| (name.as_str(), provider))
    }

    /// An instance of a provider.
    pub fn provider(&self, instance: &str) -> Option<&Arc<dyn Provider>> {
        self.providers.get(instance)
    }

    /// Who answers for resources of this kind of this instance.
    pub fn resource(&self, instance: &str, kind: &str) -> Option<Arc<dyn Resource>> {
        match self.providers.get(instance) {
            Some(provider) => provider.resource(kind),
            None => self.local.iter().find_map(|local| local.resource(kind)),
        }
    }

    /// What the planner must know of this kind of this instance.
    pub fn kind(&self, instance: &str, kind: &str) -> Option<&'static Kind> {
        match self.providers.get(instance) {
            Some(provider) => {
                provider.capabilities().kinds.iter().find(|known| known.name == kind).copied()
            }
            None => {
                self.local.iter().flat_map(|local| local.kinds()).find(|known| known.name == kind)
            }
        }
    }

    /// How many calls to this instance may run at a time.
    pub fn parallel(&self, instance: &str) -> usize {
        const LOCAL: usize = 64;
        self.providers
            .get(instance)
            .map_or(LOCAL, |provider| provider.capabilities().parallel.max(1))
    }
}
