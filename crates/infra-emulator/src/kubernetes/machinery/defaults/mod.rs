//! Defaulting of built-in kinds.

use serde_json::Value;

use super::scheme::GroupVersionKind;

/// Fills in what the server fills in on decoding.
pub fn default(_kind: &GroupVersionKind, _object: &mut Value) {}
