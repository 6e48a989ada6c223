//! Discovery documents: `/api`, `/apis`, group and version lists, aggregated discovery (v2).

use serde_json::{Value, json};

use super::Scheme;

impl Scheme {
    /// `/api`: the versions of the core group. `address` is the `host:port` that the server says of itself.
    pub fn api_versions(&self, address: &str) -> Value {
        json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": address }],
        })
    }

    /// `/apis`: all groups.
    pub fn group_list(&self) -> Value {
        json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] })
    }

    /// `/apis/GROUP`; nothing if the group is not served.
    pub fn group(&self, _group: &str) -> Option<Value> {
        None
    }

    /// `/api/v1` or `/apis/GROUP/VERSION`; nothing if the version is not served.
    pub fn resource_list(&self, group: &str, version: &str) -> Option<Value> {
        self.has_version(group, version).then(|| json!({}))
    }

    /// Aggregated discovery (`apidiscovery.k8s.io/v2`) of `/api` (`core`) or `/apis`.
    pub fn aggregated(&self, _core: bool) -> Value {
        json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": [] })
    }
}
