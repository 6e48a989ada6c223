//! Errors as the distribution specification writes them.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::runtime::json_response;

/// An error of the registry.
#[derive(Clone, Debug)]
pub(crate) struct RegistryError {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
    /// Boxed to keep results small.
    detail: Box<Value>,
    /// `WWW-Authenticate` of a 401.
    challenge: Option<String>,
}

impl RegistryError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), detail: Box::default(), challenge: None }
    }

    pub(crate) fn unauthorized(challenge: String) -> Self {
        let mut error =
            Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required");
        error.challenge = Some(challenge);
        error
    }

    pub(crate) fn denied(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "DENIED", message)
    }

    pub(crate) fn name_invalid() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", "invalid repository name")
    }

    pub(crate) fn name_unknown(name: &str) -> Self {
        let message = "repository name not known to registry";
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", message).about(json!({ "name": name }))
    }

    pub(crate) fn digest_invalid() -> Self {
        let message = "provided digest did not match uploaded content";
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message)
    }

    pub(crate) fn blob_unknown(digest: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry")
            .about(json!({ "digest": digest }))
    }

    pub(crate) fn manifest_unknown(reference: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown")
            .about(json!({ "reference": reference }))
    }

    pub(crate) fn manifest_invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", message)
    }

    pub(crate) fn upload_unknown() -> Self {
        let message = "blob upload unknown to registry";
        Self::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", message)
    }

    pub(crate) fn unsupported(message: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", message)
    }

    pub(crate) fn storage(error: &std::io::Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", format!("storage: {error}"))
    }

    pub(crate) fn about(mut self, detail: Value) -> Self {
        *self.detail = detail;
        self
    }

    pub(crate) fn response(&self) -> Response<Body> {
        let mut error = json!({ "code": self.code, "message": self.message });
        if !self.detail.is_null() {
            error["detail"] = Value::clone(&self.detail);
        }
        let mut response = json_response(self.status, &json!({ "errors": [error] }));
        let challenge = self.challenge.as_deref().and_then(|text| HeaderValue::try_from(text).ok());
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<std::io::Error> for RegistryError {
    fn from(error: std::io::Error) -> Self {
        Self::storage(&error)
    }
}
