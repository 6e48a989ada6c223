//! [`ObjectRef`]: which object. Objects themselves are JSON, as the API speaks it.

use std::fmt;

use infra_plan::Address;
use serde::{Deserialize, Serialize};

use crate::kinds;

/// An object as the API speaks it.
pub type Json = serde_json::Value;

/// Which object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// `apiVersion`, such as `apps/v1`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// Namespace; none for what belongs to the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

impl ObjectRef {
    /// An object of this version, kind, namespace and name.
    pub fn new(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// Which object this is; `None` if kind or name is missing.
    pub fn of(object: &Json) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str);
        Some(Self::new(
            text("/apiVersion")?,
            text("/kind")?,
            text("/metadata/namespace"),
            text("/metadata/name")?,
        ))
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether it is the same object; the version in which it is spoken of does not count.
    pub fn is(&self, other: &ObjectRef) -> bool {
        self.identity() == other.identity()
    }

    /// What identifies it: group, kind, namespace, name.
    pub fn identity(&self) -> (&str, &str, Option<&str>, &str) {
        (self.group(), &self.kind, self.namespace.as_deref(), &self.name)
    }

    /// Whether deleting or replacing it loses data or takes others with it, so that it needs the user's word.
    pub fn protected(&self) -> bool {
        matches!(
            (self.group(), self.kind.as_str()),
            ("", "PersistentVolumeClaim" | "PersistentVolume" | "Namespace")
                | ("apiextensions.k8s.io", "CustomResourceDefinition")
        )
    }

    /// Its address as a part of an item: `ITEM/Kind[.group]/[namespace/]name`.
    pub fn address(&self, item: &Address) -> Address {
        item.part(self)
    }
}

impl fmt::Display for ObjectRef {
    /// `Kind[.group]/[namespace/]name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group().is_empty() {
            write!(f, ".{}", self.group())?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}

/// Brings an object from a file into the form that is applied: its namespace is set if its kind has one, what only the server may
/// say is dropped, nulls are dropped, and `stringData` of a Secret becomes `data` (server-side apply does not track `stringData`).
/// Whether a kind has namespaces is known of the built-in ones; of others `namespaced` may tell.
pub fn prepare(mut object: Json, namespace: &str, namespaced: Option<bool>) -> Json {
    let known = ObjectRef::of(&object).and_then(|object| kinds::builtin(&object));
    let namespaced = known.map(|kind| kind.namespaced).or(namespaced);
    drop_nulls(&mut object);
    let Some(map) = object.as_object_mut() else { return object };
    map.shift_remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Json::as_object_mut) {
        let told_by_server = [
            "creationTimestamp",
            "managedFields",
            "resourceVersion",
            "uid",
            "generation",
            "selfLink",
        ];
        for field in told_by_server {
            metadata.shift_remove(field);
        }
        if namespaced == Some(false) {
            metadata.shift_remove("namespace");
        } else if namespaced == Some(true) && !metadata.contains_key("namespace") {
            metadata.insert("namespace".into(), namespace.into());
        }
    }
    if map.get("kind").and_then(Json::as_str) == Some("Secret") {
        encode_string_data(map);
    }
    object
}

fn encode_string_data(secret: &mut serde_json::Map<String, Json>) {
    use base64::Engine as _;
    let Some(Json::Object(texts)) = secret.shift_remove("stringData") else { return };
    let data = secret.entry("data").or_insert_with(|| Json::Object(serde_json::Map::new()));
    let Some(data) = data.as_object_mut() else { return };
    for (key, text) in texts {
        let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
        data.insert(key, base64::engine::general_purpose::STANDARD.encode(text).into());
    }
}

fn drop_nulls(value: &mut Json) {
    match value {
        Json::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Json::Array(list) => list.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_and_preparation() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "app", "creationTimestamp": null, "uid": "x"}, "status": {}, "spec": {"a": null}});
        let prepared = prepare(deployment, "web", None);
        assert_eq!(
            prepared,
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "app", "namespace": "web"}, "spec": {}})
        );
        let object = ObjectRef::of(&prepared).unwrap();
        let item: Address = "main/shop".parse().unwrap();
        assert_eq!(object.address(&item).as_str(), "main/shop/Deployment.apps/web/app");
        let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": "fast", "namespace": "no"}});
        let class = prepare(class, "web", None);
        assert_eq!(ObjectRef::of(&class).unwrap().to_string(), "StorageClass.storage.k8s.io/fast");
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "stringData": {"a": "b"}});
        assert_eq!(prepare(secret, "web", None)["data"], json!({"a": "Yg=="}));
    }
}
