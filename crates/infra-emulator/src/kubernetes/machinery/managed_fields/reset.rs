//! Fields that a path of the API cannot write, and which its writers thus do not come to own.

use super::field_set::FieldSet;
use super::path::PathElement;
use crate::kubernetes::machinery::scheme::Resource;

/// Paths that nobody owns through the subresource (empty: the object itself).
pub(super) fn reset_fields(resource: &Resource, subresource: &str) -> FieldSet {
    let mut set = FieldSet::default();
    if !resource.has_status() {
        return set;
    }
    let mut reset = |path: &[&str]| {
        let path: Vec<PathElement> = path.iter().map(|name| PathElement::field(name)).collect();
        set.insert(&path);
    };
    let kind = resource.kind.kind.as_str();
    match subresource {
        "" => reset(&["status"]),
        "status" => {
            reset(&["spec"]);
            match kind {
                _ if resource.custom.is_some() => reset(&["metadata"]),
                "Deployment" => reset(&["metadata", "labels"]),
                "Pod" => {
                    reset(&["metadata", "deletionTimestamp"]);
                    reset(&["metadata", "ownerReferences"]);
                }
                "APIService" | "ValidatingAdmissionPolicy" => reset(&["metadata"]),
                _ => {}
            }
        }
        _ => {}
    }
    set
}

/// What never belongs to anybody: identity and what the server fills in.
pub(super) fn server_fields() -> FieldSet {
    let mut set = FieldSet::default();
    for name in ["apiVersion", "kind", "metadata"] {
        set.insert(&[PathElement::field(name)]);
    }
    for name in [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ] {
        set.insert(&[PathElement::field("metadata"), PathElement::field(name)]);
    }
    set
}
