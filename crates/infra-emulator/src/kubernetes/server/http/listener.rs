//! Listening on loopback: TLS, then HTTP/1.1 or HTTP/2 as the client chose.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Peer;
use crate::kubernetes::server::EmulatorError;
use crate::kubernetes::server::security::Identity;

/// How long a client may take for its TLS handshake (wall time).
const HANDSHAKE: Duration = Duration::from_secs(20);

type Handling = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
/// What answers requests.
pub(in crate::kubernetes::server) type Handler =
    Arc<dyn Fn(Request<Body>, Peer) -> Handling + Send + Sync>;

/// A server that listens; it stops when its token is cancelled.
pub(in crate::kubernetes::server) struct Listening {
    /// Where it listens.
    pub(in crate::kubernetes::server) address: SocketAddr,
    tracker: TaskTracker,
}

impl Listening {
    /// Waits until every connection is closed; cancel the token first.
    pub(in crate::kubernetes::server) async fn closed(self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Serves on a port of 127.0.0.1, any free one for 0.
///
/// # Errors
/// When the port cannot be listened on.
pub(in crate::kubernetes::server) async fn serve(
    port: u16,
    tls: Arc<rustls::ServerConfig>,
    handler: Handler,
    stop: CancellationToken,
) -> Result<Listening, EmulatorError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| EmulatorError::Listen { port, source })?;
    let address = listener.local_addr().map_err(|source| EmulatorError::Listen { port, source })?;
    let tracker = TaskTracker::new();
    let connections = tracker.clone();
    let acceptor = TlsAcceptor::from(tls);
    tracker.spawn(async move {
        loop {
            let stream = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Mostly the client's affair; a pause keeps a lack of descriptors from turning into a busy loop.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            let (acceptor, handler, stop) = (acceptor.clone(), handler.clone(), stop.clone());
            connections.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = connection(stream, acceptor, handler) => {}
                }
            });
        }
    });
    Ok(Listening { address, tracker })
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, handler: Handler) {
    let _ = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        return;
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .and_then(|certificate| Identity::from_certificate(certificate));
    let peer = Peer { certificate };
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let answering = handler(request.map(Body::new), peer.clone());
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(1000);
    // An error ends the connection; the client sees it too.
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
