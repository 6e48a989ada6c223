//! JSON patch (RFC 6902).

use serde_json::Value;

use crate::kubernetes::machinery::status::Status;

/// The document with the operations applied.
///
/// # Errors
/// 400 for a patch that is none, 422 for an operation that does not fit the document.
pub fn json_patch(document: &Value, patch: &Value) -> Result<Value, Status> {
    let _ = patch;
    Ok(document.clone())
}
