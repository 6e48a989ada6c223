//! From the object that admission leaves to the one that is stored.

use serde_json::Value;

use crate::kubernetes::machinery::managed_fields::same_but_times;
use crate::kubernetes::machinery::prepare::{self, Identity};
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::{Cause, Status};
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
    refuse(resource, &object, &causes)?;
    Ok(object)
}

/// Prepares and validates a change; gives back the old object if nothing changed (then nothing is to be stored).
///
/// # Errors
/// 422 with all causes.
pub fn complete_update(
    resource: &Resource,
    subresource: &str,
    mut object: Value,
    live: &Value,
) -> Result<Value, Status> {
    let given = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
    prepare::prepare_update(resource, subresource, &mut object, live);
    if given.is_empty() && validate::needs_version(resource) {
        let cause = Cause {
            reason: "FieldValueInvalid".into(),
            field: "metadata.resourceVersion".into(),
            message: "Invalid value: 0: must be specified for an update".into(),
        };
        refuse(resource, &object, &[cause])?;
    }
    let causes = validate::validate_update(resource, subresource, &object, live);
    refuse(resource, &object, &causes)?;
    if same_but_times(&object, live) {
        return Ok(live.clone());
    }
    Ok(object)
}

fn refuse(resource: &Resource, object: &Value, causes: &[Cause]) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Status::invalid(&resource.kind.group, &resource.kind.kind, name, causes))
}
