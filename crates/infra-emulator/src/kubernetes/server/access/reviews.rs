//! Reviews: questions about identities and rights, and token requests. They are answered and not stored.

use std::time::Duration;

use serde_json::{Value, json};

use super::Attributes;
use super::authenticate::identity_of_token;
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::{Cause, Status};
use crate::kubernetes::server::api::{Api, now, time_text};
use crate::kubernetes::server::security::{Identity, TokenSubject};

const AUDIENCE: &str = "https://kubernetes.default.svc";
/// The shortest and the longest lifetime of a requested token, in seconds.
const LIFETIMES: std::ops::RangeInclusive<i64> = 600..=(1 << 32);

/// Answers a review; nothing if the resource is none.
pub(in crate::kubernetes::server) fn review(
    api: &Api,
    resource: &Resource,
    namespace: &str,
    identity: &Identity,
    mut object: Value,
) -> Option<Value> {
    let status = match resource.plural.as_str() {
        "selfsubjectreviews" => json!({"userInfo": user_info(identity)}),
        "tokenreviews" => token_review(api, &object["spec"]),
        "selfsubjectaccessreviews" => access_review(api, identity, &object["spec"], None),
        "subjectaccessreviews" => {
            access_review(api, &subject(&object["spec"]), &object["spec"], None)
        }
        "localsubjectaccessreviews" => {
            access_review(api, &subject(&object["spec"]), &object["spec"], Some(namespace))
        }
        "selfsubjectrulesreviews" => {
            let namespace = object["spec"]["namespace"].as_str().unwrap_or_default().to_owned();
            rules_review(api, identity, &namespace)
        }
        _ => return None,
    };
    object["status"] = status;
    if !object["metadata"].is_object() {
        object["metadata"] = json!({"creationTimestamp": null});
    }
    Some(object)
}

fn user_info(identity: &Identity) -> Value {
    let mut info = json!({"username": identity.name, "groups": identity.groups});
    if !identity.uid.is_empty() {
        info["uid"] = json!(identity.uid);
    }
    if !identity.extra.is_empty() {
        info["extra"] = json!(identity.extra);
    }
    info
}

fn token_review(api: &Api, spec: &Value) -> Value {
    let token = spec["token"].as_str().unwrap_or_default();
    match identity_of_token(api, token) {
        Some(identity) => json!({
            "authenticated": true,
            "user": user_info(&identity),
            "audiences": [AUDIENCE],
        }),
        None => json!({"user": {}, "error": "[invalid bearer token]"}),
    }
}

fn subject(spec: &Value) -> Identity {
    let groups = spec["groups"].as_array().into_iter().flatten();
    let groups = groups.filter_map(|one| one.as_str().map(str::to_owned)).collect();
    Identity {
        name: spec["user"].as_str().unwrap_or_default().to_owned(),
        groups,
        ..Identity::default()
    }
}

fn access_review(api: &Api, identity: &Identity, spec: &Value, namespace: Option<&str>) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let attributes = if let Some(path) = spec["nonResourceAttributes"].as_object() {
        let get = |key: &str| path.get(key).map(text).unwrap_or_default();
        Attributes { verb: get("verb"), path: Some(get("path")), ..Attributes::default() }
    } else {
        let of = &spec["resourceAttributes"];
        let (resource, sub) = (text(&of["resource"]), text(&of["subresource"]));
        Attributes {
            verb: text(&of["verb"]),
            group: text(&of["group"]),
            resource: if sub.is_empty() { resource } else { format!("{resource}/{sub}") },
            namespace: namespace.map_or_else(|| text(&of["namespace"]), str::to_owned),
            name: text(&of["name"]),
            path: None,
        }
    };
    if api.allows(identity, &attributes) {
        return json!({"allowed": true});
    }
    json!({"allowed": false})
}

fn rules_review(api: &Api, identity: &Identity, namespace: &str) -> Value {
    let mut rules = api.rules_of(identity, namespace);
    if identity.is_in("system:masters") {
        rules.push(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
        rules.push(json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
    }
    let (paths, resources): (Vec<Value>, Vec<Value>) =
        rules.into_iter().partition(|rule| rule.get("nonResourceURLs").is_some());
    json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false})
}

/// A token for a service account (`serviceaccounts/NAME/token`).
pub(in crate::kubernetes::server) struct TokenGrant<'a> {
    /// The service account.
    pub(in crate::kubernetes::server) account: &'a Value,
    /// The request's body.
    pub(in crate::kubernetes::server) request: Value,
}

impl TokenGrant<'_> {
    /// The request with the token in its status.
    ///
    /// # Errors
    /// 422 for a lifetime that is too short or too long.
    pub(in crate::kubernetes::server) fn issue(mut self, api: &Api) -> Result<Value, Status> {
        let metadata = &self.account["metadata"];
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let subject =
            TokenSubject { namespace: text("namespace"), name: text("name"), uid: text("uid") };
        let spec = &mut self.request["spec"];
        let seconds = spec["expirationSeconds"].as_i64().unwrap_or(3600);
        if !LIFETIMES.contains(&seconds) {
            let cause = Cause {
                reason: "FieldValueInvalid".into(),
                field: "spec.expirationSeconds".into(),
                message: format!(
                    "Invalid value: {seconds}: may not specify a duration less than 10 minutes"
                ),
            };
            let group = "authentication.k8s.io";
            return Err(Status::invalid(group, "TokenRequest", "", &[cause]));
        }
        let mut audiences: Vec<String> = spec["audiences"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect();
        if audiences.is_empty() {
            audiences.push(AUDIENCE.to_owned());
        }
        let lifetime = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let token = api.account_tokens.issue(&subject, &audiences, Some(lifetime));
        let expires = now() + jiff::SignedDuration::from_secs(seconds);
        self.request["metadata"] = json!({
            "name": subject.name,
            "namespace": subject.namespace,
            "creationTimestamp": time_text(now()),
        });
        let bound = self.request["spec"].get("boundObjectRef").cloned().unwrap_or(Value::Null);
        self.request["spec"] = json!({
            "audiences": audiences,
            "expirationSeconds": seconds,
            "boundObjectRef": bound,
        });
        self.request["status"] = json!({"token": token, "expirationTimestamp": time_text(expires)});
        Ok(self.request)
    }
}
