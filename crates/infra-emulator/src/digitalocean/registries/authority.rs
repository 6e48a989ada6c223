//! What the registry emulator asks of the account.

use super::super::catalogue::tiers;
use super::super::service::DigitalOcean;
use super::model::GarbageCollection;
use crate::registry::Authority;

impl Authority for DigitalOcean {
    fn realm(&self) -> String {
        let address = self.address.get().map_or("http://127.0.0.1", String::as_str);
        format!("{address}/v2/registry/auth")
    }

    fn exists(&self, registry: &str) -> bool {
        self.state().registries.contains_key(registry)
    }

    fn read_only(&self, registry: &str) -> Option<String> {
        let state = self.state();
        let mut running = state.garbage_collections.values().filter(|run| run.registry == registry);
        running
            .any(GarbageCollection::is_active)
            .then(|| "the registry is read-only while garbage collection runs".to_owned())
    }

    fn repository_limit(&self, _: &str) -> u64 {
        let state = self.state();
        let tier = state.subscription.as_ref().and_then(|own| tiers::find(&own.tier));
        tier.map_or(0, |tier| tier.repositories)
    }
}
