//! Registries and what belongs to them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::digitalocean::catalogue::tiers;
use crate::digitalocean::context::Context;
use crate::digitalocean::state::State;
use crate::runtime::Dates;

/// A registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Registry {
    pub(in crate::digitalocean) name: String,
    pub(in crate::digitalocean) region: String,
    pub(in crate::digitalocean) created_at: String,
}

/// The account's subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct Subscription {
    pub(in crate::digitalocean) tier: String,
    pub(in crate::digitalocean) created_at: String,
    pub(in crate::digitalocean) updated_at: String,
}

/// A token that opens a registry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct DockerCredential {
    pub(in crate::digitalocean) token: String,
    pub(in crate::digitalocean) registry: String,
    pub(in crate::digitalocean) read_write: bool,
    /// World time; absent: never.
    pub(in crate::digitalocean) expires_ms: Option<u64>,
    /// The cluster for whose pull secrets it was made.
    pub(in crate::digitalocean) cluster: Option<String>,
}

/// A garbage collection.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::digitalocean) struct GarbageCollection {
    pub(in crate::digitalocean) uuid: String,
    pub(in crate::digitalocean) registry: String,
    pub(in crate::digitalocean) kind: String,
    pub(in crate::digitalocean) status: String,
    pub(in crate::digitalocean) created_at: String,
    pub(in crate::digitalocean) updated_at: String,
    pub(in crate::digitalocean) blobs_deleted: u64,
    pub(in crate::digitalocean) freed_bytes: u64,
}

impl Registry {
    pub(in crate::digitalocean) fn json(&self, state: &State, context: &Context) -> Value {
        let mut value = json!({
            "name": self.name,
            "region": self.region,
            "created_at": self.created_at,
            "storage_usage_bytes": context.images.usage(&self.name),
            "storage_usage_bytes_updated_at": Dates::date_now(),
        });
        if let Some(subscription) = &state.subscription {
            value["subscription"] = subscription.json();
        }
        value
    }
}

impl Subscription {
    pub(in crate::digitalocean) fn json(&self) -> Value {
        json!({
            "tier": tiers::find(&self.tier).map(tiers::Tier::json),
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

impl DockerCredential {
    pub(in crate::digitalocean) fn is_valid(&self, now_ms: u64) -> bool {
        self.expires_ms.is_none_or(|expires| expires > now_ms)
    }
}

impl GarbageCollection {
    pub(in crate::digitalocean) fn is_active(&self) -> bool {
        !matches!(self.status.as_str(), "failed" | "succeeded" | "cancelled")
    }

    pub(in crate::digitalocean) fn json(&self) -> Value {
        json!({
            "uuid": self.uuid,
            "registry_name": self.registry,
            "status": self.status,
            "type": self.kind,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "blobs_deleted": self.blobs_deleted,
            "freed_bytes": self.freed_bytes,
        })
    }
}
