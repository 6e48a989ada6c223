//! The registry's HTTP side: names in paths, authorisation, and which function answers.

use std::sync::Arc;

use axum::body::Body;
use futures::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::error::RegistryError;
use super::names::{is_repository, split_registry};
use super::store::Store;
use super::tokens::Tokens;
use super::{blobs, manifests, uploads};
use crate::runtime::{Face, Service};

/// What the cloud says about registries.
pub(crate) trait Authority: Send + Sync {
    /// Address of the token service.
    fn realm(&self) -> String;
    /// Whether a registry of this name exists.
    fn exists(&self, registry: &str) -> bool;
    /// Why nothing may be written to it now.
    fn read_only(&self, registry: &str) -> Option<String>;
    /// How many repositories it may have; 0: without limit.
    fn repository_limit(&self, registry: &str) -> u64;
}

/// An answer or an error.
pub(super) type Answer = Result<Response<Body>, RegistryError>;

/// The registry emulator.
pub(crate) struct RegistryService {
    pub(super) store: Arc<Store>,
    tokens: Tokens,
    authority: Arc<dyn Authority>,
}

/// The parts of a path below `/v2/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    Blob(&'a str),
    Uploads,
    Upload(&'a str),
    Manifest(&'a str),
    Tags,
    Referrers(&'a str),
}

impl RegistryService {
    pub(crate) fn new(store: Arc<Store>, tokens: Tokens, authority: Arc<dyn Authority>) -> Self {
        Self { store, tokens, authority }
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let path = request.uri().path().to_owned();
        if path == "/v2" || path == "/v2/" {
            self.authorize(&request, None)?;
            return Ok(crate::runtime::json_response(StatusCode::OK, &json!({})));
        }
        let (name, target) = split(&path).ok_or_else(|| {
            RegistryError::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "no such path")
        })?;
        if !is_repository(name) {
            return Err(RegistryError::name_invalid());
        }
        let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
        self.authorize(&request, Some((name, if writes { "push" } else { "pull" })))?;
        let (registry, _) = split_registry(name).ok_or_else(RegistryError::name_invalid)?;
        if !self.authority.exists(registry) {
            return Err(RegistryError::name_unknown(name));
        }
        if writes {
            self.check_writable(registry, name)?;
        }
        match target {
            Target::Blob(digest) => blobs::answer(self, request, name, digest).await,
            Target::Uploads => uploads::start(self, request, name).await,
            Target::Upload(id) => uploads::session(self, request, name, id).await,
            Target::Manifest(reference) => manifests::answer(self, request, name, reference).await,
            Target::Tags => manifests::tags(self, &request, name),
            Target::Referrers(digest) => manifests::referrers(self, &request, name, digest),
        }
    }

    fn check_writable(&self, registry: &str, name: &str) -> Result<(), RegistryError> {
        if let Some(reason) = self.authority.read_only(registry) {
            return Err(RegistryError::unsupported(&reason));
        }
        let limit = self.authority.repository_limit(registry);
        let known = self.store.repositories(registry);
        let own = split_registry(name).map_or("", |(_, repository)| repository);
        let full = u64::try_from(known.len()).unwrap_or(u64::MAX) >= limit;
        if limit != 0 && full && !known.iter().any(|repository| repository == own) {
            return Err(RegistryError::denied(
                "registry contains the maximum number of repositories of its subscription",
            ));
        }
        Ok(())
    }

    /// Refuses a request whose bearer token does not allow it, with the challenge that says where to get one.
    fn authorize(
        &self,
        request: &Request<Body>,
        wanted: Option<(&str, &str)>,
    ) -> Result<(), RegistryError> {
        let refuse = || {
            let realm = self.authority.realm();
            let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{}\"", super::HOST);
            if let Some((name, action)) = wanted {
                let actions = if action == "pull" { "pull" } else { "pull,push" };
                challenge.push_str(&format!(",scope=\"repository:{name}:{actions}\""));
            }
            RegistryError::unauthorized(challenge)
        };
        let header = request.headers().get(header::AUTHORIZATION);
        let value =
            header.and_then(|value| value.to_str().ok()).and_then(|text| text.split_once(' '));
        let (scheme, token) = value.ok_or_else(refuse)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refuse());
        }
        let access = self.tokens.open(token.trim()).ok_or_else(refuse)?;
        let Some((name, action)) = wanted else { return Ok(()) };
        let allows =
            |own: &str| own == action || own == "*" || (action == "push" && own == "delete");
        let allowed = access
            .iter()
            .filter(|access| access.repository == name)
            .any(|access| access.actions.iter().any(|own| allows(own)));
        if allowed { Ok(()) } else { Err(refuse()) }
    }
}

/// Name and target of a path below `/v2/`.
fn split(path: &str) -> Option<(&str, Target<'_>)> {
    let rest = path.strip_prefix("/v2/")?;
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Some((name, Target::Tags));
    }
    if let Some((name, id)) = rest.rsplit_once("/blobs/uploads/") {
        return Some((name, if id.is_empty() { Target::Uploads } else { Target::Upload(id) }));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads") {
        return Some((name, Target::Uploads));
    }
    let (start, last) = rest.rsplit_once('/')?;
    let (name, kind) = start.rsplit_once('/')?;
    match kind {
        "blobs" => Some((name, Target::Blob(last))),
        "manifests" => Some((name, Target::Manifest(last))),
        "referrers" => Some((name, Target::Referrers(last))),
        _ => None,
    }
}

/// A parameter of the query, decoded.
pub(super) fn parameter(request: &Request<Body>, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// An answer without a body but with these headers.
pub(super) fn bare(status: StatusCode, headers: &[(&'static str, String)]) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

impl Face for RegistryService {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn error_body(&self, status: StatusCode) -> Value {
        let code = match status.as_u16() {
            401 => "UNAUTHORIZED",
            403 => "DENIED",
            404 => "NAME_UNKNOWN",
            429 => "TOOMANYREQUESTS",
            _ => "UNKNOWN",
        };
        json!({ "errors": [{ "code": code, "message": "as the fault script says" }] })
    }
}

impl Service for RegistryService {
    fn handle(&self, request: Request<Body>) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let head = request.method() == Method::HEAD;
            let mut response = self.answer(request).await.unwrap_or_else(|error| error.response());
            if head && !response.status().is_success() {
                *response.body_mut() = Body::empty();
            }
            let version = HeaderValue::from_static("registry/2.0");
            response.headers_mut().insert("docker-distribution-api-version", version);
            response
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_from_the_right() {
        assert_eq!(split("/v2/r/a/blobs/sha256:x"), Some(("r/a", Target::Blob("sha256:x"))));
        assert_eq!(split("/v2/r/a/blobs/uploads/"), Some(("r/a", Target::Uploads)));
        assert_eq!(split("/v2/r/a/blobs/uploads/7"), Some(("r/a", Target::Upload("7"))));
        assert_eq!(
            split("/v2/r/manifests/a/manifests/1"),
            Some(("r/manifests/a", Target::Manifest("1")))
        );
        assert_eq!(split("/v2/r/tags/list"), Some(("r", Target::Tags)));
        assert_eq!(split("/v2/nothing"), None);
    }
}
