//! The plan as a JSON document for programs. Fields are only ever added to a format version; readers skip what they do not know.

use std::convert::Infallible;

use infra_event::Action;
use serde_json::{Map, Value as Json, json};

use super::{Entry, entries};
use crate::{Change, Operation, Plan, Row, Secret, Value};

/// Version of the document that [`json()`] makes.
pub const DOCUMENT_FORMAT: u32 = 1;

/// The plan as a JSON document.
///
/// ```text
/// format_version  1
/// deployment      { name, id }
/// destroy         whether it is a plan of `down`
/// empty           whether there is nothing to do
/// applicable      whether nothing stands in the way of applying it
/// inputs_digest   digest of the files that it was made from
/// changes         one per resource to which something happens:
///                 { address, kind, provider, action, protected, because, note, monthly_cost, fields, objects, operations }
/// operations      the steps: { id, address, kind, provider, action, after, ownership, protected, replaces, exclusive_within,
///                 expected_seconds, prior_id, note, inputs }
/// totals          { create, change, replace, delete, adopt, forget, unchanged }; what is replaced counts as `replace` alone
/// costs           { currency, monthly, by_address }, or null if none is known
/// notes, refusals diagnostics: { severity, code, summary, detail, address, next_steps, exit, .. }
/// ```
///
/// `action` of a change is `create`, `update`, `replace`, `delete`, `adopt`, `forget` or `wait`. `fields` are
/// `{ path, before, after, effect }`; `objects` are `{ address, action, fields }`. In values, `{"$unknown": true}` is what is not
/// known yet, `{"$reference": "ADDRESS#PATH"}` what another resource will tell, `{"$joined": [..]}` a text made of such parts, and
/// `{"$secret": null}` a secret, which is never in the document, not even sealed.
pub fn json(plan: &Plan) -> Json {
    let entries = entries(plan);
    json!({
        "format_version": DOCUMENT_FORMAT,
        "deployment": { "name": plan.deployment.name, "id": plan.deployment.deployment },
        "destroy": plan.destroy,
        "empty": plan.is_empty(),
        "applicable": plan.refusals.is_empty(),
        "inputs_digest": plan.inputs_digest,
        "changes": entries.iter().map(|entry| change(plan, entry)).collect::<Vec<_>>(),
        "operations": plan.operations.iter().map(operation).collect::<Vec<_>>(),
        "totals": {
            "create": plan.totals.create.saturating_sub(plan.totals.replace),
            "change": plan.totals.update,
            "replace": plan.totals.replace,
            "delete": plan.totals.delete,
            "adopt": plan.totals.adopt,
            "forget": plan.totals.forget,
            "unchanged": plan.totals.unchanged,
        },
        "costs": plan.monthly_cost().map(|monthly| json!({
            "currency": "USD",
            "monthly": monthly,
            "by_address": plan.costs,
        })),
        "notes": plan.notes,
        "refusals": plan.refusals,
    })
}

fn change(plan: &Plan, entry: &Entry<'_>) -> Json {
    let main = entry.main;
    json!({
        "address": entry.address,
        "kind": main.kind,
        "provider": main.provider,
        "action": entry.action,
        "protected": main.protected,
        "because": entry.replace_reason(),
        "note": main.note,
        "monthly_cost": entry.monthly_cost(plan),
        "fields": if main.rows.is_empty() { fields(&main.changes) } else { Json::Array(Vec::new()) },
        "objects": main.rows.iter().map(|row| object(row, entry.action)).collect::<Vec<_>>(),
        "operations": entry.operations.iter().map(|operation| operation.id).collect::<Vec<_>>(),
    })
}

/// An object; those of what is made or goes share its action unless they say otherwise.
fn object(row: &Row, whole: Action) -> Json {
    let shared = match whole {
        Action::Create | Action::Replace => Some(Action::Create),
        Action::Delete => Some(Action::Delete),
        _ => None,
    };
    json!({
        "address": row.address,
        "action": row.action.or(shared),
        "fields": fields(&row.changes),
    })
}

fn fields(changes: &[Change]) -> Json {
    let one = |change: &Change| {
        json!({
            "path": change.path,
            "before": value(&change.before),
            "after": value(&change.after),
            "effect": change.effect,
        })
    };
    Json::Array(changes.iter().map(one).collect())
}

fn operation(operation: &Operation) -> Json {
    let mut all = Map::new();
    all.insert("id".to_owned(), json!(operation.id));
    all.insert("address".to_owned(), json!(operation.address));
    all.insert("kind".to_owned(), json!(operation.kind));
    all.insert("provider".to_owned(), json!(operation.provider));
    all.insert("action".to_owned(), json!(operation.action));
    all.insert("after".to_owned(), json!(operation.after));
    all.insert("ownership".to_owned(), json!(operation.ownership));
    all.insert("protected".to_owned(), json!(operation.protected));
    all.insert("replaces".to_owned(), json!(operation.replaces));
    all.insert("exclusive_within".to_owned(), json!(operation.exclusive_within));
    all.insert("expected_seconds".to_owned(), json!(operation.expected_seconds));
    all.insert("prior_id".to_owned(), json!(operation.prior_id));
    all.insert("note".to_owned(), json!(operation.note));
    all.insert("inputs".to_owned(), value(&operation.inputs));
    Json::Object(all)
}

/// The JSON form of a value, its secrets hidden even if they are sealed.
fn value(value: &Value) -> Json {
    let mut hide = |_: &Secret| Ok::<_, Infallible>(Secret::hidden());
    match value.map_secrets(&mut hide) {
        Ok(hidden) => hidden.to_json(),
    }
}
