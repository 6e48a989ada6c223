//! Server-side apply.

use serde_json::{Value, json};

use super::compare::compare;
use super::entries::{self, Identity, Managers, Operation, Owned, described};
use super::field_set::FieldSet;
use super::last_applied;
use super::merge::merge;
use super::path::{PathElement, path_text};
use super::remove::remove;
use super::reset::{reset_fields, server_fields};
use super::tracking::{Tracking, lose, set_entries, updated};
use super::typed::{check, field_set};
use crate::kubernetes::machinery::schema;
use crate::kubernetes::machinery::status::Status;

/// A field that somebody else set to another value.
pub(super) struct Conflict {
    pub(super) manager: String,
    pub(super) path: Vec<PathElement>,
}

/// What apply made: the merged value (nothing if the live object had it all) and who owns what.
struct Merged {
    object: Option<Value>,
    managers: Managers,
}

/// The object that results from server-side apply, with its `managedFields`, before defaulting.
///
/// # Errors
/// 409 with all conflicts unless forced; 400 and 500 for configurations that cannot be applied.
pub fn apply(
    live: Option<&Value>,
    applied: &Value,
    tracking: Tracking<'_>,
    force: bool,
) -> Result<Value, Status> {
    if !applied["metadata"]["managedFields"].is_null() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let errors = check(&tracking.resource.schema, applied, false);
    if !errors.is_empty() {
        return Err(not_typed(applied, &tracking, &errors));
    }
    let managers = live
        .map(|object| entries::decode(&object["metadata"]["managedFields"]))
        .unwrap_or_else(|| Some(Managers::new()))
        .unwrap_or_default();
    let managers = match live {
        Some(object) if managers.is_empty() => before_first_apply(object, tracking),
        _ => managers,
    };
    let merged = match attempt(live, applied, managers.clone(), tracking, force) {
        Ok(merged) => merged,
        Err(conflicts) if tracking.manager == "kubectl" => {
            let refused = last_applied::refused(live, conflicts, &tracking);
            if !refused.is_empty() {
                return Err(conflict_status(&refused));
            }
            attempt(live, applied, managers, tracking, true)
                .map_err(|conflicts| conflict_status(&conflicts))?
        }
        Err(conflicts) => return Err(conflict_status(&conflicts)),
    };
    finished(live, applied, merged, tracking)
}

fn finished(
    live: Option<&Value>,
    applied: &Value,
    mut merged: Merged,
    tracking: Tracking<'_>,
) -> Result<Value, Status> {
    let identity = tracking.identity(Operation::Apply);
    let mut object = match merged.object {
        Some(object) => {
            if let Some(owned) = merged.managers.get_mut(&identity) {
                owned.time = Some(tracking.time());
            }
            if tracking.resource.custom.is_none() {
                schema::decode(&tracking.resource.schema, &object)
                    .map_err(|error| {
                        Status::unclassified(format!(
                            "failed to convert the applied object: {error}"
                        ))
                    })?
                    .value
            } else {
                object
            }
        }
        None => live.cloned().unwrap_or_else(|| json!({})),
    };
    if tracking.manager == "kubectl" {
        last_applied::renew(&mut object, applied);
    }
    set_entries(&mut object, Some(&merged.managers));
    Ok(object)
}

/// An object without owners belongs to a made-up manager once somebody applies.
fn before_first_apply(live: &Value, tracking: Tracking<'_>) -> Managers {
    let first = Tracking { manager: "before-first-apply", ..tracking };
    updated(None, live, Managers::new(), first)
}

