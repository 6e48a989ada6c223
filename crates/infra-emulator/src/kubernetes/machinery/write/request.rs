//! From the body of a request to the object that admission sees.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::decode::{Checked, typed};
use super::parse::parse;
use super::warnings;
use crate::kubernetes::machinery::managed_fields::{self, Tracking};
use crate::kubernetes::machinery::patch::{json_patch, merge_patch, strategic_merge_patch};
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::{Cause, Status};

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
    let parsed = parse(body, yaml).map_err(|error| unreadable(resource, body, &error))?;
    check_kind(resource, &parsed.value)?;
    let checked =
        typed(resource, &parsed.value).map_err(|error| cannot_be_handled(resource, &error))?;
    let problems = problems(&parsed.duplicates, &checked);
    let object = checked.object;
    match options.field_validation {
        FieldValidation::Strict if !problems.is_empty() => {
            let text = format!("strict decoding error: {}", problems.join(", "));
            Err(cannot_be_handled(resource, &text))
        }
        FieldValidation::Warn => Ok(Pending { object, warnings: problems }),
        _ => Ok(Pending { object, warnings: Vec::new() }),
    }
}

/// `POST`: a decoded object becomes one owned by the manager.
///
/// # Errors
/// 400 for a namespace or name that is not the path's.
pub fn create(resource: &Resource, body: Pending, options: &Options) -> Result<Pending, Status> {
    let mut object = body.object;
    place(resource, &mut object, options)?;
    if !text(&object, "resourceVersion").is_empty() {
        return Err(Status::unclassified(
            "resourceVersion should not be set on objects to be created",
        ));
    }
    dedup_owners(&mut object);
    let object = managed_fields::track(None, object, tracking(resource, options));
    let mut warnings = body.warnings;
    warnings.extend(warnings::of(resource, &object, None));
    Ok(Pending { object, warnings })
}

/// `PUT` onto a live object.
///
/// # Errors
/// 400 for a namespace or name that is not the path's; 409 for another uid or version.
pub fn update(
    resource: &Resource,
    live: &Value,
    body: Pending,
    options: &Options,
) -> Result<Pending, Status> {
    let mut object = body.object;
    place(resource, &mut object, options)?;
    check_identity(resource, live, &object, options)?;
    dedup_owners(&mut object);
    let object = managed_fields::track(Some(live), object, tracking(resource, options));
    let mut warnings = body.warnings;
    warnings.extend(warnings::of(resource, &object, Some(live)));
    Ok(Pending { object, warnings })
}

