//! Single objects: get, create, update, patch, delete; and the deletion of collections.

use serde_json::Value;

use super::dispatch::Call;
use super::encode;
use super::query::Selection;
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::{Cause, Status};
use crate::kubernetes::machinery::write::PatchType;
use crate::kubernetes::server::api::storage_name;
use crate::kubernetes::server::http::{Answer, json_response, negotiate};
use crate::kubernetes::server::registry::{PatchKind, Target, Written};

const ORPHANED_PODS: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

/// Answers `get`, `create`, `update`, `patch` and `delete`.
pub(super) async fn answer(call: &Call, target: &Target, verb: &str, body: &[u8]) -> Answer {
    let served = target.subresource.is_empty();
    if served && !target.resource.has_verb(verb) {
        return Err(Status::no_such_method());
    }
    match verb {
        "get" => get(call, target),
        "create" => create(call, target, body).await,
        "update" => update(call, target, body).await,
        "patch" => patch(call, target, body).await,
        "delete" => delete(call, target, body).await,
        _ => Err(Status::no_such_method()),
    }
}

fn get(call: &Call, target: &Target) -> Answer {
    let how = negotiate(call.accept(), &call.query)?;
    let object = call.api.store.get(&target.key(&target.name)).ok_or_else(|| target.not_found())?;
    Ok(json_response(200, &encode::object(&target.resource, &object, how), &[]))
}

async fn create(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let how = negotiate(call.accept(), &call.query)?;
    check_write_options(call, "CreateOptions")?;
    let yaml = is_yaml(call)?;
    let written = call.api.create(target, body, yaml, &call.caller()?).await?;
    Ok(written_answer(target, &written, how))
}

async fn update(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let how = negotiate(call.accept(), &call.query)?;
    check_write_options(call, "UpdateOptions")?;
    let yaml = is_yaml(call)?;
    let written = call.api.update(target, body, yaml, &call.caller()?).await?;
    Ok(written_answer(target, &written, how))
}

async fn patch(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let how = negotiate(call.accept(), &call.query)?;
    let kind = patch_kind(call, target)?;
    check_patch_options(call, kind)?;
    let written = call.api.patch(target, kind, body, &call.caller()?).await?;
    Ok(written_answer(target, &written, how))
}

fn written_answer(
    target: &Target,
    written: &Written,
    how: crate::kubernetes::server::http::Representation,
) -> http::Response<axum::body::Body> {
    let code = if written.created { 201 } else { 200 };
    let object = encode::object(&target.resource, &written.object, how);
    json_response(code, &object, &written.warnings)
}

/// The kind of patch by its content type.
pub(super) fn patch_kind(call: &Call, target: &Target) -> Result<PatchKind, Status> {
    let custom = target.resource.custom.is_some();
    match call.content_type() {
        "application/json-patch+json" => Ok(PatchKind::Of(PatchType::Json)),
        "application/merge-patch+json" => Ok(PatchKind::Of(PatchType::Merge)),
        "application/strategic-merge-patch+json" if !custom => {
            Ok(PatchKind::Of(PatchType::Strategic))
        }
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => {
            let mut types = vec!["application/json-patch+json", "application/merge-patch+json"];
            if !custom {
                types.push("application/strategic-merge-patch+json");
            }
            types.extend(["application/apply-patch+yaml", "application/apply-patch+cbor"]);
            Err(Status::unsupported_media_type(format!(
                "the body of the request was in an unknown format - accepted media types include: {}",
                types.join(", ")
            )))
        }
    }
}

/// Whether a body is YAML.
fn is_yaml(call: &Call) -> Result<bool, Status> {
    match call.content_type() {
        "" | "application/json" => Ok(false),
        "application/yaml" | "text/yaml" | "application/x-yaml" => Ok(true),
        _ => Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor",
        )),
    }
}

fn unsupported(field: &str, value: &str, known: &[&str]) -> Cause {
    let known: Vec<String> = known.iter().map(|one| format!("{one:?}")).collect();
    Cause {
        reason: "FieldValueNotSupported".into(),
        field: field.into(),
        message: format!("Unsupported value: {value:?}: supported values: {}", known.join(", ")),
    }
}

fn write_option_causes(call: &Call) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (key, value) in &call.query {
        match (key.as_str(), value.as_str()) {
            ("dryRun", value) if !matches!(value, "All" | "") => {
                causes.push(unsupported("dryRun", &format!("[{value}]"), &["All"]));
            }
            ("fieldValidation", value) if !matches!(value, "Ignore" | "Warn" | "Strict" | "") => {
                causes.push(unsupported("fieldValidation", value, &["Ignore", "Warn", "Strict"]));
            }
            ("fieldManager", value) if value.len() > 128 => causes.push(Cause {
                reason: "FieldValueTooLong".into(),
                field: "fieldManager".into(),
                message: "Too long: may not be more than 128 bytes".into(),
            }),
            _ => {}
        }
    }
    causes
}

