//! Account, sizes and the envelope of lists.

use serde::Deserialize;

#[derive(Debug, Deserialize, Default)]
pub(crate) struct Links {
    #[serde(default)]
    pub(crate) pages: Option<Pages>,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct Pages {
    pub(crate) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct AccountEnvelope {
    pub(crate) account: Account,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    #[serde(default)]
    pub(crate) droplet_limit: u64,
    #[serde(default)]
    pub(crate) floating_ip_limit: u64,
    pub(crate) reserved_ip_limit: Option<u64>,
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) status_message: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Size {
    pub(crate) slug: String,
    /// In MiB.
    pub(crate) memory: u64,
    pub(crate) vcpus: u32,
    pub(crate) price_monthly: Option<f64>,
    #[serde(default)]
    pub(crate) regions: Vec<String>,
    #[serde(default)]
    pub(crate) available: bool,
    pub(crate) gpu_info: Option<GpuInfo>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct GpuInfo {
    #[serde(default)]
    pub(crate) count: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) region: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Tag {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) resources: TagResources,
}

#[derive(Debug, Deserialize, Default)]
pub(crate) struct TagResources {
    #[serde(default)]
    pub(crate) count: u64,
}