/// `PATCH` of a live object, other than server-side apply.
///
/// # Errors
/// 400, 409, 415 and 422 for patches that do not fit.
pub fn patch(
    resource: &Resource,
    live: &Value,
    kind: PatchType,
    body: &[u8],
    options: &Options,
) -> Result<Pending, Status> {
    let parsed = parse(body, false)
        .map_err(|error| Status::bad_request(format!("error decoding patch: json: {error}")))?;
    let patched = match kind {
        PatchType::Json => json_patch(live, &parsed.value)?,
        PatchType::Merge if !parsed.value.is_object() => {
            return Err(Status::bad_request(
                "error decoding patch: json: cannot unmarshal patch into Go value of type map[string]interface {}",
            ));
        }
        PatchType::Merge => merge_patch(live, &parsed.value),
        PatchType::Strategic if resource.custom.is_some() => {
            return Err(Status::unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
            ));
        }
        PatchType::Strategic => strategic_merge_patch(live, &parsed.value, &resource.schema)?,
    };
    let checked = typed(resource, &patched).map_err(|error| bad_patch(&error))?;
    let problems = problems(&parsed.duplicates, &checked);
    if options.field_validation == FieldValidation::Strict && !problems.is_empty() {
        let text = format!("strict decoding error: {}", problems.join(", "));
        return Err(bad_patch(&text));
    }
    let mut object = checked.object;
    same_kind(resource, &object)?;
    place(resource, &mut object, options)?;
    check_version(resource, live, &object, options)?;
    dedup_owners(&mut object);
    let object = managed_fields::track(Some(live), object, tracking(resource, options));
    let mut warnings =
        if options.field_validation == FieldValidation::Warn { problems } else { Vec::new() };
    warnings.extend(warnings::of(resource, &object, Some(live)));
    Ok(Pending { object, warnings })
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
    let parsed = parse(body, true)
        .map_err(|error| Status::bad_request(format!("error decoding YAML: {error}")))?;
    let applied = parsed.value;
    check_applied(resource, &applied)?;
    let problems: Vec<String> =
        parsed.duplicates.iter().map(|path| format!("duplicate field {path:?}")).collect();
    if options.field_validation == FieldValidation::Strict && !problems.is_empty() {
        return Err(Status::bad_request(format!(
            "error decoding YAML: strict decoding error: {}",
            problems.join(", ")
        )));
    }
    let merged = managed_fields::apply(live, &applied, tracking(resource, options), options.force)?;
    let checked = typed(resource, &merged).map_err(|error| {
        Status::unclassified(format!("failed to convert new typed object to object: {error}"))
    })?;
    let mut object = checked.object;
    place(resource, &mut object, options)?;
    match live {
        Some(live) => check_version(resource, live, &object, options)?,
        None => {
            let uid = text(&object, "uid").to_owned();
            if !uid.is_empty() {
                return Err(Status::conflict(
                    &resource.kind.group,
                    &resource.plural,
                    &options.name,
                    &format!(
                        "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                    ),
                ));
            }
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.shift_remove("resourceVersion");
            }
        }
    }
    dedup_owners(&mut object);
    let mut warnings = warnings::of(resource, &object, live);
    if options.field_validation == FieldValidation::Warn {
        warnings.extend(problems);
    }
    Ok(Pending { object, warnings })
}

/// 422 for server-side apply without `fieldManager`.
pub fn manager_required() -> Status {
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

fn tracking<'a>(resource: &'a Resource, options: &'a Options) -> Tracking<'a> {
    Tracking {
        resource,
        subresource: &options.subresource,
        manager: &options.manager,
        now: options.now,
    }
}

fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"].get(key).and_then(Value::as_str).unwrap_or_default()
}

fn problems(duplicates: &[String], checked: &Checked) -> Vec<String> {
    let duplicates = duplicates.iter().map(|path| format!("duplicate field {path:?}"));
    let unknown = checked.unknown.iter().map(|path| format!("unknown field {path:?}"));
    duplicates.chain(unknown).collect()
}

fn unreadable(resource: &Resource, body: &[u8], error: &str) -> Status {
    let start: String = String::from_utf8_lossy(body).chars().take(60).collect();
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {error} ({start})",
        resource.kind.kind
    ))
}

fn cannot_be_handled(resource: &Resource, error: &str) -> Status {
    let kind = &resource.kind;
    Status::bad_request(format!(
        "{} in version {:?} cannot be handled as a {}: {error}",
        kind.kind, kind.version, kind.kind
    ))
}

fn bad_patch(error: &str) -> Status {
    Status::invalid(
        "",
        "",
        "",
        &[Cause {
            reason: "FieldValueInvalid".into(),
            field: "patch".into(),
            message: format!("Invalid value: {error}"),
        }],
    )
}

/// A body without kind or version is of the kind expected; custom kinds must say theirs.
fn check_kind(resource: &Resource, value: &Value) -> Result<(), Status> {
    let Some(map) = value.as_object() else {
        let text = "couldn't get version/kind; json parse error: json: cannot unmarshal value into Go value of type struct";
        return Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): {text}",
            resource.kind.kind
        )));
    };
    let of = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (of("apiVersion"), of("kind"));
    let expected = resource.kind.api_version();
    if resource.custom.is_some() {
        for (key, given) in [("Kind", kind), ("apiVersion", version)] {
            if given.is_empty() {
                return Err(Status::bad_request(format!("Object '{key}' is missing in '{value}'")));
            }
        }
    }
    if !version.is_empty() && version != expected {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({expected})"
        )));
    }
    if !kind.is_empty() && kind != resource.kind.kind && resource.custom.is_some() {
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        let cause = Cause {
            reason: "FieldValueInvalid".into(),
            field: "kind".into(),
            message: format!("Invalid value: {kind:?}: must be {}", resource.kind.kind),
        };
        return Err(Status::invalid(&resource.kind.group, &resource.kind.kind, name, &[cause]));
    }
    if !kind.is_empty() && kind != resource.kind.kind {
        let package = if resource.kind.group.is_empty() { "core" } else { group_package(resource) };
        return Err(Status::bad_request(format!(
            "{kind} in version {:?} cannot be handled as a {}: converting ({}.{kind}) to ({package}.{}): unknown conversion",
            resource.kind.version, resource.kind.kind, resource.kind.version, resource.kind.kind
        )));
    }
    Ok(())
}

