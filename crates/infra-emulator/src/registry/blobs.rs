//! Reading and deleting blobs.

use axum::body::Body;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::error::RegistryError;
use super::names::is_digest;
use super::service::{Answer, RegistryService, bare};

pub(super) async fn answer(
    service: &RegistryService,
    request: Request<Body>,
    name: &str,
    digest: &str,
) -> Answer {
    // The body is not wanted; without it the rest can be shared between threads.
    let (request, _) = request.into_parts();
    if !is_digest(digest) {
        return Err(RegistryError::digest_invalid());
    }
    let size = service.store.blob_size(name, digest);
    let size = size.ok_or_else(|| RegistryError::blob_unknown(digest))?;
    match request.method {
        Method::HEAD => Ok(found(StatusCode::OK, digest, size, "")),
        Method::GET => read(service, &request, digest, size).await,
        Method::DELETE => {
            service.store.unlink_blob(name, digest);
            Ok(bare(StatusCode::ACCEPTED, &[("content-length", "0".into())]))
        }
        _ => Err(RegistryError::unsupported("the method is not allowed on blobs")),
    }
}

fn found(status: StatusCode, digest: &str, length: u64, range: &str) -> http::Response<Body> {
    let mut headers = vec![
        ("content-type", "application/octet-stream".to_owned()),
        ("content-length", length.to_string()),
        ("docker-content-digest", digest.to_owned()),
        ("accept-ranges", "bytes".to_owned()),
        ("etag", format!("\"{digest}\"")),
    ];
    if !range.is_empty() {
        headers.push(("content-range", range.to_owned()));
    }
    bare(status, &headers)
}

/// `bytes=FIRST-[LAST]` within the size.
fn range(request: &Parts, size: u64) -> Option<(u64, u64)> {
    let text = request.headers.get("range")?.to_str().ok()?;
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let (first, end) = (first.parse().ok()?, size.checked_sub(1)?);
    let last = last.parse().map_or(end, |last: u64| last.min(end));
    (first <= last).then_some((first, last))
}

async fn read(service: &RegistryService, request: &Parts, digest: &str, size: u64) -> Answer {
    let mut file = tokio::fs::File::open(service.store.blob_path(digest)).await?;
    let Some((first, last)) = range(request, size) else {
        let mut response = found(StatusCode::OK, digest, size, "");
        *response.body_mut() = Body::from_stream(ReaderStream::new(file));
        return Ok(response);
    };
    file.seek(std::io::SeekFrom::Start(first)).await?;
    let length = last - first + 1;
    let text = format!("bytes {first}-{last}/{size}");
    let mut response = found(StatusCode::PARTIAL_CONTENT, digest, length, &text);
    *response.body_mut() = Body::from_stream(ReaderStream::new(file.take(length)));
    Ok(response)
}
