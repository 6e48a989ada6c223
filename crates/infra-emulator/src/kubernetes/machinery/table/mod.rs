//! Tables (`meta.k8s.io/v1 Table`), as `kubectl get` asks for.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::scheme::Resource;

/// What rows carry of their objects (`includeObject`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// `PartialObjectMetadata`.
    #[default]
    Metadata,
    /// All.
    Object,
}

/// A table of objects. `list_metadata` is the metadata of the list (resource version, continue).
pub fn table(
    _resource: &Resource,
    _objects: &[Value],
    list_metadata: &Value,
    _now: Timestamp,
    _include: IncludeObject,
) -> Value {
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": list_metadata, "columnDefinitions": [], "rows": [] })
}

/// `PartialObjectMetadata` of an object.
pub fn partial_metadata(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}
