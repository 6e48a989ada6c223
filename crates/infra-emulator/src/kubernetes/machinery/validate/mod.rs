//! Validation: what the server refuses, with its reasons and texts.

use serde_json::Value;

use super::scheme::Resource;
use super::status::Cause;

/// What is wrong with a new object.
pub fn validate_create(_resource: &Resource, _object: &Value) -> Vec<Cause> {
    Vec::new()
}

/// What is wrong with a change. `subresource` is empty for the object itself.
pub fn validate_update(
    _resource: &Resource,
    _subresource: &str,
    _object: &Value,
    _old: &Value,
) -> Vec<Cause> {
    Vec::new()
}

/// Whether updates must name the version that they are based on.
pub fn needs_version(resource: &Resource) -> bool {
    resource.custom.is_some()
        || matches!(
            resource.kind.kind.as_str(),
            "CustomResourceDefinition"
                | "APIService"
                | "Lease"
                | "PodDisruptionBudget"
                | "CSINode"
                | "CSIDriver"
                | "VolumeAttachment"
                | "RuntimeClass"
                | "CSIStorageCapacity"
                | "MutatingWebhookConfiguration"
                | "ValidatingWebhookConfiguration"
                | "FlowSchema"
                | "PriorityLevelConfiguration"
        )
}
