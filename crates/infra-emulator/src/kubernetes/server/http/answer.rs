//! Answers: JSON bodies, `Status` objects and warnings.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WARNING};
use http::{Response, StatusCode};
use serde_json::Value;

use crate::kubernetes::machinery::status::Status;

/// What a handler gives back.
pub(in crate::kubernetes::server) type Answer = Result<Response<Body>, Status>;

/// A JSON answer with warnings.
pub(in crate::kubernetes::server) fn json_response(
    code: u16,
    body: &Value,
    warnings: &[String],
) -> Response<Body> {
    let text = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(text));
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for warning in warnings {
        add_warning(&mut response, warning);
    }
    response
}

/// Adds a `Warning` header.
pub(in crate::kubernetes::server) fn add_warning(response: &mut Response<Body>, warning: &str) {
    let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
    if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
        response.headers_mut().append(WARNING, value);
    }
}

/// An answer of plain text.
pub(in crate::kubernetes::server) fn text_response(
    code: u16,
    text: impl Into<String>,
) -> Response<Body> {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    response
}

impl From<&Status> for Response<Body> {
    fn from(status: &Status) -> Self {
        let mut response = json_response(status.code, &status.to_value(), &[]);
        let seconds = status
            .details
            .as_ref()
            .and_then(|details| details.get("retryAfterSeconds"))
            .and_then(Value::as_u64);
        if let Some(seconds) = seconds {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
