//! [`HttpClient`]: the one way to call a cloud's HTTP API, with retries, rate limits and errors that say what happened.
//!
//! Guarantees: TLS is always verified; a request that is not idempotent is never sent twice unless the first certainly did nothing;
//! `Retry-After` is honoured in world time (rule P-09); a jumping clock stands still while a request is in flight; no header with
//! a credential and no body reaches an error or a log.

mod retry;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use infra_plan::Secret;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use crate::{Context, ErrorKind, ProviderError, Retry};

/// How a request is authorised.
#[derive(Clone)]
pub enum Authorization {
    /// `Authorization: Bearer`.
    Bearer(Secret),
    /// No header.
    None,
}

/// A request to a cloud's API.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it does, such as `create cluster`; errors begin with it.
    pub operation: String,
    /// Method.
    pub method: Method,
    /// Path, from the root of the API, already encoded.
    pub path: String,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// Body, sent as JSON.
    pub body: Option<serde_json::Value>,
    /// Whether sending it twice is as good as once. GET, PUT and DELETE usually are.
    pub idempotent: bool,
}

impl Call {
    /// A request without body or query; idempotent unless it is a POST or PATCH.
    pub fn new(method: Method, path: impl Into<String>, operation: impl Into<String>) -> Self {
        let idempotent = method != Method::POST && method != Method::PATCH;
        Self {
            operation: operation.into(),
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            idempotent,
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn body(mut self, body: serde_json::Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Says that sending it twice is as good as once.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
}

/// A good answer (status 2xx).
#[derive(Debug)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    operation: String,
}

impl Reply {
    /// Reads the body as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] when it is none, or of another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = "the answer does not have the expected form".to_owned();
            ProviderError::new(ErrorKind::Unexpected, &self.operation, message).source(error)
        })
    }
}

/// Turns an answer that is not good into an error; the client sets the operation and what is needed for retries.
pub type Explain = Arc<dyn Fn(StatusCode, &HeaderMap, &[u8]) -> ProviderError + Send + Sync>;

/// How to make an [`HttpClient`].
pub struct HttpOptions {
    /// Root of the API.
    pub endpoint: Url,
    /// How requests are authorised.
    pub authorization: Authorization,
    /// PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Name and version of the program.
    pub user_agent: String,
    /// Turns an answer that is not good into an error.
    pub explain: Explain,
    /// Wall time after which a request is given up.
    pub timeout: Duration,
}

/// Calls a cloud's HTTP API. Cheap to clone; the connection pool is made with the first request.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

struct Inner {
    options: HttpOptions,
    client: OnceCell<reqwest::Client>,
}

impl HttpClient {
    /// A client; nothing is opened yet.
    pub fn new(options: HttpOptions) -> Self {
        Self { inner: Arc::new(Inner { options, client: OnceCell::new() }) }
    }

    /// Root of the API.
    pub fn endpoint(&self) -> &Url {
        &self.inner.options.endpoint
    }

    /// Sends a request, again where that is safe, and gives the good answer.
    ///
    /// # Errors
    /// What the API answered, by `explain`; [`Retry::UnknownOutcome`] when a request that is not idempotent may have been carried out.
    pub async fn send(&self, context: &Context, call: &Call) -> Result<Reply, ProviderError> {
        let mut attempt = 1;
        loop {
            let answer = tokio::select! {
                answer = self.once(context, call) => answer,
                // A run that stops does not wait for an answer (rule P-07); whether it happened is found out by the next one.
                () = context.cancel.cancelled() => return Err(ProviderError::cancelled(&call.operation)),
            };
            let error = match answer {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if !retry::worthwhile(&error, call, attempt) {
                return Err(error);
            }
            let pause = retry::pause(&error, attempt);
            attempt += 1;
            context.progress.retrying(attempt, error.message.clone(), pause);
            tokio::select! {
                () = context.clock.sleep(pause) => {}
                () = context.cancel.cancelled() => return Err(ProviderError::cancelled(&call.operation)),
            }
        }
    }

    async fn once(&self, context: &Context, call: &Call) -> Result<Reply, ProviderError> {
        let client = self.inner.client.get_or_try_init(|| self.connect(&call.operation)).await?;
        let mut url = self.inner.options.endpoint.clone();
        url.set_path(&format!("{}{}", url.path().trim_end_matches('/'), call.path));
        let mut request = client.request(call.method.clone(), url);
        if !call.query.is_empty() {
            request = request.query(&call.query);
        }
        if let Authorization::Bearer(token) = &self.inner.options.authorization {
            request = request.bearer_auth(token.expose().unwrap_or_default());
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        // World time must not run while the answer is on its way.
        let _busy = context.clock.busy();
        let response =
            request.send().await.map_err(|error| retry::transport(&call.operation, call, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response
            .bytes()
            .await
            .map_err(|error| retry::transport(&call.operation, call, error))?;
        if status.is_success() {
            return Ok(Reply { status, headers, body, operation: call.operation.clone() });
        }
        let mut error = (self.inner.options.explain)(status, &headers, &body);
        error.operation.clone_from(&call.operation);
        error.retry = retry::class(status, call);
        error.retry_after = error.retry_after.or_else(|| retry::retry_after(&headers));
        Err(error)
    }

    async fn connect(&self, operation: &str) -> Result<reqwest::Client, ProviderError> {
        let options = &self.inner.options;
        let mut builder = reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .timeout(options.timeout)
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none());
        let broken = |message: String| {
            ProviderError::new(ErrorKind::Invalid, operation, message)
                .set("correct `ca_file` of the provider")
        };
        if let Some(path) = &options.ca_file {
            let pem = tokio::fs::read(path)
                .await
                .map_err(|error| broken(format!("cannot read {}", path.display())).source(error))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| {
                broken(format!("{} holds no certificate", path.display())).source(error)
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map_err(|error| {
            ProviderError::new(ErrorKind::Unavailable, operation, "no HTTP client can be made")
                .source(error)
        })
    }
}

impl Retry {
    /// Whether the same request may be sent again.
    pub fn allows(self, idempotent: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Safe => true,
            Self::UnknownOutcome => idempotent,
        }
    }
}
