//! Reaching a webhook: over HTTPS for a URL, by its endpoints for a Service.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::kubernetes::server::api::Api;

/// The largest answer that is read.
const LARGEST_ANSWER: usize = 3 << 20;

/// What a webhook answers, or why it cannot be reached.
pub(super) async fn call(api: &Api, webhook: &Value, review: &Value) -> Result<Value, String> {
    let seconds = webhook["timeoutSeconds"].as_u64().unwrap_or(10);
    let config = &webhook["clientConfig"];
    if let Some(service) = config["service"].as_object() {
        let text = |key: &str| service.get(key).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("namespace"), text("name"));
        let port = service.get("port").and_then(Value::as_u64).unwrap_or(443);
        let path = match text("path") {
            "" => "/",
            path => path,
        };
        let url = format!("https://{name}.{namespace}.svc:{port}{path}?timeout={seconds}s");
        return of_service(api, namespace, name, review)
            .map_err(|cause| format!("failed to call webhook: Post {url:?}: {cause}"));
    }
    let base = config["url"].as_str().unwrap_or_default();
    let url = format!("{base}?timeout={seconds}s");
    let bundle = config["caBundle"].as_str().unwrap_or_default();
    let asking = post(base, &url, bundle, review);
    match tokio::time::timeout(Duration::from_secs(seconds), asking).await {
        Ok(answer) => {
            answer.map_err(|cause| format!("failed to call webhook: Post {url:?}: {cause}"))
        }
        Err(_) => Err(format!("failed to call webhook: Post {url:?}: context deadline exceeded")),
    }
}

fn of_service(api: &Api, namespace: &str, name: &str, review: &Value) -> Result<Value, String> {
    if api.object("services", namespace, name).is_none() {
        return Err(format!("service {name:?} not found"));
    }
    let ready = api.object("endpoints", namespace, name).is_some_and(|endpoints| {
        endpoints["subsets"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|subset| subset["addresses"].as_array().is_some_and(|all| !all.is_empty()))
    });
    if !ready {
        return Err(format!("no endpoints available for service {name:?}"));
    }
    Ok(json!({"response": {"uid": review["request"]["uid"], "allowed": true}}))
}

async fn post(base: &str, url: &str, bundle: &str, review: &Value) -> Result<Value, String> {
    let parsed = url::Url::parse(base).map_err(|error| error.to_string())?;
    let host = parsed.host_str().ok_or("the URL has no host")?.to_owned();
    let port = parsed.port_or_known_default().unwrap_or(443);
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| format!("dial tcp {host}:{port}: {error}"))?;
    let connector = TlsConnector::from(client_config(bundle)?);
    let server = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
    let stream =
        connector.connect(server, stream).await.map_err(|error| format!("tls: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let driving = tokio::spawn(connection);
    let path = url::Url::parse(url).map_err(|error| error.to_string())?;
    let target = match path.query() {
        Some(query) => format!("{}?{query}", path.path()),
        None => path.path().to_owned(),
    };
    let request = Request::post(target)
        .header("host", format!("{host}:{port}"))
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(Body::from(review.to_string()))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = response.status();
    let body = axum::body::to_bytes(Body::new(response.into_body()), LARGEST_ANSWER)
        .await
        .map_err(|error| error.to_string())?;
    driving.abort();
    if !status.is_success() {
        return Err(format!(
            "an error on the server ({status}) has prevented the request from succeeding"
        ));
    }
    serde_json::from_slice(&body).map_err(|error| format!("the answer is no JSON: {error}"))
}

/// TLS with the webhook's own bundle of authorities; without one nothing is trusted.
fn client_config(bundle: &str) -> Result<Arc<ClientConfig>, String> {
    let pem = STANDARD.decode(bundle).map_err(|error| format!("caBundle: {error}"))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("caBundle: {error}"))?;
        roots.add(certificate).map_err(|error| format!("caBundle: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
