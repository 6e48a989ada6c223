//! Nobody hands out rights that they do not have: checks on writes of roles and bindings.

use serde_json::Value;

use super::Attributes;
use super::roles::rule_allows;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::registry::Target;
use crate::kubernetes::server::security::Identity;

impl Api {
    /// Refuses a role or a binding that gives more than its writer has.
    ///
    /// # Errors
    /// 403.
    pub(crate) fn check_escalation(
        &self,
        target: &Target,
        object: &Value,
        identity: &Identity,
    ) -> Result<(), Status> {
        if identity.is_in("system:masters") {
            return Ok(());
        }
        let binding = target.resource.plural.ends_with("bindings");
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let (verb, resource, named) = if binding {
            let reference = &object["roleRef"];
            let plural = if reference["kind"] == "ClusterRole" { "clusterroles" } else { "roles" };
            ("bind", plural, reference["name"].as_str().unwrap_or_default())
        } else {
            ("escalate", target.resource.plural.as_str(), name)
        };
        let special = Attributes {
            verb: verb.into(),
            group: target.resource.kind.group.clone(),
            resource: resource.into(),
            namespace: target.namespace.clone(),
            name: named.into(),
            path: None,
        };
        if self.allows(identity, &special) {
            return Ok(());
        }
        let granted: Vec<Value> = if binding {
            let mut binding = object.clone();
            binding["metadata"]["namespace"] = target.namespace.clone().into();
            let role = self.role_of(&binding);
            role.and_then(|role| role["rules"].as_array().cloned()).unwrap_or_default()
        } else {
            object["rules"].as_array().cloned().unwrap_or_default()
        };
        let own = self.rules_of(identity, &target.namespace);
        let missing: Vec<&Value> = granted
            .iter()
            .filter(|rule| {
                !single_wants(rule)
                    .iter()
                    .all(|wanted| own.iter().any(|own| rule_allows(own, wanted)))
            })
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = missing.iter().map(|rule| rule.to_string()).collect();
        let user = &identity.name;
        let groups = identity.groups.join(" ");
        let cause = format!(
            "user {user:?} (groups=[{groups:?}]) is attempting to grant RBAC permissions not currently held:\n{}",
            texts.join("\n")
        );
        Err(target.forbidden(name, &cause))
    }
}

/// Every single thing that a rule allows; a star asks for a star.
fn single_wants(rule: &Value) -> Vec<Attributes> {
    let texts = |key: &str| -> Vec<String> {
        rule[key]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect()
    };
    let mut names = texts("resourceNames");
    if names.is_empty() {
        names.push(String::new());
    }
    let mut wants = Vec::new();
    for verb in texts("verbs") {
        for path in texts("nonResourceURLs") {
            wants.push(Attributes {
                verb: verb.clone(),
                path: Some(path),
                ..Attributes::default()
            });
        }
        for group in texts("apiGroups") {
            for resource in texts("resources") {
                for name in &names {
                    wants.push(Attributes {
                        verb: verb.clone(),
                        group: group.clone(),
                        resource: resource.clone(),
                        name: name.clone(),
                        ..Attributes::default()
                    });
                }
            }
        }
    }
    wants
}
