//! Which webhooks a write concerns.

use serde_json::Value;

use crate::kubernetes::machinery::selector::LabelSelector;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::registry::caller::Target;

/// A write, as webhooks see it.
pub(super) struct Write<'a> {
    /// `CREATE`, `UPDATE`, `DELETE`.
    pub(super) operation: &'a str,
    /// What is written.
    pub(super) target: &'a Target,
    /// The new object; null for a deletion.
    pub(super) object: &'a Value,
    /// The object before.
    pub(super) live: Option<&'a Value>,
}

fn lists(rule: &Value, key: &str, wanted: &str) -> bool {
    rule[key].as_array().into_iter().flatten().any(|one| one == "*" || one == wanted)
}

fn resource_fits(rule: &Value, target: &Target) -> bool {
    let (plural, sub) = (target.resource.plural.as_str(), target.subresource.as_str());
    rule["resources"].as_array().into_iter().flatten().filter_map(Value::as_str).any(|pattern| {
        let (of, part) = pattern.split_once('/').unwrap_or((pattern, ""));
        let plural_fits = of == "*" || of == plural;
        let sub_fits = match part {
            "" => sub.is_empty(),
            "*" => true,
            part => part == sub,
        };
        plural_fits && sub_fits
    })
}

fn rule_fits(rule: &Value, write: &Write<'_>) -> bool {
    let resource = &write.target.resource;
    let scope = match rule["scope"].as_str() {
        Some("Namespaced") => resource.namespaced,
        Some("Cluster") => !resource.namespaced,
        _ => true,
    };
    scope
        && lists(rule, "operations", write.operation)
        && lists(rule, "apiGroups", &resource.kind.group)
        && lists(rule, "apiVersions", &resource.kind.version)
        && resource_fits(rule, write.target)
}

/// Whether a webhook is to be asked about a write.
pub(super) fn concerns(api: &Api, webhook: &Value, write: &Write<'_>) -> bool {
    // Nothing could be repaired any more if webhooks decided about webhooks.
    if write.target.resource.kind.group == "admissionregistration.k8s.io" {
        return false;
    }
    let any_rule =
        webhook["rules"].as_array().into_iter().flatten().any(|rule| rule_fits(rule, write));
    any_rule && namespace_fits(api, webhook, write) && object_fits(webhook, write)
}

fn namespace_fits(api: &Api, webhook: &Value, write: &Write<'_>) -> bool {
    let selector = LabelSelector::from_object(&webhook["namespaceSelector"]);
    if write.target.is_core("namespaces") {
        let object = if write.object.is_null() { write.live } else { Some(write.object) };
        return object.is_none_or(|object| selector.matches(object));
    }
    if !write.target.resource.namespaced {
        return true;
    }
    let namespace = api.object("namespaces", "", &write.target.namespace);
    namespace.is_none_or(|namespace| selector.matches(&namespace))
}

fn object_fits(webhook: &Value, write: &Write<'_>) -> bool {
    let selector = LabelSelector::from_object(&webhook["objectSelector"]);
    let new = !write.object.is_null() && selector.matches(write.object);
    new || write.live.is_some_and(|live| selector.matches(live))
}
