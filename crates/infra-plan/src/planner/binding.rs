//! The inputs that operations get, and what the plan shows of them.

use infra_event::Action;

use super::decide::Decision;
use crate::diff::concealed;
use crate::{Change, Effect, Kind, Value};

/// Inputs as the executor needs them: what is known is bound, what is not stays bound by name.
pub(super) fn bound(desired: &Value, resolved: &Value) -> Value {
    match (desired, resolved) {
        (Value::Reference(_) | Value::Joined(_), known) if known.is_known() => known.clone(),
        (Value::List(desired), Value::List(resolved)) => Value::List(
            desired
                .iter()
                .zip(resolved)
                .map(|(desired, resolved)| bound(desired, resolved))
                .collect(),
        ),
        (Value::Map(desired), Value::Map(resolved)) => {
            let one = |(key, value): (&String, &Value)| {
                let known = resolved.get(key);
                (key.clone(), known.map_or_else(|| value.clone(), |known| bound(value, known)))
            };
            Value::Map(desired.iter().map(one).collect())
        }
        (desired, _) => desired.clone(),
    }
}

/// The inputs with the texts of secret fields marked as secret, whether or not the file marked them.
pub(super) fn concealed_inputs(kind: &Kind, inputs: &Value) -> Value {
    let Value::Map(map) = inputs else { return inputs.clone() };
    let one = |(name, value): (&String, &Value)| {
        let secret = kind.field(name).secret;
        (name.clone(), if secret { concealed(value, false) } else { value.clone() })
    };
    Value::Map(map.iter().map(one).collect())
}

/// What the plan shows of an operation: all fields of what is made, the differences of what is changed.
pub(super) fn shown(action: Action, decision: &Decision) -> Vec<Change> {
    match (action, &decision.inputs) {
        (Action::Create, Value::Map(map)) if decision.changes.is_empty() => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Change {
                path: key.clone(),
                before: Value::Null,
                after: value.clone(),
                effect: Effect::Update,
            })
            .collect(),
        (Action::Create | Action::Update, _) => decision.changes.clone(),
        _ => Vec::new(),
    }
}
