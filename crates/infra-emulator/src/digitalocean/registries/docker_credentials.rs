//! Credentials for docker and pull secrets, and the token service behind them.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::model::DockerCredential;
use crate::digitalocean::call::Call;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;
use crate::registry::{Access, HOST, Tokens};
use crate::runtime::Dates;

/// The longest life that is accepted, in seconds.
const LONGEST: u64 = 1_576_800_000;
/// Life of a bearer token, in seconds of the wall: it lives for one exchange with the registry.
const BEARER_SECONDS: u64 = 300;

/// `GET .../docker-credentials?expiry_seconds&read_write`.
pub(in crate::digitalocean) fn get(call: &mut Call<'_>, registry: &str) -> Outcome {
    super::crud::existing(call, registry)?;
    let seconds = call.query.number("expiry_seconds")?.filter(|seconds| *seconds > 0);
    if seconds.is_some_and(|seconds| seconds > LONGEST) {
        return Err(ApiError::bad_request("expiry_seconds is too large"));
    }
    let read_write = call.query.flag("read_write");
    let now = call.now;
    let expires_ms = seconds.map(|seconds| now.saturating_add(seconds.saturating_mul(1000)));
    call.state.docker_credentials.retain(|credential| credential.is_valid(now));
    let credential = issue(call.state, registry, read_write, expires_ms, None);
    let auth = STANDARD.encode(format!("{credential}:{credential}"));
    Reply::ok(json!({ "auths": { HOST: { "auth": auth } } }))
}

/// A new token for a registry.
pub(in crate::digitalocean) fn issue(
    state: &mut State,
    registry: &str,
    read_write: bool,
    expires_ms: Option<u64>,
    cluster: Option<String>,
) -> String {
    let purpose = state.purpose("docker credential", registry);
    let token = format!("dop_v1_{}", state.seed().hex(&purpose));
    let registry = registry.to_owned();
    let new = DockerCredential { token: token.clone(), registry, read_write, expires_ms, cluster };
    state.docker_credentials.push(new);
    state.changed = true;
    token
}

/// What a token may do in a registry: `(pull, push)`.
pub(in crate::digitalocean) fn rights(
    state: &State,
    now: u64,
    token: &str,
    registry: &str,
) -> (bool, bool) {
    if token == state.token {
        return (true, true);
    }
    let found = state.docker_credentials.iter().find(|credential| {
        credential.token == token && credential.registry == registry && credential.is_valid(now)
    });
    found.map_or((false, false), |credential| (true, credential.read_write))
}

/// Whether a token is known at all.
fn is_known(state: &State, now: u64, token: &str) -> bool {
    token == state.token
        || state
            .docker_credentials
            .iter()
            .any(|credential| credential.token == token && credential.is_valid(now))
}

/// `user:password` of a Basic header.
fn basic(authorization: Option<&str>) -> Option<(String, String)> {
    let (scheme, encoded) = authorization?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// `GET /v2/registry/auth?service&scope` with Basic: the token service that the registry's challenge names.
pub(in crate::digitalocean) fn token_service(
    call: &mut Call<'_>,
    tokens: &Tokens,
    scopes: &[String],
) -> Outcome {
    let unauthorized =
        || ApiError::new(http::StatusCode::UNAUTHORIZED, "Unable to authenticate you");
    let (_, password) = basic(call.authorization).ok_or_else(unauthorized)?;
    if !is_known(call.state, call.now, &password) {
        return Err(unauthorized());
    }
    let mut granted = Vec::new();
    for scope in
        scopes.iter().flat_map(|scopes| scopes.split(' ')).filter(|scope| !scope.is_empty())
    {
        let access = Access::parse(scope)
            .ok_or_else(|| ApiError::bad_request(format!("invalid scope {scope}")))?;
        let Some((registry, _)) = access.repository.split_once('/') else {
            return Err(ApiError::bad_request("registry name is missing in repository name"));
        };
        if !call.state.registries.contains_key(registry) {
            return Err(ApiError::bad_request("registry does not exist"));
        }
        let (pull, push) = rights(call.state, call.now, &password, registry);
        let wants_more = access.actions.iter().any(|action| action != "pull");
        if !pull || (wants_more && !push) {
            return Err(unauthorized());
        }
        granted.push(access);
    }
    let token = tokens.issue(granted, Duration::from_secs(BEARER_SECONDS));
    Reply::ok(json!({
        "token": token,
        "access_token": token,
        "expires_in": BEARER_SECONDS,
        "issued_at": Dates::date_now(),
    }))
}

/// `POST /v1/oauth/revoke` with the credential as bearer token or as `token` of a form.
pub(in crate::digitalocean) fn revoke(call: &mut Call<'_>) -> Outcome {
    let bearer = call.authorization.and_then(|value| value.split_once(' ')).map(|(_, token)| token);
    let form = url::form_urlencoded::parse(call.raw).find(|(name, _)| name == "token");
    let token = form.map(|(_, value)| value.into_owned()).or(bearer.map(str::to_owned));
    let token = token.ok_or_else(|| ApiError::bad_request("token is required"))?;
    call.state.docker_credentials.retain(|credential| credential.token != token);
    Reply::ok(json!({}))
}
