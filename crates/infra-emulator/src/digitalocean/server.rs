//! HTTP: authentication, rate limit, routing, and the headers of every answer.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Body as HttpBody;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::Value;

use super::call::Call;
use super::paging::Query;
use super::rate_limit::{Standing, Verdict};
use super::registries::docker_credentials;
use super::reply::{ApiError, Body, Outcome, Reply, error_body};
use super::service::DigitalOcean;
use super::state::State;
use crate::runtime::{Face, Service, Takes, json_response};

/// The longest body that is read.
const GREATEST_BODY: usize = 4 << 20;

/// The emulator as the front serves it.
pub(crate) struct Server(pub(crate) Arc<DigitalOcean>);

/// What of a request is kept.
struct Asked {
    method: String,
    path: String,
    query: String,
    base: String,
    authorization: Option<String>,
    body: Bytes,
}

impl Asked {
    async fn read(request: Request<HttpBody>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let text = |name: HeaderName| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let host = text(header::HOST).unwrap_or_else(|| "127.0.0.1".to_owned());
        let body = axum::body::to_bytes(body, GREATEST_BODY).await.map_err(|_| {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the request body is too large")
        })?;
        Ok(Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            base: format!("http://{host}"),
            authorization: text(header::AUTHORIZATION),
            body,
        })
    }

    /// Segments of the path, each decoded.
    fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
    }
}

/// Percent-decoded; `+` is itself in a path.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer before it is written.
struct Answer {
    outcome: Outcome,
    standing: Option<Standing>,
    takes: Duration,
}

impl DigitalOcean {
    /// Handles a request from its turn to its effects.
    async fn handle(self: Arc<Self>, asked: Asked) -> Answer {
        let _busy = self.context.world.clock().busy();
        let _turn = self.turn.lock().await;
        self.advance().await;
        let refused = |outcome, standing| Answer { outcome, standing, takes: Duration::ZERO };
        let segments = asked.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let own_login =
            matches!(segments[..], ["v2", "registry", "auth"] | ["v1", "oauth", "revoke"]);
        let mut standing = None;
        if !own_login {
            if let Err(error) = self.authenticate(asked.authorization.as_deref()) {
                return refused(Err(error), None);
            }
            let counted = self.count();
            standing = Some(counted);
            if counted.verdict != Verdict::Pass {
                let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
                return refused(Err(error), standing);
            }
        }
        let (outcome, effects, takes) = self.route(&asked, &segments);
        self.save_or_warn();
        for effect in effects {
            self.perform(effect).await;
        }
        self.save_or_warn();
        self.wake.notify_one();
        Answer { outcome, standing, takes }
    }

    fn authenticate(&self, authorization: Option<&str>) -> Result<(), ApiError> {
        let given = authorization.and_then(|value| value.split_once(' '));
        let token = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match token {
            Some((_, token)) if token.trim() == self.state().token => Ok(()),
            _ => Err(ApiError::new(StatusCode::UNAUTHORIZED, "Unable to authenticate you")),
        }
    }

    fn count(&self) -> Standing {
        let now = self.context.world.now_ms();
        self.limit.lock().unwrap_or_else(PoisonError::into_inner).count(now)
    }

    fn route(
        &self,
        asked: &Asked,
        segments: &[&str],
    ) -> (Outcome, Vec<super::events::Effect>, Duration) {
        let mut state = self.state();
        let state: &mut State = &mut state;
        let reads = matches!(asked.method.as_str(), "GET" | "HEAD");
        let method = if asked.method == "HEAD" { "GET" } else { &asked.method };
        let mut call = Call {
            method,
            path: &asked.path,
            base: &asked.base,
            query: Query::parse(&asked.query),
            raw: &asked.body,
            authorization: asked.authorization.as_deref(),
            now: self.context.world.now_ms(),
            state,
            context: &self.context,
            clusters: &self.planes,
            effects: Vec::new(),
            takes: Duration::ZERO,
        };
        let outcome = match segments {
            ["v2"] => Reply::ok(serde_json::json!({})),
            ["v2", "registry", "auth"] if method == "GET" => {
                let scopes: Vec<String> = url::form_urlencoded::parse(asked.query.as_bytes())
                    .filter(|(name, _)| name == "scope")
                    .map(|(_, scope)| scope.into_owned())
                    .collect();
                docker_credentials::token_service(&mut call, &self.tokens, &scopes)
            }
            ["v2", "registry", "auth"] => {
                Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed"))
            }
            ["v1", "oauth", "revoke"] if method == "POST" => docker_credentials::revoke(&mut call),
            ["v2", rest @ ..] => super::routes::route(&mut call, rest),
            _ => Err(ApiError::not_found()),
        };
        let (effects, takes) = (std::mem::take(&mut call.effects), call.takes);
        state.changed |= !reads;
        (outcome, effects, takes)
    }

    fn write(&self, answer: Answer, head: bool) -> Response<HttpBody> {
        let request_id = uuid::Uuid::new_v4().to_string();
        let mut response = match answer.outcome {
            Ok(reply) => written(reply),
            Err(error) => json_response(error.status, &error.body(&request_id)),
        };
        if head {
            *response.body_mut() = HttpBody::empty();
        }
        if !answer.takes.is_zero() {
            response.extensions_mut().insert(Takes(answer.takes));
        }
        let headers = response.headers_mut();
        set(headers, "x-request-id", &request_id);
        if let Some(standing) = answer.standing {
            set(headers, "ratelimit-limit", &standing.limit.to_string());
            set(headers, "ratelimit-remaining", &standing.remaining.to_string());
            let reset = self.context.dates.unix_ahead(standing.reset);
            set(headers, "ratelimit-reset", &reset.to_string());
            if let Verdict::Burst(wait) = standing.verdict {
                set(headers, "retry-after", &wait.as_secs_f64().ceil().to_string());
            }
        }
        response
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn written(reply: Reply) -> Response<HttpBody> {
    match reply.body {
        Body::Json(value) => json_response(reply.status, &value),
        Body::Yaml(text) => {
            let mut response = Response::new(HttpBody::from(text));
            *response.status_mut() = reply.status;
            set(response.headers_mut(), "content-type", "application/yaml");
            response
        }
        Body::Nothing => {
            let mut response = Response::new(HttpBody::empty());
            *response.status_mut() = reply.status;
            response
        }
    }
}

impl Face for Server {
    fn name(&self) -> &'static str {
        "digitalocean"
    }

    fn error_body(&self, status: StatusCode) -> Value {
        let message = status.canonical_reason().unwrap_or("as the fault script says");
        error_body(status, message, &uuid::Uuid::new_v4().to_string())
    }
}

impl Service for Server {
    fn handle(&self, request: Request<HttpBody>) -> BoxFuture<'_, Response<HttpBody>> {
        Box::pin(async move {
            let head = request.method() == http::Method::HEAD;
            let refused =
                |error| Answer { outcome: Err(error), standing: None, takes: Duration::ZERO };
            let answer = match Asked::read(request).await {
                Err(error) => refused(error),
                // In a task of its own: a client that goes away does not stop what has begun.
                Ok(asked) => match tokio::spawn(Arc::clone(&self.0).handle(asked)).await {
                    Ok(answer) => answer,
                    Err(_) => refused(ApiError::new(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "Server was unable to give you a response.",
                    )),
                },
            };
            self.0.write(answer, head)
        })
    }
}
