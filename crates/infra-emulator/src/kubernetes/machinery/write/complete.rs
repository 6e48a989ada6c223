//! From the object that admission leaves to the one that is stored.

use serde_json::Value;

use crate::kubernetes::machinery::prepare::{self, Identity};
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::validate;

/// Prepares and validates a new object. The store adds `resourceVersion`; allocators (cluster addresses, node ports) run before.
///
/// # Errors
/// 422 with all causes.
pub fn complete_create(
    resource: &Resource,
    mut object: Value,
    identity: &Identity,
) -> Result<Value, Status> {
    prepare::prepare_create(resource, &mut object, identity);
    let causes = validate::validate_create(resource, &object);
    refuse(resource, &object, causes)?;
    Ok(object)
}

/// Prepares and validates a change; gives back the old object if nothing changed (then nothing is to be stored).
///
/// # Errors
/// 409 if the object names another resource version than the live one; 422 with all causes.
pub fn complete_update(
    resource: &Resource,
    subresource: &str,
    mut object: Value,
    live: &Value,
) -> Result<Value, Status> {
    prepare::prepare_update(resource, subresource, &mut object, live);
    let causes = validate::validate_update(resource, subresource, &object, live);
    refuse(resource, &object, causes)?;
    Ok(object)
}

fn refuse(
    resource: &Resource,
    object: &Value,
    causes: Vec<crate::kubernetes::machinery::status::Cause>,
) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Status::invalid(&resource.kind.group, &resource.kind.kind, name, &causes))
}
