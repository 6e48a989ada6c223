//! Answers of registries as [`ProviderError`]s. No URL gets into them: upload addresses can hold tokens.

use http::StatusCode;
use infra_event::NextStep;
use infra_provider::{ErrorKind, ProviderError, Retry};
use oci_client::errors::OciDistributionError;
use serde::Deserialize;

/// The longest part of an answer that is quoted, in characters.
const LONGEST_QUOTE: usize = 300;

/// The error body of the distribution specification.
#[derive(Deserialize)]
struct Envelope {
    errors: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a failed request of `oci-client` means.
pub(super) fn of(operation: &str, error: OciDistributionError) -> ProviderError {
    match error {
        OciDistributionError::AuthenticationFailure(text) => refused_login(operation, &text),
        OciDistributionError::UnauthorizedError { .. } => {
            answer(operation, StatusCode::UNAUTHORIZED, "")
        }
        OciDistributionError::ServerError { code, message, .. } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            answer(operation, status, &message)
        }
        OciDistributionError::RequestError(error) => match error.status() {
            Some(status) => answer(operation, status, ""),
            None => transport(operation, error),
        },
        OciDistributionError::IoError(error) => {
            ProviderError::new(ErrorKind::Invalid, operation, "a layer cannot be read")
                .source(error)
                .set("write the image's layout anew, then plan again")
        }
        OciDistributionError::RegistryTokenDecodeError(_) => {
            let message = "the answer to the login does not have the expected form";
            ProviderError::new(ErrorKind::Unexpected, operation, message)
        }
        other => {
            let message = "the registry does not keep to the distribution protocol";
            ProviderError::new(ErrorKind::Unexpected, operation, message).source(other)
        }
    }
}

/// A request that got no whole answer. Everything that is sent is named by its digest, so that it may be sent again.
pub(super) fn transport(operation: &str, error: reqwest::Error) -> ProviderError {
    let message = match () {
        () if error.is_connect() => "cannot connect",
        () if error.is_timeout() => "no answer in time",
        () => "the connection was lost",
    };
    ProviderError::new(ErrorKind::Unavailable, operation, message)
        .retry(Retry::Safe)
        .source(error.without_url())
}

/// The token service says 400, 401 or 403 for wrong passwords and for unknown registries alike.
fn refused_login(operation: &str, text: &str) -> ProviderError {
    let said = quote(text);
    let message = if said.is_empty() { "the login was refused".into() } else { said };
    ProviderError::new(ErrorKind::Unauthenticated, operation, message).set(
        "check that the registry exists and that the provider's token may write to it (a fine-grained token needs the scopes registry:create and registry:update)",
    )
}

/// What an answer that is not good means.
pub(super) fn answer(operation: &str, status: StatusCode, body: &str) -> ProviderError {
    let envelope: Option<Envelope> = serde_json::from_str(body).ok();
    let entry = envelope.and_then(|envelope| envelope.errors.into_iter().next());
    let code = entry.as_ref().map_or("", |entry| entry.code.as_str());
    let said = entry.as_ref().map_or_else(|| quote(body), |entry| quote(&entry.message));
    let (kind, retry) = class(status, code);
    let message = match (said.is_empty(), code.is_empty()) {
        (true, true) => format!("the registry answered {}", status.as_u16()),
        (true, false) => format!("the registry answered {} {code}", status.as_u16()),
        (false, _) => said,
    };
    let error = ProviderError::new(kind, operation, message).retry(retry);
    match kind {
        ErrorKind::Quota => error.next(NextStep::Ask {
            what: "a larger tier of the registry (`tier:`), or push fewer repositories".into(),
        }),
        ErrorKind::Invalid => {
            error.set("write the image's layout anew with a current image builder, then plan again")
        }
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => error.next(NextStep::Ask {
            what: "write access to the registry for the token in use".into(),
        }),
        _ => error,
    }
}

fn class(status: StatusCode, code: &str) -> (ErrorKind, Retry) {
    match (status.as_u16(), code) {
        (_, "UNAUTHORIZED") | (401, _) => (ErrorKind::Unauthenticated, Retry::Never),
        // What a full registry answers.
        (_, "DENIED") => (ErrorKind::Quota, Retry::Never),
        (403, _) => (ErrorKind::Forbidden, Retry::Never),
        // An upload that the registry has forgotten: it begins anew.
        (_, "BLOB_UPLOAD_UNKNOWN") => (ErrorKind::Unavailable, Retry::Safe),
        (404, _) => (ErrorKind::NotFound, Retry::Never),
        (405, _) | (_, "UNSUPPORTED") => (ErrorKind::Unsupported, Retry::Never),
        (429, _) => (ErrorKind::RateLimited, Retry::Safe),
        (408 | 425 | 500..=599, _) => (ErrorKind::Unavailable, Retry::Safe),
        _ => (ErrorKind::Invalid, Retry::Never),
    }
}

/// One line of what was said; pages of proxies are not quoted.
fn quote(text: &str) -> String {
    let text = text.trim();
    if text.starts_with('<') {
        return String::new();
    }
    let line: String = text.chars().take(LONGEST_QUOTE).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_a_kind_a_message_and_whether_to_try_again() {
        let body = r#"{"errors":[{"code":"DENIED","message":"registry is full"}]}"#;
        let error = answer("push", StatusCode::FORBIDDEN, body);
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Quota, "registry is full"));
        assert!(!error.next_steps.is_empty());
        let error = answer("push", StatusCode::BAD_GATEWAY, "<html>no</html>");
        assert_eq!((error.kind, error.retry), (ErrorKind::Unavailable, Retry::Safe));
        assert_eq!(error.message, "the registry answered 502");
        let body = r#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#;
        assert_eq!(answer("push", StatusCode::NOT_FOUND, body).retry, Retry::Safe);
        assert_eq!(answer("x", StatusCode::METHOD_NOT_ALLOWED, "").kind, ErrorKind::Unsupported);
    }
}
