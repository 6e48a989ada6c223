//! `metav1.Status`: the answers of the API server to requests that fail (and to some deletions that succeed).
//!
//! Reasons, codes and texts follow `k8s.io/apimachinery/pkg/api/errors`.

use serde_json::{Map, Value, json};

/// One entry of `details.causes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable reason such as `FieldValueRequired`.
    pub reason: String,
    /// Path of the field, empty if the cause concerns none.
    pub field: String,
    /// Text without the field, such as `Required value: name is required`.
    pub message: String,
}

/// A machine-readable reason such as `NotFound`; webhooks bring their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Box<str>);

impl std::ops::Deref for Reason {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

/// A failure answer of the API server.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason; empty for unknown (HTTP 500 without reason).
    pub reason: Reason,
    /// Text for people.
    pub message: String,
    /// Details (`name`, `group`, `kind`, `uid`, `causes`, `retryAfterSeconds`).
    pub details: Option<Value>,
}

impl Status {
    /// A failure without details.
    pub fn new(code: u16, reason: &str, message: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), message: message.into(), details: None }
    }

    /// The wire object.
    pub fn to_value(&self) -> Value {
        let mut object = Map::new();
        object.insert("kind".into(), json!("Status"));
        object.insert("apiVersion".into(), json!("v1"));
        object.insert("metadata".into(), json!({}));
        object.insert("status".into(), json!("Failure"));
        object.insert("message".into(), json!(self.message));
        if !self.reason.is_empty() {
            object.insert("reason".into(), json!(*self.reason));
        }
        if let Some(details) = &self.details {
            object.insert("details".into(), details.clone());
        }
        object.insert("code".into(), json!(self.code));
        Value::Object(object)
    }

    fn of_resource(
        code: u16,
        reason: &str,
        message: String,
        (group, resource): (&str, &str),
        name: &str,
    ) -> Self {
        Self {
            code,
            reason: reason.into(),
            message,
            details: Some(details(name, group, resource, None)),
        }
    }

    /// 404: no object of that name. `resource` is the plural name.
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(group, resource));
        Self::of_resource(404, "NotFound", message, (group, resource), name)
    }

    /// 404 of a path that is served by nothing.
    pub fn unknown_path() -> Self {
        let mut status =
            Self::new(404, "NotFound", "the server could not find the requested resource");
        status.details = Some(json!({}));
        status
    }

    /// 409: an object of that name exists.
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(group, resource));
        Self::of_resource(409, "AlreadyExists", message, (group, resource), name)
    }

    /// 409: the write was based on another version of the object.
    pub fn conflict(group: &str, resource: &str, name: &str, cause: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {cause}",
            qualified(group, resource)
        );
        Self::of_resource(409, "Conflict", message, (group, resource), name)
    }

    /// 409 with the text of a lost optimistic lock.
    pub fn modified(group: &str, resource: &str, name: &str) -> Self {
        Self::conflict(
            group,
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 403: the user may not, or a policy forbids.
    pub fn forbidden(group: &str, resource: &str, name: &str, cause: &str) -> Self {
        let message = if resource.is_empty() {
            format!("forbidden: {cause}")
        } else if name.is_empty() {
            format!("{} is forbidden: {cause}", qualified(group, resource))
        } else {
            format!("{} {name:?} is forbidden: {cause}", qualified(group, resource))
        };
        Self::of_resource(403, "Forbidden", message, (group, resource), name)
    }

    /// 422: the object breaks rules. `kind` is the kind, not the plural name.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for text in causes.iter().map(cause_text) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let joined = match texts.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        Self {
            code: 422,
            reason: "Invalid".into(),
            message: format!("{} {name:?} is invalid: {joined}", qualified(group, kind)),
            details: Some(details(name, group, kind, Some(causes))),
        }
    }

    /// 400 with a text.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 405: the resource has no such verb.
    pub fn method_not_allowed(group: &str, resource: &str, action: &str) -> Self {
        let message = format!(
            "{action} is not supported on resources of kind {:?}",
            qualified(group, resource)
        );
        Self::of_resource(405, "MethodNotAllowed", message, (group, resource), "")
    }

    /// 405 as the router answers for a method that no handler of the path takes.
    pub fn no_such_method() -> Self {
        let mut status = Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        );
        status.details = Some(json!({}));
        status
    }

    /// 415: the content type of the body is not understood.
    pub fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 406: none of the accepted types can be given.
    pub fn not_acceptable(message: impl Into<String>) -> Self {
        Self::new(406, "NotAcceptable", message)
    }

    /// 410: the resource version or continue token is too old.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 401 without valid credentials.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 429, to be tried again after some seconds.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut status = Self::new(429, "TooManyRequests", message);
        status.details = Some(if retry_after_seconds == 0 {
            json!({})
        } else {
            json!({ "retryAfterSeconds": retry_after_seconds })
        });
        status
    }

    /// 500 with a reason.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        let text = message.to_string();
        let mut status =
            Self::new(500, "InternalError", format!("Internal error occurred: {text}"));
        status.details = Some(json!({ "causes": [{ "message": text }] }));
        status
    }

    /// 500 as given for errors that the server has no class for.
    pub fn unclassified(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    /// Causes of the details, if any.
    pub fn causes(&self) -> Vec<Cause> {
        let text = |cause: &Value, key: &str| {
            cause.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        self.details
            .as_ref()
            .and_then(|details| details.get("causes"))
            .and_then(Value::as_array)
            .map(|causes| {
                causes
                    .iter()
                    .map(|cause| Cause {
                        reason: text(cause, "reason"),
                        field: text(cause, "field"),
                        message: text(cause, "message"),
                    })
                    .collect()
            })
            .unwrap_or_default()
    }
}

/// The answer to a deletion that removed the object at once.
pub fn deleted(group: &str, resource: &str, name: &str, uid: &str) -> Value {
    let mut details = details(name, group, resource, None);
    if let Some(map) = details.as_object_mut() {
        map.insert("uid".into(), json!(uid));
    }
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}

/// `pods`, or `deployments.apps` with a group.
pub fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

fn cause_text(cause: &Cause) -> String {
    if cause.field.is_empty() {
        cause.message.clone()
    } else {
        format!("{}: {}", cause.field, cause.message)
    }
}

fn details(name: &str, group: &str, kind: &str, causes: Option<&[Cause]>) -> Value {
    let mut map = Map::new();
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            map.insert(key.into(), json!(value));
        }
    }
    if let Some(causes) = causes.filter(|causes| !causes.is_empty()) {
        map.insert("causes".into(), causes.iter().map(cause_value).collect());
    }
    Value::Object(map)
}

fn cause_value(cause: &Cause) -> Value {
    let mut map = Map::new();
    for (key, value) in
        [("reason", &cause.reason), ("message", &cause.message), ("field", &cause.field)]
    {
        if !value.is_empty() {
            map.insert(key.into(), json!(value));
        }
    }
    Value::Object(map)
}
