//! Roles and bindings.

use serde_json::Value;

use super::errors::Errors;
use super::names;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(object: &Value, namespaced: bool, errors: &mut Errors) {
    for (index, rule) in object["rules"].as_array().into_iter().flatten().enumerate() {
        let field = format!("rules[{index}]");
        let empty = |key: &str| rule[key].as_array().is_none_or(Vec::is_empty);
        if empty("verbs") {
            errors.required(format!("{field}.verbs"), "verbs must contain at least one value");
        }
        if !empty("nonResourceURLs") {
            if namespaced {
                errors.invalid(
                    format!("{field}.nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "namespaced rules cannot apply to non-resource URLs",
                );
            }
            if !empty("apiGroups") || !empty("resources") || !empty("resourceNames") {
                errors.invalid(
                    format!("{field}.nonResourceURLs"),
                    &rule["nonResourceURLs"],
                    "rules cannot apply to both regular resources and non-resource URLs",
                );
            }
            continue;
        }
        if empty("apiGroups") {
            errors.required(
                format!("{field}.apiGroups"),
                "resource rules must supply at least one api group",
            );
        }
        if empty("resources") {
            errors.required(
                format!("{field}.resources"),
                "resource rules must supply at least one resource",
            );
        }
    }
}

pub(super) fn binding(object: &Value, namespaced: bool, errors: &mut Errors) {
    let reference = &object["roleRef"];
    let of = |key: &str| reference[key].as_str().unwrap_or_default();
    if of("apiGroup") != GROUP {
        errors.unsupported("roleRef.apiGroup", of("apiGroup"), &[GROUP]);
    }
    let kinds: &[&str] = if namespaced { &["ClusterRole", "Role"] } else { &["ClusterRole"] };
    if !kinds.contains(&of("kind")) {
        errors.unsupported("roleRef.kind", of("kind"), kinds);
    }
    if of("name").is_empty() {
        errors.required("roleRef.name", "");
    } else {
        for error in names::path_segment(of("name")) {
            errors.invalid_text("roleRef.name", of("name"), &error);
        }
    }
    for (index, subject) in object["subjects"].as_array().into_iter().flatten().enumerate() {
        let field = format!("subjects[{index}]");
        let of = |key: &str| subject[key].as_str().unwrap_or_default();
        if of("name").is_empty() {
            errors.required(format!("{field}.name"), "");
        }
        match of("kind") {
            "ServiceAccount" => {
                if !of("name").is_empty() {
                    for error in names::subdomain(of("name")) {
                        errors.invalid_text(format!("{field}.name"), of("name"), &error);
                    }
                }
                if !of("apiGroup").is_empty() {
                    errors.unsupported(format!("{field}.apiGroup"), of("apiGroup"), &[""]);
                }
                if of("namespace").is_empty() {
                    errors.required(format!("{field}.namespace"), "");
                }
            }
            "User" | "Group" => {
                if of("apiGroup") != GROUP {
                    errors.unsupported(format!("{field}.apiGroup"), of("apiGroup"), &[GROUP]);
                }
            }
            other => errors.unsupported(
                format!("{field}.kind"),
                other,
                &["ServiceAccount", "User", "Group"],
            ),
        }
    }
}
