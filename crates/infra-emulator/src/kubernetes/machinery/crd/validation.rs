//! Validation of custom objects: kind and version, schema, list types, rules.

use serde_json::Value;

use super::definition::CustomResource;
use super::schema_check::Checker;
use crate::kubernetes::machinery::status::Cause;

/// Reasons that keep the rules from being checked.
const BLOCKING: [&str; 4] =
    ["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"];

/// What is wrong with an object by the schema and the rules of its kind.
pub fn validate(custom: &CustomResource, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut checker = Checker::default();
    checker.object(custom.schema(), object);
    let mut causes = checker.causes;
    if custom.rules.is_empty() {
        return causes;
    }
    if causes.iter().any(|cause| BLOCKING.contains(&cause.reason.as_str())) {
        causes.push(Cause {
            reason: "FieldValueInvalid".into(),
            field: "<nil>".into(),
            message: "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation".into(),
        });
        return causes;
    }
    causes.extend(custom.rules.check(custom.schema(), object, old));
    causes
}
