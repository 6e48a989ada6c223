//! Webhooks, admission policies, custom definitions, API services.

use serde_json::{Value, json};

use super::fill::{each, make, set, set_zero, text, with};

pub(super) fn webhooks(object: &mut Value, mutating: bool) {
    each(object, "webhooks", |webhook| {
        with(webhook, "clientConfig", |client| {
            with(client, "service", |service| set(service, "port", json!(443)));
        });
        each(webhook, "rules", |rule| set(rule, "scope", json!("*")));
        set(webhook, "failurePolicy", json!("Fail"));
        set(webhook, "matchPolicy", json!("Equivalent"));
        set(webhook, "namespaceSelector", json!({}));
        set(webhook, "objectSelector", json!({}));
        set(webhook, "timeoutSeconds", json!(10));
        if mutating {
            set(webhook, "reinvocationPolicy", json!("Never"));
        }
    });
}

pub(super) fn admission_policy(object: &mut Value) {
    with(object, "spec", |spec| {
        set(spec, "failurePolicy", json!("Fail"));
        with(spec, "matchConstraints", match_resources);
    });
}

pub(super) fn policy_binding(object: &mut Value) {
    with(object, "spec", |spec| with(spec, "matchResources", match_resources));
}

fn match_resources(resources: &mut Value) {
    set(resources, "matchPolicy", json!("Equivalent"));
    set(resources, "namespaceSelector", json!({}));
    set(resources, "objectSelector", json!({}));
    for rules in ["resourceRules", "excludeResourceRules"] {
        each(resources, rules, |rule| set(rule, "scope", json!("*")));
    }
}

pub(super) fn definition(object: &mut Value) {
    with(object, "spec", |spec| {
        with(spec, "names", |names| {
            let kind = text(names, "kind").to_owned();
            set_zero(names, "singular", json!(kind.to_lowercase()));
            if !kind.is_empty() {
                set_zero(names, "listKind", json!(format!("{kind}List")));
            }
        });
        let conversion = make(spec, "conversion");
        set_zero(conversion, "strategy", json!("None"));
        with(conversion, "webhook", |webhook| {
            with(webhook, "clientConfig", |client| {
                with(client, "service", |service| set(service, "port", json!(443)));
            });
        });
    });
}

pub(super) fn api_service(object: &mut Value) {
    with(object, "spec", |spec: &mut Value| {
        with(spec, "service", |service| set(service, "port", json!(443)));
    });
}
