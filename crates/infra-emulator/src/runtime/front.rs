//! The front of every plain-HTTP emulator: accepts on loopback and leads each request through the gate.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::EmulatorError;
use super::faults::Faults;
use super::gate::Face;
use super::journal::Journal;
use super::{World, ports};

/// An emulator behind a front.
pub(crate) trait Service: Face + 'static {
    /// Answers a request.
    fn handle(&self, request: Request<Body>) -> BoxFuture<'_, Response<Body>>;
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
        async move {
            let next = |request| service.handle(request);
            front.pass(&*service, request.map(Body::new), next).await
        }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        // An error here is a client that went away, or a close that the script asked for.
        _ = serving => {}
        () = stop.cancelled() => {}
    }
}

/// An answer with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
