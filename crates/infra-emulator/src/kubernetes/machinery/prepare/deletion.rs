//! Graceful deletion, finalizers, propagation policies.

use jiff::Timestamp;
use serde_json::Value;

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;

/// `metav1.DeleteOptions`, from the body or the query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// Grace period in seconds.
    pub grace_period_seconds: Option<i64>,
    /// `Orphan`, `Background` or `Foreground`.
    pub propagation_policy: Option<String>,
    /// Precondition on the uid.
    pub uid: Option<String>,
    /// Precondition on the resource version.
    pub resource_version: Option<String>,
}

/// What a deletion does at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Deletion {
    /// The object goes away.
    Remove,
    /// The object stays, changed so, until finalizers and grace period are over.
    Update(Value),
}

/// Begins a deletion.
///
/// # Errors
/// 409 for preconditions that do not hold, 422 for bad options.
pub fn begin_delete(
    _resource: &Resource,
    _object: &Value,
    _options: &DeleteOptions,
    _now: Timestamp,
) -> Result<Deletion, Status> {
    Ok(Deletion::Remove)
}

/// Whether an object that is being deleted has nothing to wait for any more and must be removed now.
pub fn finalizers_done(_resource: &Resource, object: &Value) -> bool {
    let metadata = &object["metadata"];
    !metadata["deletionTimestamp"].is_null()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
}
