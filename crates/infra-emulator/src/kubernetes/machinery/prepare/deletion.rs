//! Graceful deletion, finalizers, propagation policies.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::kubernetes::machinery::schema::time_text;
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::{Cause, Status};

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
    resource: &Resource,
    object: &Value,
    options: &DeleteOptions,
    now: Timestamp,
) -> Result<Deletion, Status> {
    check_options(options)?;
    check_preconditions(resource, object, options)?;
    let mut changed = object.clone();
    let grace = grace_period(resource, object, options);
    let deleting = !object["metadata"]["deletionTimestamp"].is_null();
    let finalizers = with_policy(resource, object, options.propagation_policy.as_deref());
    let left = object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    if resource.kind.kind == "Namespace" {
        return Ok(namespace(changed, deleting, now));
    }
    set_finalizers(&mut changed, &finalizers);
    if grace == 0 && finalizers.is_empty() {
        return Ok(Deletion::Remove);
    }
    if deleting {
        if options.grace_period_seconds.is_some() && grace < left {
            let end = now.checked_add(SignedDuration::from_secs(grace)).unwrap_or(now);
            changed["metadata"]["deletionTimestamp"] = json!(time_text(end, false));
            changed["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        }
        return Ok(Deletion::Update(changed));
    }
    let end = now.checked_add(SignedDuration::from_secs(grace)).unwrap_or(now);
    changed["metadata"]["deletionTimestamp"] = json!(time_text(end, false));
    changed["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    if let Some(generation) = object["metadata"]["generation"].as_i64() {
        changed["metadata"]["generation"] = json!(generation + 1);
    }
    Ok(Deletion::Update(changed))
}

/// The object as it was last seen when it goes at once: a pod counts as deleted without a grace period.
pub fn last_state(resource: &Resource, object: &Value, now: Timestamp) -> Value {
    let mut last = object.clone();
    let pod = resource.kind.kind == "Pod" && resource.kind.group.is_empty();
    if pod && last["metadata"]["deletionTimestamp"].is_null() {
        last["metadata"]["deletionTimestamp"] = json!(time_text(now, false));
        if let Some(generation) = object["metadata"]["generation"].as_i64() {
            last["metadata"]["generation"] = json!(generation + 1);
        }
    }
    if pod {
        last["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    }
    last
}

/// A namespace is emptied first: it is Terminating until its finalizer is taken away.
fn namespace(mut object: Value, deleting: bool, now: Timestamp) -> Deletion {
    let empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    if !deleting {
        object["metadata"]["deletionTimestamp"] = json!(time_text(now, false));
    }
    if empty(&object["spec"]["finalizers"]) && empty(&object["metadata"]["finalizers"]) {
        return Deletion::Remove;
    }
    object["status"]["phase"] = json!("Terminating");
    Deletion::Update(object)
}

/// Whether an object that is being deleted has nothing to wait for any more and must be removed now.
pub fn finalizers_done(resource: &Resource, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let empty = |value: &Value| value.as_array().is_none_or(Vec::is_empty);
    let namespace = resource.kind.kind == "Namespace" && resource.kind.group.is_empty();
    !metadata["deletionTimestamp"].is_null()
        && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
        && empty(&metadata["finalizers"])
        && (!namespace || empty(&object["spec"]["finalizers"]))
}

fn check_options(options: &DeleteOptions) -> Result<(), Status> {
    let mut causes = Vec::new();
    if let Some(policy) = options.propagation_policy.as_deref()
        && !matches!(policy, "Orphan" | "Background" | "Foreground")
    {
        causes.push(Cause {
            reason: "FieldValueNotSupported".into(),
            field: "propagationPolicy".into(),
            message: format!(
                "Unsupported value: {policy:?}: supported values: \"Background\", \"Foreground\", \"Orphan\", \"nil\""
            ),
        });
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", &causes))
    }
}

fn check_preconditions(
    resource: &Resource,
    object: &Value,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let of = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    let refuse = |what: &str, wanted: &str, found: &str| {
        let text = format!(
            "Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
        );
        Err(Status::conflict(&resource.kind.group, &resource.plural, of("name"), &text))
    };
    match (&options.uid, &options.resource_version) {
        (Some(uid), _) if uid != of("uid") => refuse("UID", uid, of("uid")),
        (_, Some(version)) if version != of("resourceVersion") => {
            refuse("ResourceVersion", version, of("resourceVersion"))
        }
        _ => Ok(()),
    }
}

/// Pods have time to stop once they run somewhere; all else goes at once.
fn grace_period(resource: &Resource, object: &Value, options: &DeleteOptions) -> i64 {
    if resource.kind.kind != "Pod" || !resource.kind.group.is_empty() {
        return 0;
    }
    let phase = object["status"]["phase"].as_str().unwrap_or_default();
    let assigned = !object["spec"]["nodeName"].as_str().unwrap_or_default().is_empty();
    if !assigned || matches!(phase, "Succeeded" | "Failed") {
        return 0;
    }
    let own = object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    match options.grace_period_seconds.unwrap_or(own) {
        0 => 0,
        negative if negative < 0 => 1,
        seconds => seconds,
    }
}

/// Whether objects of the kind leave their dependents alone by default.
fn orphans(resource: &Resource) -> bool {
    matches!(
        (resource.kind.group.as_str(), resource.kind.kind.as_str()),
        ("", "ReplicationController") | ("batch", "Job")
    )
}

/// Texts for the `Warning` header of a deletion.
pub fn warnings(resource: &Resource, options: &DeleteOptions) -> Vec<String> {
    if resource.kind.kind == "Job" && options.propagation_policy.is_none() {
        return vec!["child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning".into()];
    }
    Vec::new()
}

/// The finalizers that the propagation policy leaves on the object.
fn with_policy(resource: &Resource, object: &Value, policy: Option<&str>) -> Vec<String> {
    let mut finalizers: Vec<String> = object["metadata"]["finalizers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect();
    let default = orphans(resource).then_some("Orphan");
    let given = finalizers.iter().any(|own| own == "orphan" || own == "foregroundDeletion");
    let policy = policy.or(if given { None } else { default });
    if let Some(policy) = policy {
        finalizers.retain(|own| own != "orphan" && own != "foregroundDeletion");
        match policy {
            "Orphan" => finalizers.push("orphan".into()),
            "Foreground" => finalizers.push("foregroundDeletion".into()),
            _ => {}
        }
    }
    finalizers
}

fn set_finalizers(object: &mut Value, finalizers: &[String]) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("finalizers");
        if !finalizers.is_empty() {
            metadata.insert("finalizers".into(), json!(finalizers));
        }
    }
}