/// Refuses query parameters of writes that mean nothing.
pub(super) fn check_write_options(call: &Call, kind: &str) -> Result<(), Status> {
    let causes = write_option_causes(call);
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("meta.k8s.io", kind, "", &causes))
}

/// Refuses query parameters of patches that mean nothing.
pub(super) fn check_patch_options(call: &Call, kind: PatchKind) -> Result<(), Status> {
    let mut causes = write_option_causes(call);
    let manager = call.parameter("fieldManager").unwrap_or_default();
    if kind == PatchKind::Apply && manager.is_empty() {
        causes.push(Cause {
            reason: "FieldValueRequired".into(),
            field: "fieldManager".into(),
            message: "Required value: is required for apply patch".into(),
        });
    }
    if kind != PatchKind::Apply && call.parameter("force").is_some() {
        causes.push(Cause {
            reason: "FieldValueForbidden".into(),
            field: "force".into(),
            message: "Forbidden: may not be specified for non-apply patch".into(),
        });
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("meta.k8s.io", "PatchOptions", "", &causes))
}

/// Options of a deletion from the body, or from the query if there is no body.
pub(super) fn delete_options(call: &Call, body: &[u8]) -> Result<DeleteOptions, Status> {
    let given: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).map_err(|error| Status::bad_request(error.to_string()))?
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let preconditions = &given["preconditions"];
    let mut options = DeleteOptions {
        grace_period_seconds: given["gracePeriodSeconds"].as_i64(),
        propagation_policy: text(&given["propagationPolicy"]),
        uid: text(&preconditions["uid"]),
        resource_version: text(&preconditions["resourceVersion"]),
    };
    if given["orphanDependents"] == true {
        options.propagation_policy = Some("Orphan".into());
    }
    if body.is_empty() {
        options.propagation_policy = call.parameter("propagationPolicy").map(str::to_owned);
        options.grace_period_seconds = call
            .parameter("gracePeriodSeconds")
            .map(|text| text.parse().map_err(|_| Status::bad_request("invalid gracePeriodSeconds")))
            .transpose()?;
    }
    Ok(options)
}

fn deletes_dry(call: &Call, body: &[u8]) -> bool {
    let given: Value = serde_json::from_slice(body).unwrap_or_default();
    given["dryRun"].as_array().is_some_and(|all| all.iter().any(|one| one == "All"))
        || call.query.iter().any(|(key, value)| key == "dryRun" && value == "All")
}

async fn delete(call: &Call, target: &Target, body: &[u8]) -> Answer {
    let how = negotiate(call.accept(), &call.query)?;
    check_write_options(call, "DeleteOptions")?;
    let options = delete_options(call, body)?;
    let mut caller = call.caller()?;
    caller.dry_run = deletes_dry(call, body);
    let deleted = call.api.delete(target, &options, &caller).await?;
    let answer = deleted.answer(target);
    let is_job = target.resource.kind.group == "batch" && target.resource.plural == "jobs";
    let mut warnings = Vec::new();
    if is_job && options.propagation_policy.is_none() {
        warnings.push(ORPHANED_PODS.to_owned());
    }
    if answer["kind"] == "Status" {
        return Ok(json_response(200, &answer, &warnings));
    }
    Ok(json_response(200, &encode::object(&target.resource, &answer, how), &warnings))
}

/// Answers the deletion of all objects that are selected.
pub(super) async fn delete_collection(call: &Call, target: &Target, body: &[u8]) -> Answer {
    if !target.resource.has_verb("deletecollection") {
        return Err(Status::no_such_method());
    }
    let how = negotiate(call.accept(), &call.query)?;
    let selection = Selection::of(call, &target.resource, "")?;
    let options = delete_options(call, body)?;
    let mut caller = call.caller()?;
    caller.dry_run = deletes_dry(call, body);
    let namespace = (!target.namespace.is_empty()).then_some(target.namespace.as_str());
    let (mut objects, revision) = call.api.store.list(&storage_name(&target.resource), namespace);
    objects.retain(|object| selection.selects(object));
    let mut deleted = Vec::new();
    for object in objects {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
        let one = Target::object(target.resource.clone(), text("namespace"), text("name"));
        match call.api.delete(&one, &options, &caller).await {
            Ok(done) => deleted.push(done.object),
            Err(status) if status.code == 404 => {}
            Err(status) => return Err(status),
        }
    }
    let metadata = serde_json::json!({"resourceVersion": revision.to_string()});
    Ok(encode::list(&target.resource, &deleted, &metadata, how))
}
