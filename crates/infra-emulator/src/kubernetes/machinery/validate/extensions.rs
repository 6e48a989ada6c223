//! Webhooks and custom definitions.

use serde_json::Value;

use super::errors::Errors;
use super::names;
use crate::kubernetes::machinery::crd;

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn webhooks(object: &Value, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, webhook) in items(object, "webhooks").iter().enumerate() {
        let field = format!("webhooks[{index}]");
        let text = |key: &str| webhook[key].as_str().unwrap_or_default();
        let name = text("name");
        if name.is_empty() {
            errors.required(format!("{field}.name"), "");
        } else if name.split('.').count() < 3 {
            errors.invalid_text(
                format!("{field}.name"),
                name,
                "should be a domain with at least three segments separated by dots",
            );
        } else {
            for error in names::subdomain(name) {
                errors.invalid_text(format!("{field}.name"), name, &error);
            }
        }
        if seen.contains(&name) {
            errors.duplicate(format!("{field}.name"), &format!("{name:?}"));
        }
        seen.push(name);
        if items(webhook, "admissionReviewVersions").is_empty() {
            errors.required(
                format!("{field}.admissionReviewVersions"),
                "must specify one of v1, v1beta1",
            );
        }
        match text("sideEffects") {
            "None" | "NoneOnDryRun" => {}
            "" => errors
                .required(format!("{field}.sideEffects"), "must specify one of None, NoneOnDryRun"),
            other => {
                errors.unsupported(format!("{field}.sideEffects"), other, &["None", "NoneOnDryRun"])
            }
        }
        let policy = text("failurePolicy");
        if !matches!(policy, "" | "Fail" | "Ignore") {
            errors.unsupported(format!("{field}.failurePolicy"), policy, &["Fail", "Ignore"]);
        }
        let timeout = &webhook["timeoutSeconds"];
        if timeout.as_i64().is_some_and(|seconds| !(1..=30).contains(&seconds)) {
            errors.invalid(
                format!("{field}.timeoutSeconds"),
                timeout,
                "the timeout value must be between 1 and 30 seconds",
            );
        }
        client(&webhook["clientConfig"], &format!("{field}.clientConfig"), errors);
    }
}

fn client(client: &Value, field: &str, errors: &mut Errors) {
    let (url, service) = (&client["url"], &client["service"]);
    if url.is_null() == service.is_null() {
        errors.required(field, "exactly one of url or service is required");
    } else if let Some(url) = url.as_str()
        && !url.starts_with("https://")
    {
        errors.invalid_text(
            format!("{field}.url"),
            url,
            "'https' is the only allowed URL scheme; desired format: https://host[/path]",
        );
    }
}

pub(super) fn definition(object: &Value, errors: &mut Errors) {
    errors.causes.extend(crd::validate_definition(object));
}
