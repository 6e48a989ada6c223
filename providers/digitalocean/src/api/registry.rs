//! Container registry.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct RegistryEnvelope {
    pub(crate) registry: Registry,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RegistriesEnvelope {
    #[serde(default)]
    pub(crate) registries: Option<Vec<Registry>>,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Registry {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) subscription: Option<Subscription>,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Subscription {
    #[serde(default)]
    pub(crate) tier: Option<Tier>,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Tier {
    #[serde(default)]
    pub(crate) slug: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DockerConfig {
    #[serde(default)]
    pub(crate) auths: BTreeMap<String, DockerAuth>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DockerAuth {
    /// Base64 of `user:password`.
    pub(crate) auth: String,
}
