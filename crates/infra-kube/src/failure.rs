//! [`Failure`]: why a request to a Kubernetes API failed, and what that means for the run.
//!
//! Follows the API conventions of Kubernetes ("Response Status Kind"): `reason` decides, the HTTP code where there is none.

use std::time::Duration;

use infra_event::NextStep;
use infra_provider::{ErrorKind, ProviderError, Retry};

use crate::Json;

/// Why a request to a Kubernetes API failed.
#[derive(Debug)]
pub struct Failure {
    /// HTTP status; 0 if there was no answer.
    pub code: u16,
    /// `reason` of the answer, such as `NotFound`.
    pub reason: String,
    /// `message` of the answer.
    pub message: String,
    /// (reason, field, message) of each cause.
    pub causes: Vec<(String, String, String)>,
    /// The time that the server asked to wait.
    pub retry_after: Option<Duration>,
    /// What was being done.
    pub operation: String,
    /// Set when this is no answer of the API at all.
    pub provider: Option<Box<ProviderError>>,
}

impl Failure {
    /// From an answer that is not a success.
    pub(crate) fn answer(
        operation: &str,
        code: u16,
        retry_after: Option<u64>,
        body: &[u8],
    ) -> Self {
        let status: Json = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Json, key: &str| {
            value.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        let causes = status.pointer("/details/causes").and_then(Json::as_array);
        let causes = causes
            .into_iter()
            .flatten()
            .map(|cause| (text(cause, "reason"), text(cause, "field"), text(cause, "message")));
        let asked = status.pointer("/details/retryAfterSeconds").and_then(Json::as_u64);
        let message = match text(&status, "message") {
            empty if empty.is_empty() => {
                format!(
                    "HTTP {code}: {}",
                    String::from_utf8_lossy(body).trim().chars().take(200).collect::<String>()
                )
            }
            message => message,
        };
        Self {
            code,
            reason: text(&status, "reason"),
            message,
            causes: causes.collect(),
            retry_after: retry_after.or(asked).map(Duration::from_secs),
            operation: operation.to_owned(),
            provider: None,
        }
    }

    /// No answer came.
    pub(crate) fn unreachable(operation: &str, message: impl Into<String>) -> Self {
        Self {
            code: 0,
            reason: String::new(),
            message: message.into(),
            causes: Vec::new(),
            retry_after: None,
            operation: operation.to_owned(),
            provider: None,
        }
    }

    /// Whether the object, or its kind, is not there.
    pub fn is_not_found(&self) -> bool {
        self.provider.is_none() && (self.reason == "NotFound" || self.code == 404)
    }

    /// Whether not the object but its kind is unknown to the API.
    pub fn is_unknown_kind(&self) -> bool {
        self.is_not_found() && self.message.contains("could not find the requested resource")
    }

    /// Whether another field manager owns what was to be applied.
    pub fn is_field_conflict(&self) -> bool {
        self.code == 409 && self.causes.iter().any(|cause| cause.0 == "FieldManagerConflict")
    }

    /// Whether the API refuses because a field cannot be changed.
    pub fn is_immutable(&self) -> bool {
        const WORDS: [&str; 6] = [
            "immutable",
            "updates to",
            "may not be changed",
            "may not change once set",
            "may not change fields",
            "cannot change",
        ];
        let named = |text: &str| WORDS.iter().any(|words| text.contains(words));
        self.code == 422
            && (named(&self.message) || self.causes.iter().any(|(_, _, message)| named(message)))
    }

    /// Whether a webhook could not be called; it may still be starting.
    pub fn is_webhook_down(&self) -> bool {
        self.code == 500 && self.message.contains("failed calling webhook")
    }

    /// Whether another try may help: no answer, too many requests, or a fault of the server.
    pub fn is_passing(&self) -> bool {
        self.provider.is_none() && matches!(self.code, 0 | 429 | 500 | 502 | 503 | 504)
    }

    fn kind(&self) -> ErrorKind {
        match (self.code, self.reason.as_str()) {
            (0, _) => ErrorKind::Unavailable,
            (403, _) if self.message.contains("exceeded quota") => ErrorKind::Quota,
            (404, _) => ErrorKind::NotFound,
            (409, "AlreadyExists") => ErrorKind::AlreadyExists,
            (409, _) => ErrorKind::Conflict,
            (401, _) => ErrorKind::Unauthenticated,
            (403, _) => ErrorKind::Forbidden,
            (429, _) => ErrorKind::RateLimited,
            (400 | 422 | 415 | 413, _) => ErrorKind::Invalid,
            (500.., _) => ErrorKind::Unavailable,
            _ => ErrorKind::Unexpected,
        }
    }

    fn next_steps(&self) -> Vec<NextStep> {
        let set = |what: &str| vec![NextStep::Set { what: what.to_owned() }];
        if self.is_field_conflict() {
            return set(
                "take these fields out of the manifests, or say `force_conflicts: true` for the item",
            );
        }
        if self.message.contains("exceeded quota") {
            return vec![NextStep::Ask {
                what: "a larger ResourceQuota in this namespace, or ask for less in the manifests"
                    .into(),
            }];
        }
        if self.message.contains("admission webhook") {
            return set("change what the webhook names; its answer is quoted above");
        }
        if self.is_webhook_down() {
            return set(
                "see why the webhook's pods are not ready, or delete its webhook configuration",
            );
        }
        if self.is_unknown_kind() {
            return set("install the CustomResourceDefinition first: put its item into `after`");
        }
        Vec::new()
    }

    fn text(&self) -> String {
        if !self.is_field_conflict() {
            return self.message.clone();
        }
        let fields: Vec<_> = self
            .causes
            .iter()
            .map(|(_, field, message)| {
                let owner = message.split('"').nth(1).unwrap_or(message);
                format!("`{}` is owned by `{owner}`", field.trim_start_matches('.'))
            })
            .collect();
        fields.join(", ")
    }
}

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        let (kind, text, next_steps) = (failure.kind(), failure.text(), failure.next_steps());
        let retry = if failure.is_passing() { Retry::Safe } else { Retry::Never };
        if let Some(error) = failure.provider {
            return *error;
        }
        let mut error = ProviderError::new(kind, failure.operation, text).retry(retry);
        error.retry_after = failure.retry_after;
        error.next_steps = next_steps;
        error
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let mut failure = Self::unreachable(&error.operation, error.message.clone());
        failure.provider = Some(Box::new(error));
        failure
    }
}