fn group_package(resource: &Resource) -> &str {
    resource.kind.group.split('.').next().unwrap_or_default()
}

fn same_kind(resource: &Resource, object: &Value) -> Result<(), Status> {
    let kind = object["kind"].as_str().unwrap_or(&resource.kind.kind);
    let version = object["apiVersion"].as_str().unwrap_or_default();
    if kind == resource.kind.kind && (version.is_empty() || version == resource.kind.api_version())
    {
        return Ok(());
    }
    Err(Status::bad_request(format!(
        "{kind} in version {:?} cannot be handled as a {}",
        resource.kind.version, resource.kind.kind
    )))
}

fn check_applied(resource: &Resource, applied: &Value) -> Result<(), Status> {
    let of = |key: &str| applied.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (of("apiVersion"), of("kind"));
    let expected = &resource.kind;
    if kind.is_empty() {
        return Err(Status::bad_request(format!("Object 'Kind' is missing in '{applied}'")));
    }
    if kind != expected.kind || version != expected.api_version() {
        let (group, version) = version.rsplit_once('/').unwrap_or(("", version));
        return Err(Status::bad_request(format!(
            "invalid object type: {group}/{version}, Kind={kind}"
        )));
    }
    Ok(())
}

/// Namespace and name of the path; an object may leave them out, but not say others.
fn place(resource: &Resource, object: &mut Value, options: &Options) -> Result<(), Status> {
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if resource.namespaced {
        let given = text(object, "namespace");
        if !given.is_empty() && given != options.namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        object["metadata"]["namespace"] = json!(options.namespace);
    } else if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("namespace");
    }
    if options.name.is_empty() {
        return Ok(());
    }
    let given = text(object, "name");
    if !given.is_empty() && given != options.name {
        return Err(Status::bad_request(format!(
            "the name of the object ({given}) does not match the name on the URL ({})",
            options.name
        )));
    }
    object["metadata"]["name"] = json!(options.name);
    Ok(())
}

/// The object must be the live one: same uid and, if it says one, same version.
fn check_identity(
    resource: &Resource,
    live: &Value,
    object: &Value,
    options: &Options,
) -> Result<(), Status> {
    let (group, plural) = (&resource.kind.group, &resource.plural);
    let (uid, live_uid) = (text(object, "uid"), text(live, "uid"));
    if !uid.is_empty() && uid != live_uid {
        return Err(Status::conflict(
            group,
            plural,
            &options.name,
            &format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}"
            ),
        ));
    }
    check_version(resource, live, object, options)
}

fn check_version(
    resource: &Resource,
    live: &Value,
    object: &Value,
    options: &Options,
) -> Result<(), Status> {
    let (group, plural) = (&resource.kind.group, &resource.plural);
    let version = text(object, "resourceVersion");
    if !version.is_empty() && version != text(live, "resourceVersion") {
        return Err(Status::modified(group, plural, &options.name));
    }
    Ok(())
}

/// Equal owner references are one.
fn dedup_owners(object: &mut Value) {
    let Some(owners) = object["metadata"].get_mut("ownerReferences").and_then(Value::as_array_mut)
    else {
        return;
    };
    let mut seen: Vec<Value> = Vec::new();
    owners.retain(|owner| {
        let new = !seen.contains(owner);
        if new {
            seen.push(owner.clone());
        }
        new
    });
}
