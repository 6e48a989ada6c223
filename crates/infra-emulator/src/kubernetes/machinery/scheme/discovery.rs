//! Discovery documents: `/api`, `/apis`, group and version lists, aggregated discovery (v2).

use serde_json::{Map, Value, json};

use super::{GroupVersionKind, Resource, Scheme, Subresource};

/// Groups in the order of the real server's list; groups of custom kinds follow in the order of their names.
const ORDER: [&str; 20] = [
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "node.k8s.io",
    "discovery.k8s.io",
    "resource.k8s.io",
    "flowcontrol.apiserver.k8s.io",
];

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
        let groups: Vec<Value> =
            self.groups().iter().map(|group| self.group_entry(group)).collect();
        json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
    }

    /// `/apis/GROUP`; nothing if the group is not served.
    pub fn group(&self, group: &str) -> Option<Value> {
        if group.is_empty() || !self.groups().iter().any(|own| own == group) {
            return None;
        }
        let mut document = Map::new();
        document.insert("kind".into(), json!("APIGroup"));
        document.insert("apiVersion".into(), json!("v1"));
        if let Value::Object(entry) = self.group_entry(group) {
            document.extend(entry);
        }
        Some(Value::Object(document))
    }

    /// `/api/v1` or `/apis/GROUP/VERSION`; nothing if the version is not served.
    pub fn resource_list(&self, group: &str, version: &str) -> Option<Value> {
        if !self.has_version(group, version) {
            return None;
        }
        let mut entries = Vec::new();
        for resource in self.of_version(group, version) {
            entries.push(resource_entry(resource));
            entries
                .extend(resource.subresources.iter().map(|own| subresource_entry(resource, own)));
        }
        let mut document = Map::new();
        document.insert("kind".into(), json!("APIResourceList"));
        if !group.is_empty() {
            document.insert("apiVersion".into(), json!("v1"));
        }
        let group_version = GroupVersionKind::new(group, version, "").api_version();
        document.insert("groupVersion".into(), json!(group_version));
        document.insert("resources".into(), Value::Array(entries));
        Some(Value::Object(document))
    }

    /// Aggregated discovery (`apidiscovery.k8s.io/v2`) of `/api` (`core`) or `/apis`.
    pub fn aggregated(&self, core: bool) -> Value {
        let groups = if core { vec![String::new()] } else { self.groups() };
        let items: Vec<Value> = groups.iter().map(|group| self.aggregated_group(group)).collect();
        json!({
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        })
    }

    /// Versions of a group, the preferred one first.
    pub fn versions(&self, group: &str) -> Vec<String> {
        let mut versions: Vec<String> = Vec::new();
        for resource in self.resources().filter(|own| own.kind.group == group) {
            if !versions.contains(&resource.kind.version) {
                versions.push(resource.kind.version.clone());
            }
        }
        if self.resources().any(|own| own.kind.group == group && own.custom.is_some()) {
            versions.sort_by(|a, b| crate::kubernetes::machinery::crd::version_order(a, b));
        }
        versions
    }

    fn groups(&self) -> Vec<String> {
        let mut groups: Vec<String> = ORDER.iter().map(|group| (*group).to_owned()).collect();
        let mut custom: Vec<String> = self
            .resources()
            .filter(|own| own.custom.is_some() && !ORDER.contains(&own.kind.group.as_str()))
            .map(|own| own.kind.group.clone())
            .collect();
        custom.sort();
        custom.dedup();
        groups.extend(custom);
        groups
    }

    fn of_version(&self, group: &str, version: &str) -> Vec<&Resource> {
        let mut found: Vec<&Resource> = self
            .resources()
            .filter(|own| own.kind.group == group && own.kind.version == version)
            .map(|own| &**own)
            .collect();
        found.sort_by(|a, b| a.plural.cmp(&b.plural));
        found
    }

    fn group_entry(&self, group: &str) -> Value {
        let versions: Vec<Value> = self
            .versions(group)
            .iter()
            .map(|version| json!({ "groupVersion": format!("{group}/{version}"), "version": version }))
            .collect();
        let preferred = versions.first().cloned().unwrap_or(Value::Null);
        json!({ "name": group, "versions": versions, "preferredVersion": preferred })
    }

    fn aggregated_group(&self, group: &str) -> Value {
        let versions: Vec<Value> = self
            .versions(group)
            .iter()
            .map(|version| {
                let resources: Vec<Value> =
                    self.of_version(group, version).into_iter().map(aggregated_resource).collect();
                json!({ "version": version, "resources": resources, "freshness": "Current" })
            })
            .collect();
        let metadata = if group.is_empty() {
            json!({ "creationTimestamp": null })
        } else {
            json!({ "name": group, "creationTimestamp": null })
        };
        json!({ "metadata": metadata, "versions": versions })
    }
}

fn resource_entry(resource: &Resource) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(resource.plural));
    entry.insert("singularName".into(), json!(resource.singular));
    entry.insert("namespaced".into(), json!(resource.namespaced));
    entry.insert("kind".into(), json!(resource.kind.kind));
    entry.insert("verbs".into(), json!(resource.verbs));
    if !resource.short_names.is_empty() {
        entry.insert("shortNames".into(), json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        entry.insert("categories".into(), json!(resource.categories));
    }
    if resource.has_verb("list") && resource.plural != "componentstatuses" {
        entry.insert("storageVersionHash".into(), json!(storage_version_hash(&resource.kind)));
    }
    Value::Object(entry)
}

/// Eight bytes that change with group, version and kind, in base64, as clients expect of the storage version.
fn storage_version_hash(kind: &GroupVersionKind) -> String {
    use base64::Engine as _;
    use sha2::{Digest as _, Sha256};
    let text = format!("{}/{}/{}", kind.group, kind.version, kind.kind);
    base64::engine::general_purpose::STANDARD.encode(&Sha256::digest(text)[..8])
}

fn subresource_entry(resource: &Resource, own: &Subresource) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), json!(format!("{}/{}", resource.plural, own.name)));
    entry.insert("singularName".into(), json!(""));
    entry.insert("namespaced".into(), json!(resource.namespaced));
    if own.kind.group != resource.kind.group || own.kind.version != resource.kind.version {
        entry.insert("group".into(), json!(own.kind.group));
        entry.insert("version".into(), json!(own.kind.version));
    }
    entry.insert("kind".into(), json!(own.kind.kind));
    entry.insert("verbs".into(), json!(own.verbs));
    Value::Object(entry)
}

fn aggregated_resource(resource: &Resource) -> Value {
    let kind = |kind: &GroupVersionKind| json!({ "group": kind.group, "version": kind.version, "kind": kind.kind });
    let mut entry = Map::new();
    entry.insert("resource".into(), json!(resource.plural));
    entry.insert("responseKind".into(), kind(&resource.kind));
    let scope = if resource.namespaced { "Namespaced" } else { "Cluster" };
    entry.insert("scope".into(), json!(scope));
    entry.insert("singularResource".into(), json!(resource.singular));
    entry.insert("verbs".into(), json!(resource.verbs));
    if !resource.short_names.is_empty() {
        entry.insert("shortNames".into(), json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        entry.insert("categories".into(), json!(resource.categories));
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|own| {
            json!({ "subresource": own.name, "responseKind": kind(&own.kind), "verbs": own.verbs })
        })
        .collect();
    if !subresources.is_empty() {
        entry.insert("subresources".into(), Value::Array(subresources));
    }
    Value::Object(entry)
}
