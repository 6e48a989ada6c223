//! [`Session`]: a login to one repository, and the requests of the OCI distribution protocol that a push needs.
//!
//! Logging in and uploading blobs is done by `oci-client`; manifests are sent here, because headers such as `Retry-After`, deletion,
//! and answers without `Location` are not within its reach. A session keeps the credentials that it began with: after a refusal a new one is
//! opened.

mod error;

use std::path::PathBuf;
use std::time::Duration;

use futures::TryStreamExt;
use http::{HeaderMap, Method, StatusCode};
use infra_plan::{Address, Value};
use infra_provider::{AccessError, Context, ErrorKind, ProviderError, RegistryLogin, Retry};
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};
use tokio_util::io::ReaderStream;

use crate::layout::{Blob, Document};

/// Wall time after which a connection without any data is given up.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How many times a request is sent at most.
const ATTEMPTS: u32 = 5;
const BUFFER: usize = 64 << 10;
const USER_AGENT: &str = concat!("infra/", env!("CARGO_PKG_VERSION"));

/// The place of an image in a registry.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) registry: Address,
    pub(crate) repository: String,
    pub(crate) tag: String,
}

/// A login to a repository.
pub(crate) struct Session {
    client: Client,
    http: reqwest::Client,
    auth: RegistryAuth,
    operation: RegistryOperation,
    reference: Reference,
    base: String,
    /// What the session's errors call the registry.
    name: String,
}

/// The login to a registry; `None` if there is no such registry yet.
async fn login(
    context: &Context,
    registry: &Address,
    write: bool,
) -> Result<Option<RegistryLogin>, ProviderError> {
    match context.access.registry(registry, write).await {
        Ok(login) => Ok(Some(login)),
        Err(AccessError::Absent) => Ok(None),
        Err(AccessError::Provider(error)) => Err(error),
    }
}

impl Session {
    /// Opens a session; `None` if there is no such registry yet. Nothing is sent to the registry.
    pub(crate) async fn open(
        context: &Context,
        place: &Place,
        write: bool,
    ) -> Result<Option<Self>, ProviderError> {
        let Some(login) = login(context, &place.registry, write).await? else { return Ok(None) };
        let (scheme, authority) = authority(&login)?;
        let path = [login.path.as_str(), place.repository.as_str()];
        let repository = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let reference = Reference::with_tag(authority, repository.join("/"), place.tag.clone());
        let protocol = if scheme == "http" { ClientProtocol::Http } else { ClientProtocol::Https };
        let client = Client::new(ClientConfig {
            protocol,
            use_monolithic_push: monolithic(&login.host),
            read_timeout: Some(READ_TIMEOUT),
            connect_timeout: Some(CONNECT_TIMEOUT),
            user_agent: USER_AGENT,
            ..ClientConfig::default()
        });
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .read_timeout(READ_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| {
                ProviderError::new(ErrorKind::Unavailable, "connect", "no HTTP client can be made")
                    .source(error)
            })?;
        let password = login.password.expose().unwrap_or_default().to_owned();
        let auth = match (login.username.is_empty(), password.is_empty()) {
            (true, true) => RegistryAuth::Anonymous,
            _ => RegistryAuth::Basic(login.username.clone(), password),
        };
        let operation = if write { RegistryOperation::Push } else { RegistryOperation::Pull };
        let base = format!(
            "{scheme}://{}/v2/{}/manifests",
            reference.resolve_registry(),
            reference.repository()
        );
        let name = login.host;
        Ok(Some(Self { client, http, auth, operation, reference, base, name }))
    }

