//! Container registry and its integration with clusters.

use http::Method;
use infra_provider::Context;
use infra_provider::http::Call;
use serde_json::{Value as Json, json};

use super::{Client, Result, segment};
use crate::api::registry::{DockerConfig, RegistriesEnvelope, Registry, RegistryEnvelope};

impl Client {
    pub(crate) async fn registries(&self, context: &Context) -> Result<Vec<Registry>> {
        let envelope: Option<RegistriesEnvelope> =
            self.find(context, "/v2/registries", "list the registries").await?;
        Ok(envelope.and_then(|envelope| envelope.registries).unwrap_or_default())
    }

    pub(crate) async fn registry(&self, context: &Context, name: &str) -> Result<Option<Registry>> {
        let path = format!("/v2/registries/{}", segment(name));
        let envelope: Option<RegistryEnvelope> =
            self.find(context, &path, "read the registry").await?;
        Ok(envelope.map(|envelope| envelope.registry))
    }

    pub(crate) async fn create_registry(&self, context: &Context, body: Json) -> Result<Registry> {
        let call = Call::new(Method::POST, "/v2/registries", "create the registry").body(body);
        let envelope: RegistryEnvelope = self.send(context, call).await?.json()?;
        Ok(envelope.registry)
    }

    pub(crate) async fn set_registry_tier(&self, context: &Context, tier: &str) -> Result<()> {
        let call =
            Call::new(Method::POST, "/v2/registries/subscription", "change the registry's tier")
                .body(json!({ "tier_slug": tier }))
                .idempotent();
        self.send(context, call).await.map(|_| ())
    }

    pub(crate) async fn delete_registry(&self, context: &Context, name: &str) -> Result<()> {
        let path = format!("/v2/registries/{}", segment(name));
        self.remove(context, Call::new(Method::DELETE, path, "delete the registry")).await
    }

    pub(crate) async fn docker_credentials(
        &self,
        context: &Context,
        name: &str,
        write: bool,
        seconds: u64,
    ) -> Result<DockerConfig> {
        let path = format!("/v2/registries/{}/docker-credentials", segment(name));
        let call = Call::new(Method::GET, path, "read a login to the registry")
            .query("expiry_seconds", seconds)
            .query("read_write", write);
        self.send(context, call).await?.json()
    }

    pub(crate) async fn integrate_registry(
        &self,
        context: &Context,
        cluster: &str,
        registry: &str,
        integrated: bool,
    ) -> Result<()> {
        let (method, operation) = if integrated {
            (Method::POST, "integrate the registry with the cluster")
        } else {
            (Method::DELETE, "end the registry's integration with the cluster")
        };
        let body = json!({ "cluster_uuids": [cluster], "registries": [registry] });
        let call =
            Call::new(method, "/v2/kubernetes/registries", operation).body(body).idempotent();
        if integrated {
            self.send(context, call).await.map(|_| ())
        } else {
            self.remove(context, call).await
        }
    }
}
