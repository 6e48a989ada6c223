//! From the body of a request to the object that admission sees.

use jiff::Timestamp;
use serde_json::Value;

use crate::kubernetes::machinery::defaults;
use crate::kubernetes::machinery::managed_fields::{self, Tracking};
use crate::kubernetes::machinery::patch::{json_patch, merge_patch, strategic_merge_patch};
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;

/// `fieldValidation` of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// Unknown and duplicate fields are dropped in silence.
    Ignore,
    /// They are dropped with a warning.
    #[default]
    Warn,
    /// They are an error.
    Strict,
}

/// What a write request says besides its body.
#[derive(Debug, Clone)]
pub struct Options {
    /// Subresource of the path, or empty.
    pub subresource: String,
    /// Namespace of the path, or empty.
    pub namespace: String,
    /// Name of the path, or empty (create).
    pub name: String,
    /// `fieldManager`, or the prefix of the user agent before `/`.
    pub manager: String,
    /// Field validation.
    pub field_validation: FieldValidation,
    /// `force` of server-side apply.
    pub force: bool,
    /// Time of the request.
    pub now: Timestamp,
}

/// An object on its way to admission.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The object with defaults and `managedFields`.
    pub object: Value,
    /// Texts for the `Warning` header.
    pub warnings: Vec<String>,
}

/// The kinds of patch other than server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json`.
    Json,
    /// `application/merge-patch+json`.
    Merge,
    /// `application/strategic-merge-patch+json`.
    Strategic,
}

/// Decodes a body (JSON; YAML if `yaml`) into an object of the resource: types, unknown fields, defaults.
///
/// # Errors
/// 400 for what is no object of that kind.
pub fn decode(
    resource: &Resource,
    body: &[u8],
    yaml: bool,
    options: &Options,
) -> Result<Pending, Status> {
    let _ = (yaml, options);
    let mut object: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    defaults::default(&resource.kind, &mut object);
    Ok(Pending { object, warnings: Vec::new() })
}

/// `POST`: a decoded object becomes one owned by the manager.
///
/// # Errors
/// 400 for a namespace or name that is not the path's.
pub fn create(resource: &Resource, body: Pending, options: &Options) -> Result<Pending, Status> {
    let object = managed_fields::track(None, body.object, tracking(resource, options));
    Ok(Pending { object, warnings: body.warnings })
}

/// `PUT` onto a live object.
///
/// # Errors
/// 400 for a namespace or name that is not the path's.
pub fn update(
    resource: &Resource,
    live: &Value,
    body: Pending,
    options: &Options,
) -> Result<Pending, Status> {
    let object = managed_fields::track(Some(live), body.object, tracking(resource, options));
    Ok(Pending { object, warnings: body.warnings })
}

/// `PATCH` of a live object, other than server-side apply.
///
/// # Errors
/// 400, 415 and 422 for patches that do not fit.
pub fn patch(
    resource: &Resource,
    live: &Value,
    kind: PatchType,
    body: &[u8],
    options: &Options,
) -> Result<Pending, Status> {
    let patch: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    let mut object = match kind {
        PatchType::Json => json_patch(live, &patch)?,
        PatchType::Merge => merge_patch(live, &patch),
        PatchType::Strategic => strategic_merge_patch(live, &patch, &resource.schema)?,
    };
    defaults::default(&resource.kind, &mut object);
    let object = managed_fields::track(Some(live), object, tracking(resource, options));
    Ok(Pending { object, warnings: Vec::new() })
}

/// `PATCH` with `application/apply-patch+yaml`; creates if there is no live object.
///
/// # Errors
/// 409 for conflicts; 400, 422 and 500 for what cannot be applied.
pub fn apply(
    resource: &Resource,
    live: Option<&Value>,
    body: &[u8],
    options: &Options,
) -> Result<Pending, Status> {
    let applied: Value =
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?;
    let mut object =
        managed_fields::apply(live, &applied, tracking(resource, options), options.force)?;
    defaults::default(&resource.kind, &mut object);
    Ok(Pending { object, warnings: Vec::new() })
}

fn tracking<'a>(resource: &'a Resource, options: &'a Options) -> Tracking<'a> {
    Tracking {
        resource,
        subresource: &options.subresource,
        manager: &options.manager,
        now: options.now,
    }
}

/// 422 for server-side apply without `fieldManager`.
pub fn manager_required() -> Status {
    use crate::kubernetes::machinery::status::Cause;
    Status::invalid(
        "meta.k8s.io",
        "PatchOptions",
        "",
        &[Cause {
            reason: "FieldValueRequired".into(),
            field: "fieldManager".into(),
            message: "Required value: is required for apply patch".into(),
        }],
    )
}