    /// Digest of what a tag stands for; `None` if there is no such tag.
    pub(crate) async fn digest(&self, context: &Context) -> Result<Option<String>, ProviderError> {
        let tag = self.reference.tag().unwrap_or("latest");
        let operation = format!("look up the tag {tag} at {}", self.name);
        let reply = self
            .repeat(context, &operation, || self.manifest(&operation, Method::HEAD, tag, None))
            .await;
        match reply {
            Ok(headers) => {
                let digest =
                    headers.get("docker-content-digest").and_then(|text| text.to_str().ok());
                Ok(Some(digest.unwrap_or_default().to_owned()))
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores a document under its digest and, if `tag`, under the session's tag.
    pub(crate) async fn put(
        &self,
        context: &Context,
        document: &Document,
        tag: bool,
    ) -> Result<(), ProviderError> {
        let name = self.reference.tag().filter(|_| tag).unwrap_or(&document.digest);
        let operation = format!("push the manifest {name} to {}", self.name);
        let send = || self.manifest(&operation, Method::PUT, name, Some(document));
        self.repeat(context, &operation, send).await.map(drop)
    }

    /// Deletes the tag; says whether the registry allows that.
    pub(crate) async fn delete(&self, context: &Context) -> Result<bool, ProviderError> {
        let tag = self.reference.tag().unwrap_or("latest");
        let operation = format!("delete the tag {tag} at {}", self.name);
        self.authorize(context).await?;
        let send = || self.manifest(&operation, Method::DELETE, tag, None);
        match self.repeat(context, &operation, send).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(true),
            // Many registries forbid deletion to some logins or to all, or know it by digest only, which would take other tags
            // along.
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Unsupported
                        | ErrorKind::Invalid
                        | ErrorKind::Forbidden
                        | ErrorKind::Unauthenticated
                        | ErrorKind::Quota
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a blob is there.
    pub(crate) async fn has_blob(
        &self,
        context: &Context,
        blob: &Blob,
    ) -> Result<bool, ProviderError> {
        let operation = format!("look for a layer at {}", self.name);
        let look = || async {
            self.client
                .blob_exists(&self.reference, &blob.digest)
                .await
                .map_err(|error| error::of(&operation, error))
        };
        self.repeat(context, &operation, look).await
    }

    /// Sends a blob from its file, without holding it in memory.
    pub(crate) async fn push_blob(
        &self,
        context: &Context,
        blob: &Blob,
    ) -> Result<(), ProviderError> {
        let operation = format!("push a layer to {}", self.name);
        let push = || async {
            let file = open(blob.path.clone(), &operation).await?;
            let stream = ReaderStream::with_capacity(file, BUFFER);
            let stream = stream.map_err(oci_client::errors::OciDistributionError::from);
            self.client
                .push_blob_stream(&self.reference, stream, &blob.digest, Some(blob.size))
                .await
                .map_err(|error| error::of(&operation, error))
        };
        self.repeat(context, &operation, push).await.map(drop)
    }

    /// Logs in, so that a refused login is told as one, and keeps the token for all further requests.
    pub(crate) async fn authorize(
        &self,
        context: &Context,
    ) -> Result<Option<String>, ProviderError> {
        let operation = format!("log in at {}", self.name);
        self.repeat(context, &operation, || self.token(&operation)).await
    }

    async fn token(&self, operation: &str) -> Result<Option<String>, ProviderError> {
        self.client
            .auth(&self.reference, &self.auth, self.operation)
            .await
            .map_err(|error| error::of(operation, error))
    }

    async fn manifest(
        &self,
        operation: &str,
        method: Method,
        name: &str,
        document: Option<&Document>,
    ) -> Result<HeaderMap, ProviderError> {
        let mut request = self.http.request(method, format!("{}/{name}", self.base));
        request = match (self.token(operation).await?, &self.auth) {
            (Some(token), _) => request.bearer_auth(token),
            (None, RegistryAuth::Basic(user, password)) => request.basic_auth(user, Some(password)),
            (None, _) => request,
        };
        request = match document {
            Some(document) => request
                .header(http::header::CONTENT_TYPE, &document.media_type)
                .body(document.bytes.clone()),
            None => request.header(http::header::ACCEPT, crate::layout::accepted()),
        };
        let reply = request.send().await.map_err(|error| error::transport(operation, error))?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        if status.is_success() {
            return Ok(headers);
        }
        let body = reply.text().await.unwrap_or_default();
        let mut error = error::answer(operation, status, &body);
        error.retry_after = seconds(&headers, status);
        error.request_id =
            headers.get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Err(error)
    }

    /// Tries again what may be tried again. All requests of a push are idempotent: what is sent is named by its digest.
    async fn repeat<T, F>(
        &self,
        context: &Context,
        operation: &str,
        mut send: impl FnMut() -> F,
    ) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let mut attempt = 1;
        loop {
            // World time must not run while data is on its way.
            let busy = context.clock.busy();
            let result = tokio::select! {
                result = send() => result,
                () = context.cancel.cancelled() => return Err(ProviderError::cancelled(operation)),
            };
            drop(busy);
            let error = match result {
                Ok(done) => return Ok(done),
                Err(error) if error.retry == Retry::Never || attempt >= ATTEMPTS => {
                    return Err(error);
                }
                Err(error) => error,
            };
            let pause =
                error.retry_after.unwrap_or_default().max(Duration::from_secs(1 << attempt));
            attempt += 1;
            context.progress.retrying(attempt, error.message.clone(), pause);
            tokio::select! {
                () = context.clock.sleep(pause) => {}
                () = context.cancel.cancelled() => return Err(ProviderError::cancelled(operation)),
            }
        }
    }
}

fn seconds(headers: &HeaderMap, status: StatusCode) -> Option<Duration> {
    let asked = matches!(status.as_u16(), 429 | 503);
    let text = headers.get(http::header::RETRY_AFTER).filter(|_| asked)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

async fn open(path: PathBuf, operation: &str) -> Result<tokio::fs::File, ProviderError> {
    tokio::fs::File::open(&path).await.map_err(|error| {
        let message = format!("{} cannot be read", path.display());
        ProviderError::new(ErrorKind::Invalid, operation, message)
            .source(error)
            .set("write the image's layout anew, then plan again")
    })
}

/// Scheme and authority to connect to.
fn authority(login: &RegistryLogin) -> Result<(&'static str, String), ProviderError> {
    let Some(endpoint) = &login.endpoint else { return Ok(("https", login.host.clone())) };
    let split =
        endpoint.split_once("://").map(|(scheme, rest)| (scheme, rest.trim_end_matches('/')));
    match split {
        Some(("http", authority)) => Ok(("http", authority.to_owned())),
        Some(("https", authority)) => Ok(("https", authority.to_owned())),
        _ => {
            let message = format!("`{endpoint}` is not the address of a registry");
            Err(ProviderError::new(ErrorKind::Invalid, "find the registry", message)
                .set("write it as https://HOST"))
        }
    }
}

/// Whether blobs go up in one request: chunks get lost at some registries, and only one of the others needs them.
fn monolithic(host: &str) -> bool {
    host != "ghcr.io"
}

/// The reference of pods without the tag: host, path and repository.
pub(crate) fn name(inputs: &Value) -> String {
    let parts = ["host", "path", "repository"].map(|key| inputs.text_at(key).unwrap_or_default());
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}
