//! DigitalOcean's error bodies to [`ProviderError`]s with next steps.
//!
//! The body is `{"id", "message", "request_id"?}`; the status decides, the text only picks the next step.

use http::{HeaderMap, StatusCode};
use infra_provider::{ErrorKind, ProviderError};
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    request_id: Option<String>,
}

/// Turns an answer that is not good into an error.
pub(crate) fn explain(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ProviderError {
    let parsed: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let said = if parsed.message.is_empty() { format!("status {status}") } else { parsed.message };
    let kind = kind(status, &said);
    let mut error = ProviderError::new(kind, "request", said.clone());
    let header = headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    error.request_id = parsed.request_id.or(header);
    next_step(error, &said)
}

fn kind(status: StatusCode, said: &str) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Unauthenticated,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 if said.contains("exists") => ErrorKind::AlreadyExists,
        409 | 412 => ErrorKind::Conflict,
        422 if said.contains("pending event") => ErrorKind::Conflict,
        422 if said.contains("limit") || said.contains("exceed") => ErrorKind::Quota,
        422 if said.contains("already has a registry") => ErrorKind::Quota,
        422 if said.contains("already in use") || said.contains("already exists") => {
            ErrorKind::AlreadyExists
        }
        400 | 405 | 422 => ErrorKind::Invalid,
        429 => ErrorKind::RateLimited,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    }
}

fn next_step(error: ProviderError, said: &str) -> ProviderError {
    let ask = |what: &str| infra_event::NextStep::Ask { what: what.to_owned() };
    match error.kind {
        ErrorKind::Unauthenticated => {
            error.set("set DIGITALOCEAN_ACCESS_TOKEN to a personal access token that has not expired")
        }
        ErrorKind::Forbidden => error.next(ask(
            "a token with the scopes kubernetes, registry, reserved_ip, load_balancer, block_storage, tag and vpc",
        )),
        ErrorKind::Quota if said.contains("roplet") => {
            error.next(ask("a higher Droplet limit (Settings > Account), or make the pools smaller"))
        }
        ErrorKind::Quota if said.contains("registry") => {
            error.set("use the registry that is there (`existing: true`), or take the professional tier for more than one")
        }
        ErrorKind::Invalid if said.contains("version slug") => {
            error.set("choose a version that `infra explain` lists, or write `version: latest`")
        }
        ErrorKind::Invalid if said.contains("droplet size") => {
            error.set("choose a size that is offered for Kubernetes in this region (`infra explain` lists them)")
        }
        _ => error,
    }
}
