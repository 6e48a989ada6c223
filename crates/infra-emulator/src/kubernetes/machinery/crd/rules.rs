//! Validation rules in the Common Expression Language (`x-kubernetes-validations`).
//!
//! Rules whose functions the library lacks are not enforced: an emulator that cannot evaluate a rule must not refuse what a real
//! server may take.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::extractors::This;
use cel::{Context, ExecutionError, Program};
use regex::Regex;
use serde_json::Value;

use crate::kubernetes::machinery::status::Cause;

/// The compiled rules of a schema, by their text.
#[derive(Clone, Default)]
pub(super) struct Rules {
    programs: BTreeMap<String, Arc<Program>>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.programs.keys()).finish()
    }
}

impl Rules {
    /// Compiles all rules and message expressions of a schema.
    pub(super) fn compile(open_api: &Value) -> Self {
        let mut texts = Vec::new();
        collect(open_api, &mut texts);
        let programs = texts
            .into_iter()
            .filter_map(|text| {
                let program = Program::compile(&text).ok()?;
                Some((text, Arc::new(program)))
            })
            .collect();
        Self { programs }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.programs.is_empty()
    }

    /// What the rules refuse.
    pub(super) fn check(
        &self,
        open_api: &Value,
        object: &Value,
        old: Option<&Value>,
    ) -> Vec<Cause> {
        let mut causes = Vec::new();
        self.node(open_api, object, old, "", &mut causes);
        causes
    }

    fn node(
        &self,
        open_api: &Value,
        value: &Value,
        old: Option<&Value>,
        field: &str,
        causes: &mut Vec<Cause>,
    ) {
        for rule in open_api["x-kubernetes-validations"].as_array().into_iter().flatten() {
            causes.extend(self.rule(rule, open_api, value, old, field));
        }
        match value {
            Value::Object(map) => {
                let values = open_api.get("additionalProperties").filter(|v| v.is_object());
                for (key, inner) in map {
                    let Some(schema) = open_api["properties"].get(key).or(values) else { continue };
                    let place =
                        if field.is_empty() { key.clone() } else { format!("{field}.{key}") };
                    let before = old.and_then(|old| old.get(key));
                    self.node(schema, inner, before, &place, causes);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    let before = old.and_then(|old| counterpart(open_api, inner, old));
                    let place = format!("{field}[{index}]");
                    self.node(&open_api["items"], inner, before, &place, causes);
                }
            }
            _ => {}
        }
    }

    fn rule(
        &self,
        rule: &Value,
        open_api: &Value,
        value: &Value,
        old: Option<&Value>,
        field: &str,
    ) -> Option<Cause> {
        let text = rule["rule"].as_str()?;
        let optional = rule["optionalOldSelf"].as_bool() == Some(true);
        if text.contains("oldSelf") && old.is_none() && !optional {
            return None; // Rules about changes hold for changes only.
        }
        let context = context(value, old, optional)?;
        let outcome = self.programs.get(text)?.execute(&context);
        let detail = match outcome {
            Ok(cel::Value::Bool(true)) => return None,
            Ok(_) => self.message(rule, text, &context),
            Err(error) if is_unsupported(&error) => return None,
            Err(error) => format!("rule evaluation error: {error}: {text}"),
        };
        let path = rule["fieldPath"].as_str().unwrap_or_default();
        let kind = open_api["type"].as_str().unwrap_or("object");
        let reason = rule["reason"].as_str().unwrap_or("FieldValueInvalid");
        let message = match reason {
            "FieldValueForbidden" => format!("Forbidden: {detail}"),
            "FieldValueRequired" => format!("Required value: {detail}"),
            "FieldValueDuplicate" => format!("Duplicate value: {kind:?}: {detail}"),
            _ => format!("Invalid value: {kind:?}: {detail}"),
        };
        Some(Cause { reason: reason.into(), field: format!("{field}{path}"), message })
    }

    fn message(&self, rule: &Value, text: &str, context: &Context<'_>) -> String {
        let expression = rule["messageExpression"].as_str();
        let program = expression.and_then(|expression| self.programs.get(expression));
        if let Some(Ok(cel::Value::String(message))) = program.map(|own| own.execute(context)) {
            return message.trim().to_owned();
        }
        match rule["message"].as_str().filter(|message| !message.is_empty()) {
            Some(message) => message.trim().to_owned(),
            None => format!("failed rule: {}", text.trim()),
        }
    }
}

fn collect(open_api: &Value, texts: &mut Vec<String>) {
    for rule in open_api["x-kubernetes-validations"].as_array().into_iter().flatten() {
        for key in ["rule", "messageExpression"] {
            texts.extend(rule[key].as_str().map(str::to_owned));
        }
    }
    for property in open_api["properties"].as_object().into_iter().flat_map(|map| map.values()) {
        collect(property, texts);
    }
    for key in ["items", "additionalProperties"] {
        if open_api[key].is_object() {
            collect(&open_api[key], texts);
        }
    }
}

/// The item of the old list that a new item continues, for keyed lists.
fn counterpart<'a>(open_api: &Value, item: &Value, old: &'a Value) -> Option<&'a Value> {
    let keys = open_api["x-kubernetes-list-map-keys"].as_array()?;
    old.as_array()?
        .iter()
        .find(|own| keys.iter().filter_map(Value::as_str).all(|key| own.get(key) == item.get(key)))
}

fn context<'a>(value: &Value, old: Option<&Value>, optional: bool) -> Option<Context<'a>> {
    let mut context = Context::default();
    context.add_variable("self", value.clone()).ok()?;
    match old {
        Some(old) if !optional => context.add_variable("oldSelf", old.clone()).ok()?,
        _ => {}
    }
    context.add_function("lowerAscii", |This(text): This<Arc<String>>| text.to_ascii_lowercase());
    context.add_function("upperAscii", |This(text): This<Arc<String>>| text.to_ascii_uppercase());
    context.add_function("trim", |This(text): This<Arc<String>>| text.trim().to_owned());
    context.add_function(
        "replace",
        |This(text): This<Arc<String>>, from: Arc<String>, to: Arc<String>| {
            text.replace(from.as_str(), to.as_str())
        },
    );
    context.add_function("split", |This(text): This<Arc<String>>, by: Arc<String>| {
        let parts = text.split(by.as_str());
        let parts = parts.map(|part| cel::Value::String(Arc::new(part.to_owned())));
        Ok::<_, ExecutionError>(cel::Value::List(Arc::new(parts.collect())))
    });
    context.add_function("find", |This(text): This<Arc<String>>, pattern: Arc<String>| {
        let expression = Regex::new(&pattern).ok();
        let found = expression.and_then(|own| own.find(&text).map(|hit| hit.as_str().to_owned()));
        found.unwrap_or_default()
    });
    Some(context)
}

fn is_unsupported(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::UndeclaredReference(_)
            | ExecutionError::NotSupportedAsMethod { .. }
            | ExecutionError::UnsupportedTargetType { .. }
            | ExecutionError::InvalidArgumentCount { .. }
    )
}
