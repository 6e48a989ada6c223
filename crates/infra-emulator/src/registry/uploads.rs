//! Pushing blobs: in one request, in a PUT after a POST, in chunks, or by mounting from another repository.

use axum::body::Body;
use futures::StreamExt;
use http::{Method, Request, StatusCode, header};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::RegistryError;
use super::names::{is_digest, is_repository, split_registry};
use super::service::{Answer, RegistryService, bare, parameter};

/// `POST /v2/NAME/blobs/uploads/`.
pub(super) async fn start(service: &RegistryService, request: Request<Body>, name: &str) -> Answer {
    if request.method() != Method::POST {
        return Err(RegistryError::unsupported("uploads begin with POST"));
    }
    if let Some(digest) = parameter(&request, "mount")
        && let Some(mounted) = mount(service, &request, name, &digest)?
    {
        return Ok(mounted);
    }
    let id = uuid::Uuid::new_v4().to_string();
    tokio::fs::File::create(service.store.upload_path(&id)).await?;
    match parameter(&request, "digest") {
        Some(digest) => finish(service, request.into_body(), name, &id, &digest).await,
        None => Ok(session_state(StatusCode::ACCEPTED, name, &id, 0)),
    }
}

/// A blob of another repository of the same registry becomes part of this one.
fn mount(
    service: &RegistryService,
    request: &Request<Body>,
    name: &str,
    digest: &str,
) -> Result<Option<http::Response<Body>>, RegistryError> {
    let Some(from) = parameter(request, "from") else { return Ok(None) };
    if !is_digest(digest) || !is_repository(&from) {
        return Err(RegistryError::digest_invalid());
    }
    let registry = |name: &str| split_registry(name).map(|(registry, _)| registry.to_owned());
    if registry(&from) != registry(name) || service.store.blob_size(&from, digest).is_none() {
        return Ok(None);
    }
    service.store.link_blob(name, digest)?;
    Ok(Some(created(name, digest)))
}

fn created(name: &str, digest: &str) -> http::Response<Body> {
    bare(
        StatusCode::CREATED,
        &[
            ("location", format!("/v2/{name}/blobs/{digest}")),
            ("docker-content-digest", digest.to_owned()),
            ("content-length", "0".into()),
        ],
    )
}

fn session_state(status: StatusCode, name: &str, id: &str, length: u64) -> http::Response<Body> {
    bare(
        status,
        &[
            ("location", format!("/v2/{name}/blobs/uploads/{id}")),
            ("docker-upload-uuid", id.to_owned()),
            ("range", format!("0-{}", length.saturating_sub(1))),
            ("content-length", "0".into()),
        ],
    )
}

/// Everything that is done to an upload that has begun.
pub(super) async fn session(
    service: &RegistryService,
    request: Request<Body>,
    name: &str,
    id: &str,
) -> Answer {
    if uuid::Uuid::try_parse(id).is_err() {
        return Err(RegistryError::upload_unknown());
    }
    let path = service.store.upload_path(id);
    let length = match tokio::fs::metadata(&path).await {
        Ok(found) => found.len(),
        Err(_) => return Err(RegistryError::upload_unknown()),
    };
    match *request.method() {
        Method::GET => Ok(session_state(StatusCode::NO_CONTENT, name, id, length)),
        Method::DELETE => {
            tokio::fs::remove_file(&path).await?;
            Ok(bare(StatusCode::NO_CONTENT, &[]))
        }
        Method::PATCH => {
            check_order(&request, name, id, length)?;
            let length = length + append(service, request.into_body(), id).await?;
            Ok(session_state(StatusCode::ACCEPTED, name, id, length))
        }
        Method::PUT => {
            check_order(&request, name, id, length)?;
            let digest = parameter(&request, "digest");
            let digest = digest.ok_or_else(RegistryError::digest_invalid)?;
            finish(service, request.into_body(), name, id, &digest).await
        }
        _ => Err(RegistryError::unsupported("the method is not allowed on uploads")),
    }
}

/// A chunk that says where it belongs must follow what is there.
fn check_order(
    request: &Request<Body>,
    name: &str,
    id: &str,
    length: u64,
) -> Result<(), RegistryError> {
    let Some(range) = request.headers().get(header::CONTENT_RANGE) else { return Ok(()) };
    let text = range.to_str().unwrap_or_default();
    let text = text.strip_prefix("bytes ").unwrap_or(text);
    let first = text.split_once('-').and_then(|(first, _)| first.parse::<u64>().ok());
    if first == Some(length) {
        return Ok(());
    }
    let message = format!("chunk out of order: {name}/{id} has {length} bytes");
    Err(RegistryError::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message))
}

async fn append(service: &RegistryService, body: Body, id: &str) -> Result<u64, RegistryError> {
    let path = service.store.upload_path(id);
    let mut file = tokio::fs::OpenOptions::new().append(true).open(&path).await?;
    let mut stream = body.into_data_stream();
    let mut added = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| {
            let message = format!("the upload broke off: {error}");
            RegistryError::new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", message)
        })?;
        file.write_all(&chunk).await?;
        added += u64::try_from(chunk.len()).unwrap_or(0);
    }
    file.flush().await?;
    Ok(added)
}

async fn finish(
    service: &RegistryService,
    body: Body,
    name: &str,
    id: &str,
    digest: &str,
) -> Answer {
    if !is_digest(digest) {
        return Err(RegistryError::digest_invalid());
    }
    append(service, body, id).await?;
    let path = service.store.upload_path(id);
    if digest_of(&path).await? != digest {
        tokio::fs::remove_file(&path).await?;
        return Err(RegistryError::digest_invalid());
    }
    service.store.keep_blob(name, digest, &path)?;
    Ok(created(name, digest))
}

async fn digest_of(path: &std::path::Path) -> std::io::Result<String> {
    let mut file = tokio::fs::File::open(path).await?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer).await?;
        if count == 0 {
            return Ok(format!("sha256:{}", hex::encode(hasher.finalize())));
        }
        hasher.update(&buffer[..count]);
    }
}
