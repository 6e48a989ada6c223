//! Reserved IPs, load balancers, volumes.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct ReservedIpEnvelope {
    pub(crate) reserved_ip: ReservedIp,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct ReservedIp {
    pub(crate) ip: String,
    #[serde(default)]
    pub(crate) region: Region,
    #[serde(default)]
    pub(crate) droplet: Option<Droplet>,
    #[serde(default)]
    pub(crate) locked: bool,
}

#[derive(Debug, Deserialize, Default, Clone)]
pub(crate) struct Region {
    #[serde(default)]
    pub(crate) slug: String,
}

#[derive(Debug, Deserialize, Clone)]
pub(crate) struct Droplet {
    pub(crate) id: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoadBalancer {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) size_unit: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Volume {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) size_gigabytes: f64,
}
