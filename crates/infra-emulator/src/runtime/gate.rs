//! The gate of every request to an emulator: faults, the journal, and the count of requests in flight that keeps a jumping clock
//! still while one is handled.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use infra_clock::Busy;
use serde_json::{Value, json};

use super::fault_script::FaultAction;
use super::faults::Asked;
use super::front::{Front, json_response};
use super::journal::RequestRecord;
use crate::kubernetes::Interceptor;

/// Bodies up to this size are shown to fault rules.
const BODY_FOR_RULES: usize = 1 << 20;

/// What the gate must know of an emulator.
pub(crate) trait Face: Send + Sync {
    /// Its name in fault scripts, in the journal and in `ports.json`.
    fn name(&self) -> &'static str;
    /// Which cluster it is, for an API server.
    fn cluster(&self) -> &str {
        ""
    }
    /// Its usual error body for a status that a fault rule asks for.
    fn error_body(&self, status: StatusCode) -> Value;
}

/// World time that the call itself lasts: an extension of the answer. The work is done; the answer is on its way so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes(pub(crate) Duration);

/// The connection shall be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed as the fault script says")]
pub(crate) struct Closed;

/// The API server of a cluster.
struct ApiServer {
    cluster: String,
}

impl Face for ApiServer {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn cluster(&self) -> &str {
        &self.cluster
    }

    fn error_body(&self, status: StatusCode) -> Value {
        let reason = match status.as_u16() {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "Conflict",
            429 => "TooManyRequests",
            500 => "InternalError",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "",
        };
        json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "as the fault script says",
            "reason": reason,
            "code": status.as_u16(),
        })
    }
}

impl Front {
    /// Leads the requests of a cluster through the gate too. Where a connection shall be closed, the body of an answer breaks off.
    pub(crate) fn interceptor(&self, cluster: &str) -> Interceptor {
        let (front, face) = (self.clone(), Arc::new(ApiServer { cluster: cluster.to_owned() }));
        Box::new(move |request, next| {
            let (front, face) = (front.clone(), Arc::clone(&face));
            Box::pin(async move {
                front.pass(&*face, request, next).await.unwrap_or_else(|closed| {
                    let broken = futures::stream::once(std::future::ready(Err::<Bytes, _>(closed)));
                    Response::new(Body::from_stream(broken))
                })
            })
        })
    }

    /// Applies the fault script, has the request answered by `next`, and writes it down.
    pub(crate) async fn pass<F: Future<Output = Response<Body>>>(
        &self,
        face: &dyn Face,
        request: Request<Body>,
        next: impl FnOnce(Request<Body>) -> F,
    ) -> Result<Response<Body>, Closed> {
        let mut busy = Some(self.world.clock().busy());
        let (request, seen) = self.with_body_for_rules(face, request).await;
        let mut record = begin(face, &request);
        let path_and_query = request.uri().path_and_query().map_or("/", |whole| whole.as_str());
        let action = self.faults.strike(&Asked {
            service: face.name(),
            method: &record.method,
            path_and_query,
            body: seen.as_deref(),
        });
        let Some(action) = action else {
            let response = next(request).await;
            self.last(&mut busy, takes(&response)).await;
            self.finish(record, response.status());
            return Ok(response);
        };
        if let Some(delay) = action.delay {
            drop(busy.take());
            let _lent = self.world.clock().lent();
            self.world.clock().sleep(delay).await;
            busy = Some(self.world.clock().busy());
        }
        record.fault = named(&action);
        if action.reset {
            let world_ms = self.world.now_ms();
            self.journal.record(RequestRecord { world_ms, mutating: false, ..record });
            return Err(Closed);
        }
        if let Some(status) = action.status {
            let response = scripted(face, status, &action);
            self.finish(record, response.status());
            return Ok(response);
        }
        let response = next(request).await;
        self.last(&mut busy, takes(&response)).await;
        self.finish(record, response.status());
        if action.lose_reply {
            return Err(Closed);
        }
        if let Some(name) = &action.hold {
            drop(busy.take());
            self.faults.held(name).await;
        }
        Ok(response)
    }

    /// Lets the time pass that the call lasts.
    async fn last(&self, busy: &mut Option<Busy>, time: Duration) {
        if !time.is_zero() {
            drop(busy.take());
            let _lent = self.world.clock().lent();
            self.world.clock().sleep(time).await;
            *busy = Some(self.world.clock().busy());
        }
    }

    /// Reads the body beforehand if a rule wants to see it and it is small.
    async fn with_body_for_rules(
        &self,
        face: &dyn Face,
        request: Request<Body>,
    ) -> (Request<Body>, Option<Bytes>) {
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let small = length.is_some_and(|length| length <= BODY_FOR_RULES);
        if !small || !self.faults.reads_bodies(face.name()) {
            return (request, None);
        }
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, BODY_FOR_RULES).await.unwrap_or_default();
        (Request::from_parts(parts, Body::from(bytes.clone())), Some(bytes))
    }

    fn finish(&self, record: RequestRecord, status: StatusCode) {
        if let Err(error) = self.world.keep_age() {
            tracing::warn!(%error, "the age of the emulated world cannot be written down");
        }
        let mutating = record.mutating && status.is_success() && record.fault != "status";
        self.journal.record(RequestRecord {
            status: status.as_u16(),
            world_ms: self.world.now_ms(),
            mutating,
            ..record
        });
    }
}

fn takes(response: &Response<Body>) -> Duration {
    response.extensions().get::<Takes>().map_or(Duration::ZERO, |takes| takes.0)
}

fn begin(face: &dyn Face, request: &Request<Body>) -> RequestRecord {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let query = request.uri().query().unwrap_or_default();
    let dry_run = query.split('&').any(|pair| pair == "dryRun=All");
    RequestRecord {
        service: face.name().to_owned(),
        cluster: face.cluster().to_owned(),
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: query.to_owned(),
        status: 0,
        world_ms: 0,
        mutating: !reads && !dry_run,
        fault: String::new(),
    }
}

fn named(action: &FaultAction) -> String {
    let name = if action.reset {
        "reset"
    } else if action.status.is_some() {
        "status"
    } else if action.lose_reply {
        "lose_reply"
    } else if action.hold.is_some() {
        "hold"
    } else {
        "delay"
    };
    name.to_owned()
}

fn scripted(face: &dyn Face, status: u16, action: &FaultAction) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = action.body.clone().unwrap_or_else(|| face.error_body(status));
    let mut response = json_response(status, &body);
    for (name, value) in &action.headers {
        let pair = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
