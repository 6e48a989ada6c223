//! Which failures are worth another try, and when.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use rand::Rng;

use super::Call;
use crate::{ErrorKind, ProviderError, Retry};

/// How many times a request is sent at most.
const ATTEMPTS: u32 = 6;
/// The longest time that a server's wish to wait is followed; beyond that the run is better ended.
const LONGEST_WISH: Duration = Duration::from_secs(3600);

pub(super) fn worthwhile(error: &ProviderError, call: &Call, attempt: u32) -> bool {
    let patient = error.retry_after.is_none_or(|wish| wish <= LONGEST_WISH);
    attempt < ATTEMPTS && patient && error.retry.allows(call.idempotent)
}

/// 1 s, doubled with each attempt up to 30 s, spread by up to a quarter; never less than the server asks for.
pub(super) fn pause(error: &ProviderError, attempt: u32) -> Duration {
    let base = Duration::from_secs(1 << (attempt - 1).min(5)).min(Duration::from_secs(30));
    let spread = base.mul_f64(rand::rng().random_range(0.0..0.25));
    error.retry_after.unwrap_or_default().max(base + spread)
}

/// 429 and 408 were not carried out. A fault of the server may come before or after the deed.
pub(super) fn class(status: StatusCode, call: &Call) -> Retry {
    match status.as_u16() {
        408 | 425 | 429 => Retry::Safe,
        500 | 502 | 503 | 504 if call.idempotent => Retry::Safe,
        500 | 502 | 503 | 504 => Retry::UnknownOutcome,
        _ => Retry::Never,
    }
}

/// `Retry-After` in seconds, else the time of the wall at which a limit ends (`ratelimit-reset`) when nothing remains of it.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number("ratelimit-remaining")? > 0 {
        return None;
    }
    let reset = Duration::from_secs(number("ratelimit-reset")?);
    let now = infra_clock::wall_now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(reset.saturating_sub(now))
}

/// A request that got no whole answer. What failed while connecting was never sent.
pub(super) fn transport(operation: &str, call: &Call, error: reqwest::Error) -> ProviderError {
    let (message, retry) = match () {
        () if error.is_connect() => ("cannot connect", Retry::Safe),
        () if error.is_timeout() => ("no answer in time", Retry::UnknownOutcome),
        () if error.is_builder() => ("the request cannot be made", Retry::Never),
        () => ("the connection was lost", Retry::UnknownOutcome),
    };
    let retry = if retry == Retry::UnknownOutcome && call.idempotent { Retry::Safe } else { retry };
    // The URL may hold a secret in its query; the error's own text would show it.
    ProviderError::new(ErrorKind::Unavailable, operation, message)
        .retry(retry)
        .source(error.without_url())
}
