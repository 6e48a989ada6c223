//! Collecting of causes with the server's reasons and texts.

use std::fmt::Display;

use serde_json::Value;

use crate::kubernetes::machinery::status::Cause;

/// The causes found so far.
#[derive(Debug, Default)]
pub(super) struct Errors {
    pub(super) causes: Vec<Cause>,
}

impl Errors {
    fn add(&mut self, reason: &str, field: impl Display, message: String) {
        self.causes.push(Cause { reason: reason.to_owned(), field: field.to_string(), message });
    }

    /// A value is missing.
    pub(super) fn required(&mut self, field: impl Display, detail: &str) {
        self.add("FieldValueRequired", field, with_detail("Required value", detail));
    }

    /// A value is wrong.
    pub(super) fn invalid(&mut self, field: impl Display, value: &Value, detail: &str) {
        let head = format!("Invalid value: {value}");
        self.add("FieldValueInvalid", field, with_detail(&head, detail));
    }

    /// A text is wrong.
    pub(super) fn invalid_text(&mut self, field: impl Display, value: &str, detail: &str) {
        self.invalid(field, &Value::from(value), detail);
    }

    /// A text is none of those allowed.
    pub(super) fn unsupported(&mut self, field: impl Display, value: &str, allowed: &[&str]) {
        let mut sorted = allowed.to_vec();
        sorted.sort_unstable();
        let list: Vec<String> = sorted.iter().map(|text| format!("{text:?}")).collect();
        let message =
            format!("Unsupported value: {value:?}: supported values: {}", list.join(", "));
        self.add("FieldValueNotSupported", field, message);
    }

    /// A value stands twice.
    pub(super) fn duplicate(&mut self, field: impl Display, value: &str) {
        self.add("FieldValueDuplicate", field, format!("Duplicate value: {value}"));
    }

    /// A value may not be given.
    pub(super) fn forbidden(&mut self, field: impl Display, detail: &str) {
        self.add("FieldValueForbidden", field, with_detail("Forbidden", detail));
    }

    /// A value is too long.
    pub(super) fn too_long(&mut self, field: impl Display, limit: usize) {
        self.add(
            "FieldValueTooLong",
            field,
            format!("Too long: may not be more than {limit} bytes"),
        );
    }

    /// A value names something that is not there.
    pub(super) fn not_found(&mut self, field: impl Display, value: &str) {
        self.add("FieldValueNotFound", field, format!("Not found: {value:?}"));
    }

    /// A text must be one of some; empty texts are missing.
    pub(super) fn one_of(&mut self, field: impl Display, value: &str, allowed: &[&str]) {
        if value.is_empty() {
            self.required(field, "");
        } else if !allowed.contains(&value) {
            self.unsupported(field, value, allowed);
        }
    }

    /// A number must not be negative.
    pub(super) fn not_negative(&mut self, field: impl Display, value: &Value) {
        if value.as_i64().is_some_and(|number| number < 0) {
            self.invalid(field, value, "must be greater than or equal to 0");
        }
    }

    /// A field must stay as it was.
    pub(super) fn immutable(&mut self, field: impl Display, new: &Value, old: &Value) {
        if new != old {
            self.invalid(field, new, "field is immutable");
        }
    }
}

fn with_detail(head: &str, detail: &str) -> String {
    if detail.is_empty() { head.to_owned() } else { format!("{head}: {detail}") }
}
