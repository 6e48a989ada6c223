//! The front of every plain-HTTP emulator: accepts on loopback, applies faults, keeps the journal, and counts requests in flight so
//! that a jumping clock stands still while one is handled.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use infra_clock::Busy;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::EmulatorError;
use super::fault_script::FaultAction;
use super::faults::{Asked, Faults};
use super::journal::{Journal, RequestRecord};
use super::{World, ports};

/// Bodies up to this size are shown to fault rules.
const BODY_FOR_RULES: usize = 1 << 20;

/// An emulator behind a front.
pub(crate) trait Service: Send + Sync + 'static {
    /// Its name in fault scripts, in the journal and in `ports.json`.
    fn name(&self) -> &'static str;
    /// Answers a request.
    fn handle(&self, request: Request<Body>) -> BoxFuture<'_, Response<Body>>;
    /// Its usual error body for a status that a fault rule asks for.
    fn error_body(&self, status: StatusCode) -> serde_json::Value;
}

/// What every front shares.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) world: Arc<World>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) stop: CancellationToken,
    /// Everything that runs for this world.
    pub(crate) tasks: TaskTracker,
}

/// World time that the call itself lasts: an extension of the answer. The work is done; the answer is on its way so long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes(pub(crate) Duration);

/// The connection shall be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed as the fault script says")]
struct Closed;

/// Serves an emulator on loopback until it is stopped; gives its address.
pub(crate) async fn listen(
    front: Front,
    service: Arc<dyn Service>,
    port: Option<u16>,
) -> Result<SocketAddr, EmulatorError> {
    let (listener, address) = ports::open(front.world.directory(), service.name(), port).await?;
    let tasks = front.tasks.clone();
    tasks.spawn(accept(front, service, listener));
    Ok(address)
}

async fn accept(front: Front, service: Arc<dyn Service>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = front.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                front.tasks.spawn(connection(front.clone(), Arc::clone(&service), stream));
            }
            Err(error) => {
                // For example too many open files: the listener itself is still good.
                tracing::warn!(%error, service = service.name(), "a connection could not be accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn connection(front: Front, service: Arc<dyn Service>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let stop = front.stop.clone();
    let answering = service_fn(move |request| {
        let (front, service) = (front.clone(), Arc::clone(&service));
        async move { front.answer(&*service, request).await }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        // An error here is a client that went away, or a close that the script asked for.
        _ = serving => {}
        () = stop.cancelled() => {}
    }
}

impl Front {
    async fn answer(
        &self,
        service: &dyn Service,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Closed> {
        let mut busy = Some(self.world.clock().busy());
        let request = self.with_body_for_rules(service, request.map(Body::new)).await;
        let (request, seen) = request;
        let mut record = begin(service, &request);
        let path_and_query = request.uri().path_and_query().map_or("/", |whole| whole.as_str());
        let action = self.faults.strike(&Asked {
            service: service.name(),
            method: &record.method,
            path_and_query,
            body: seen.as_deref(),
        });
        let Some(action) = action else {
            let response = service.handle(request).await;
            self.last(&mut busy, takes(&response)).await;
            self.finish(record, response.status());
            return Ok(response);
        };
        if let Some(delay) = action.delay {
            drop(busy.take());
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
            let response = scripted(service, status, &action);
            self.finish(record, response.status());
            return Ok(response);
        }
        let response = service.handle(request).await;
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
            self.world.clock().sleep(time).await;
            *busy = Some(self.world.clock().busy());
        }
    }

    /// Reads the body beforehand if a rule wants to see it and it is small.
    async fn with_body_for_rules(
        &self,
        service: &dyn Service,
        request: Request<Body>,
    ) -> (Request<Body>, Option<Bytes>) {
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        let small = length.is_some_and(|length| length <= BODY_FOR_RULES);
        if !small || !self.faults.reads_bodies(service.name()) {
            return (request, None);
        }
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, BODY_FOR_RULES).await.unwrap_or_default();
        (Request::from_parts(parts, Body::from(bytes.clone())), Some(bytes))
    }

    fn finish(&self, record: RequestRecord, status: StatusCode) {
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

fn begin(service: &dyn Service, request: &Request<Body>) -> RequestRecord {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    RequestRecord {
        service: service.name().to_owned(),
        cluster: String::new(),
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        status: 0,
        world_ms: 0,
        mutating: !reads,
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

fn scripted(service: &dyn Service, status: u16, action: &FaultAction) -> Response<Body> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = action.body.clone().unwrap_or_else(|| service.error_body(status));
    let mut response = json_response(status, &body);
    for (name, value) in &action.headers {
        let pair = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An answer with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
