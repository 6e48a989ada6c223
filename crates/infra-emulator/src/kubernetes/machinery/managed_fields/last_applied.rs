//! The annotation of client-side apply, which kubectl's server-side apply takes over.

use serde_json::{Map, Value, json};

use super::apply::Conflict;
use super::compare::compare;
use super::tracking::Tracking;
use super::typed::field_set;

const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The conflicts that remain: fields that were last applied from the client side may be taken without force.
pub(super) fn refused(
    live: Option<&Value>,
    conflicts: Vec<Conflict>,
    tracking: &Tracking<'_>,
) -> Vec<Conflict> {
    let text = live.and_then(|object| object["metadata"]["annotations"][ANNOTATION].as_str());
    let Some(applied) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return conflicts;
    };
    if applied["apiVersion"].as_str() != Some(tracking.resource.kind.api_version().as_str()) {
        return conflicts;
    }
    let schema = &tracking.resource.schema;
    let difference = compare(schema, &applied, &tracking.typed(live));
    let allowed = field_set(schema, &applied)
        .difference(&difference.modified)
        .difference(&difference.added)
        .difference(&difference.removed);
    conflicts.into_iter().filter(|conflict| !allowed.has(&conflict.path)).collect()
}

/// Brings the annotation up to date, if there is one.
pub(super) fn renew(object: &mut Value, applied: &Value) {
    let has = object["metadata"]["annotations"][ANNOTATION].as_str().is_some_and(|t| !t.is_empty());
    if !has {
        return;
    }
    let mut copy = applied.clone();
    let metadata = copy.get_mut("metadata");
    let annotations = metadata.and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.shift_remove(ANNOTATION);
    }
    object["metadata"]["annotations"][ANNOTATION] = json!(format!("{}\n", go_text(&copy)));
}

/// JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped.
fn go_text(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<&String> = map.keys().collect();
                keys.sort();
                let fields: Map<String, Value> =
                    keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect();
                Value::Object(fields)
            }
            Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}
