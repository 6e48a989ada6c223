//! Regions and what each of them has.

use serde_json::{Value, json};

use super::sizes;

/// A region.
#[derive(Clone, Copy, Debug)]
pub(in crate::digitalocean) struct Region {
    pub(in crate::digitalocean) slug: &'static str,
    pub(in crate::digitalocean) name: &'static str,
    pub(in crate::digitalocean) kubernetes: bool,
    pub(in crate::digitalocean) gpu: bool,
    pub(in crate::digitalocean) volumes: bool,
}

const fn region(slug: &'static str, name: &'static str, kubernetes: bool, gpu: bool) -> Region {
    Region { slug, name, kubernetes, gpu, volumes: true }
}

/// All regions, in the order of the API.
pub(in crate::digitalocean) const REGIONS: [Region; 13] = [
    region("nyc1", "New York 1", true, false),
    region("sgp1", "Singapore 1", true, false),
    region("lon1", "London 1", true, false),
    region("nyc3", "New York 3", true, false),
    region("ams3", "Amsterdam 3", true, true),
    region("fra1", "Frankfurt 1", true, false),
    region("tor1", "Toronto 1", true, true),
    region("sfo2", "San Francisco 2", true, false),
    region("blr1", "Bangalore 1", true, false),
    region("sfo3", "San Francisco 3", true, false),
    region("syd1", "Sydney 1", true, false),
    region("atl1", "Atlanta 1", true, true),
    region("nyc2", "New York 2", true, true),
];

pub(in crate::digitalocean) fn find(slug: &str) -> Option<&'static Region> {
    REGIONS.iter().find(|region| region.slug == slug)
}

impl Region {
    /// The region as the API writes it.
    pub(in crate::digitalocean) fn json(&self) -> Value {
        let mut features = vec!["backups", "ipv6", "metadata", "install_agent"];
        if self.volumes {
            features.push("storage");
        }
        features.push("image_transfer");
        json!({
            "name": self.name,
            "slug": self.slug,
            "features": features,
            "available": true,
            "sizes": sizes::in_region(self).map(|size| size.slug).collect::<Vec<_>>(),
        })
    }
}

/// The region with this slug as the API writes it; null if there is none.
pub(in crate::digitalocean) fn json_of(slug: &str) -> Value {
    find(slug).map_or(Value::Null, Region::json)
}
