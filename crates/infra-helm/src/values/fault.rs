//! The faults a schema finds, in the words of Helm's validator, and without the values: they may be secret.

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value as Json;

/// All faults, one per line, those below another indented.
pub(super) fn lines<'a>(faults: impl Iterator<Item = ValidationError<'a>>) -> String {
    let faults: Vec<ValidationError<'a>> = faults.collect();
    let mut out = String::new();
    write_all(&mut out, &faults.iter().collect::<Vec<_>>(), 0);
    out
}

fn write_all(out: &mut String, faults: &[&ValidationError<'_>], depth: usize) {
    let mut missing: Vec<String> = Vec::new();
    for (index, fault) in faults.iter().enumerate() {
        if let Kind::Required { property } = fault.kind() {
            missing.push(quoted(property));
            // Several properties of one place make one line.
            let more = faults.get(index + 1).is_some_and(|next| {
                matches!(next.kind(), Kind::Required { .. })
                    && next.instance_path() == fault.instance_path()
            });
            if more {
                continue;
            }
            let word = if missing.len() == 1 { "property" } else { "properties" };
            let text = format!("missing {word} {}", missing.join(", "));
            missing.clear();
            line(out, fault, &text, depth);
            continue;
        }
        line(out, fault, &text(fault), depth);
        for inner in inner(fault) {
            write_all(out, &inner.iter().collect::<Vec<_>>(), depth + 1);
        }
    }
}

fn line(out: &mut String, fault: &ValidationError<'_>, text: &str, depth: usize) {
    let indent = "  ".repeat(depth);
    out.push_str(&format!("{indent}- at '{}': {text}\n", fault.instance_path()));
}

fn inner<'a>(fault: &'a ValidationError<'_>) -> &'a [Vec<ValidationError<'static>>] {
    match fault.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => context,
        _ => &[],
    }
}

fn quoted(value: &Json) -> String {
    match value {
        Json::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

fn names(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            let mut all: Vec<String> = set.iter().map(|one| one.to_string()).collect();
            all.sort();
            all.join(" or ")
        }
    }
}

fn size(value: &Json) -> usize {
    match value {
        Json::String(text) => text.chars().count(),
        Json::Array(items) => items.len(),
        Json::Object(map) => map.len(),
        _ => 0,
    }
}

fn text(fault: &ValidationError<'_>) -> String {
    let value = fault.instance();
    match fault.kind() {
        Kind::Type { kind: types } => format!("got {}, want {}", kind(value), wanted(types)),
        Kind::Enum { options } => {
            let options: Vec<String> =
                options.as_array().map(|all| all.iter().map(quoted).collect()).unwrap_or_default();
            format!("value must be one of {}", options.join(", "))
        }
        Kind::Constant { expected_value } => format!("value must be {}", quoted(expected_value)),
        Kind::Pattern { pattern } => format!("does not match pattern '{pattern}'"),
        Kind::Format { format } => format!("is not valid {format}"),
        Kind::Minimum { limit } => format!("minimum: want {limit}"),
        Kind::Maximum { limit } => format!("maximum: want {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("exclusiveMinimum: want {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("exclusiveMaximum: want {limit}"),
        Kind::MultipleOf { multiple_of } => format!("multipleOf: want {multiple_of}"),
        Kind::MinLength { limit } => format!("minLength: got {}, want {limit}", size(value)),
        Kind::MaxLength { limit } => format!("maxLength: got {}, want {limit}", size(value)),
        Kind::MinItems { limit } => format!("minItems: got {}, want {limit}", size(value)),
        Kind::MaxItems { limit } => format!("maxItems: got {}, want {limit}", size(value)),
        Kind::MinProperties { limit } => {
            format!("minProperties: got {}, want {limit}", size(value))
        }
        Kind::MaxProperties { limit } => {
            format!("maxProperties: got {}, want {limit}", size(value))
        }
        Kind::UniqueItems => "items are not unique".to_owned(),
        Kind::Contains => "no items match contains schema".to_owned(),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("additional properties {} not allowed", names(unexpected))
        }
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => {
            "additional items not allowed".to_owned()
        }
        Kind::PropertyNames { .. } => "a property's name is not allowed".to_owned(),
        Kind::AnyOf { .. } => "'anyOf' failed".to_owned(),
        Kind::OneOfNotValid { .. } => "'oneOf' failed, none matched".to_owned(),
        Kind::OneOfMultipleValid { .. } => "'oneOf' failed, several subschemas matched".to_owned(),
        Kind::Not { .. } => "'not' failed".to_owned(),
        Kind::FalseSchema => "false schema".to_owned(),
        Kind::Required { property } => format!("missing property {}", quoted(property)),
        other => format!("'{}' failed", other.keyword()),
    }
}