fn attempt(
    live: Option<&Value>,
    applied: &Value,
    mut managers: Managers,
    tracking: Tracking<'_>,
    force: bool,
) -> Result<Merged, Vec<Conflict>> {
    let schema = &tracking.resource.schema;
    let old = tracking.typed(live);
    let mut object = merge(schema, &old, applied);
    let identity = tracking.identity(Operation::Apply);
    let last = managers.remove(&identity);
    let reset = reset_fields(tracking.resource, tracking.subresource);
    let set = field_set(schema, applied).recursive_difference(&reset);
    let owned = Owned {
        set,
        api_version: tracking.resource.kind.api_version(),
        time: last.as_ref().and_then(|owned| owned.time.clone()),
    };
    managers.insert(identity.clone(), owned);
    if let Some(last) = last.filter(|owned| !owned.set.is_empty()) {
        object = pruned(schema, object, &managers, &last.set);
    }
    let difference = compare(schema, &old, &object).excluding(&reset);
    let (mut managers, lost) = lose(managers, &difference, Some(&identity));
    if !force && !lost.is_empty() {
        return Err(conflicts(&lost));
    }
    strip(&mut managers, &identity);
    Ok(Merged { object: (object != old).then_some(object), managers })
}

fn strip(managers: &mut Managers, identity: &Identity) {
    if let Some(mut owned) = managers.remove(identity) {
        owned.set = owned.set.difference(&server_fields());
        if !owned.set.is_empty() {
            managers.insert(identity.clone(), owned);
        }
    }
}

/// The merged value without what the manager applied last time, does not apply now, and nobody else owns.
fn pruned(schema: &schema::Schema, merged: Value, managers: &Managers, last: &FieldSet) -> Value {
    let named = |set: &FieldSet| set.with_named_fields(Some(schema));
    let all = named(&field_set(schema, &merged));
    let removed = remove(schema, &merged, &named(last));
    let owned = managers.values().fold(FieldSet::default(), |all, owned| all.union(&owned.set));
    // What others (and this configuration) own comes back,
    let kept = named(&field_set(schema, &removed)).union(&named(&owned));
    let removed = remove(schema, &merged, &all.difference(&kept));
    // and what was not the manager's to remove.
    let left = named(&field_set(schema, &removed));
    remove(schema, &merged, &all.difference(&left).intersection(&named(last)))
}

fn conflicts(lost: &[(Identity, Owned, FieldSet)]) -> Vec<Conflict> {
    lost.iter()
        .flat_map(|(identity, owned, set)| {
            set.paths()
                .into_iter()
                .map(|path| Conflict { manager: described(identity, owned), path })
        })
        .collect()
}

fn conflict_status(conflicts: &[Conflict]) -> Status {
    let causes: Vec<Value> = conflicts
        .iter()
        .map(|conflict| {
            json!({
                "reason": "FieldManagerConflict",
                "message": format!("conflict with {}", conflict.manager),
                "field": path_text(&conflict.path),
            })
        })
        .collect();
    let mut status = Status::new(409, "Conflict", conflict_message(conflicts));
    status.details = Some(json!({ "causes": causes }));
    status
}

fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [conflict] = conflicts {
        let path = path_text(&conflict.path);
        return format!("Apply failed with 1 conflict: conflict with {}: {path}", conflict.manager);
    }
    let mut managers: Vec<&str> = conflicts.iter().map(|own| own.manager.as_str()).collect();
    managers.sort_unstable();
    managers.dedup();
    let mut lines = Vec::new();
    for manager in managers {
        lines.push(format!("conflicts with {manager}:"));
        let own = conflicts.iter().filter(|conflict| conflict.manager == manager);
        lines.extend(own.map(|conflict| format!("- {}", path_text(&conflict.path))));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

fn not_typed(applied: &Value, tracking: &Tracking<'_>, errors: &[String]) -> Status {
    let text = |key: &str| applied["metadata"][key].as_str().unwrap_or_default();
    let kind = &tracking.resource.kind;
    let list = match errors {
        [one] => one.clone(),
        several => format!("errors:\n  {}", several.join("\n  ")),
    };
    Status::unclassified(format!(
        "failed to create typed patch object ({}/{}; {}, Kind={}): {list}",
        text("namespace"),
        text("name"),
        if kind.group.is_empty() { format!("/{}", kind.version) } else { kind.api_version() },
        kind.kind,
    ))
}
