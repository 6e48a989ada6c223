//! Answers and errors as the DigitalOcean API writes them: `{"id", "message", "request_id"}`.

use http::StatusCode;
use serde_json::{Value, json};

/// An error of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

/// What a handler gives back.
pub(super) type Outcome = Result<Reply, ApiError>;

/// A good answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Body,
}

/// The body of a good answer.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Nothing,
    Json(Value),
    Yaml(String),
}

impl Reply {
    pub(super) fn ok(body: Value) -> Outcome {
        Self::with(StatusCode::OK, body)
    }

    pub(super) fn created(body: Value) -> Outcome {
        Self::with(StatusCode::CREATED, body)
    }

    pub(super) fn accepted(body: Value) -> Outcome {
        Self::with(StatusCode::ACCEPTED, body)
    }

    pub(super) fn nothing() -> Outcome {
        Ok(Self { status: StatusCode::NO_CONTENT, body: Body::Nothing })
    }

    pub(super) fn accepted_nothing() -> Outcome {
        Ok(Self { status: StatusCode::ACCEPTED, body: Body::Nothing })
    }

    pub(super) fn yaml(text: String) -> Outcome {
        Ok(Self { status: StatusCode::OK, body: Body::Yaml(text) })
    }

    fn with(status: StatusCode, body: Value) -> Outcome {
        Ok(Self { status, body: Body::Json(body) })
    }
}

impl ApiError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "The resource you requested could not be found.")
    }

    pub(super) fn body(&self, request_id: &str) -> Value {
        error_body(self.status, &self.message, request_id)
    }
}

/// The body of an error; ids by status as the API description has them.
pub(super) fn error_body(status: StatusCode, message: &str, request_id: &str) -> Value {
    let id = match status.as_u16() {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        412 => "precondition_failed",
        422 => "unprocessable_entity",
        429 => "too_many_requests",
        503 => "service_unavailable",
        _ => "server_error",
    };
    json!({ "id": id, "message": message, "request_id": request_id })
}
