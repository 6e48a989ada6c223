//! Subscription tiers of the container registry.

use serde_json::{Value, json};

/// A tier.
#[derive(Clone, Copy, Debug)]
pub(in crate::digitalocean) struct Tier {
    pub(in crate::digitalocean) slug: &'static str,
    name: &'static str,
    /// 0: without limit.
    pub(in crate::digitalocean) repositories: u64,
    pub(in crate::digitalocean) storage_bytes: u64,
    overage: bool,
    cents: u64,
    /// How many registries an account with this tier may hold.
    pub(in crate::digitalocean) registries: u64,
}

const MEBIBYTE: u64 = 1 << 20;

/// All tiers, smallest first.
pub(in crate::digitalocean) const TIERS: [Tier; 3] = [
    Tier {
        slug: "starter",
        name: "Starter",
        repositories: 1,
        storage_bytes: 500 * MEBIBYTE,
        overage: false,
        cents: 0,
        registries: 1,
    },
    Tier {
        slug: "basic",
        name: "Basic",
        repositories: 5,
        storage_bytes: 5 * 1024 * MEBIBYTE,
        overage: true,
        cents: 500,
        registries: 1,
    },
    Tier {
        slug: "professional",
        name: "Professional",
        repositories: 0,
        storage_bytes: 100 * 1024 * MEBIBYTE,
        overage: true,
        cents: 2000,
        registries: 10,
    },
];

/// Regions in which a registry can be.
pub(in crate::digitalocean) const REGISTRY_REGIONS: [&str; 8] =
    ["nyc3", "sfo3", "sfo2", "ams3", "sgp1", "fra1", "blr1", "syd1"];

pub(in crate::digitalocean) fn find(slug: &str) -> Option<&'static Tier> {
    TIERS.iter().find(|tier| tier.slug == slug)
}

impl Tier {
    pub(in crate::digitalocean) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "slug": self.slug,
            "included_repositories": self.repositories,
            "included_storage_bytes": self.storage_bytes,
            "allow_storage_overage": self.overage,
            "included_bandwidth_bytes": self.storage_bytes,
            "monthly_price_in_cents": self.cents,
            "storage_overage_price_in_cents": if self.overage { 2 } else { 0 },
        })
    }

    /// Whether an account with this much in its registries can have the tier, and why not.
    pub(in crate::digitalocean) fn reasons_against(
        &self,
        repositories: u64,
        bytes: u64,
    ) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if self.repositories != 0 && repositories > self.repositories {
            reasons.push("OverRepositoryLimit");
        }
        if !self.overage && bytes > self.storage_bytes {
            reasons.push("OverStorageLimit");
        }
        reasons
    }
}
