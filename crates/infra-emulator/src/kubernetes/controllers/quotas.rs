//! Resource quotas: what their status says is used.

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use super::objects::{key_of, pair};
use super::queue::WorkKey;
use super::runner::{Controller, Outcome};
use crate::kubernetes::server::{Change, Client, namespace_usage};

const QUOTAS: &str = "resourcequotas";

/// The quota controller.
pub(super) struct Quotas {
    client: Client,
}

impl Quotas {
    /// With access to the API.
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    async fn sync(&self, key: &WorkKey) -> Outcome {
        let Some(quota) = self.client.get(QUOTAS, &key.namespace, &key.name) else {
            return Ok(None);
        };
        let usage = namespace_usage(&self.client.api, &key.namespace, &quota);
        let hard = quota["spec"]["hard"].clone();
        let used: Map<String, Value> = hard
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| {
                let amount = usage.get(name).copied().unwrap_or_default();
                (name.clone(), json!(amount.to_string()))
            })
            .collect();
        self.client
            .modify(QUOTAS, "status", pair(&quota), |quota| {
                quota["status"] = json!({"hard": hard, "used": used});
            })
            .await?;
        Ok(None)
    }
}

impl Controller for Quotas {
    fn concerns(&self, change: &Change) -> Vec<WorkKey> {
        if &*change.key.resource == QUOTAS {
            return vec![WorkKey::new(&change.key.namespace, &change.key.name)];
        }
        if change.key.namespace.is_empty() || &*change.key.resource == "events" {
            return Vec::new();
        }
        let quotas = self.client.list(QUOTAS, Some(&change.key.namespace));
        quotas.iter().map(|quota| key_of(quota)).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a WorkKey) -> BoxFuture<'a, Outcome> {
        Box::pin(self.sync(key))
    }
}
