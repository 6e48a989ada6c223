//! Manifests, tags and referrers.

use axum::body::Body;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::error::RegistryError;
use super::names::{is_digest, is_tag};
use super::service::{Answer, RegistryService, bare, parameter};
use super::store::Manifest;

/// The size up to which registries take manifests.
const GREATEST: usize = 4 << 20;
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const INDEX: &str = MEDIA_TYPES[1];

pub(super) async fn answer(
    service: &RegistryService,
    request: Request<Body>,
    name: &str,
    reference: &str,
) -> Answer {
    if !is_tag(reference) && !is_digest(reference) {
        return Err(RegistryError::manifest_invalid("invalid tag or digest"));
    }
    match *request.method() {
        Method::GET | Method::HEAD => get(service, &request, name, reference),
        Method::PUT => put(service, request, name, reference).await,
        Method::DELETE => {
            let store = &service.store;
            let done = if is_digest(reference) {
                store.delete_manifest(name, reference)
            } else {
                store.delete_tag(name, reference)
            };
            if done {
                Ok(bare(StatusCode::ACCEPTED, &[("content-length", "0".into())]))
            } else {
                Err(RegistryError::manifest_unknown(reference))
            }
        }
        _ => Err(RegistryError::unsupported("the method is not allowed on manifests")),
    }
}

/// A client that does not accept the manifest's type gets none, as some registries do it.
fn accepts(request: &Request<Body>, media_type: &str) -> bool {
    let mut values = request.headers().get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).any(|item| {
        let item = item.split(';').next().unwrap_or_default().trim();
        item == media_type || item == "*/*" || item == "application/*"
    })
}

fn get(service: &RegistryService, request: &Request<Body>, name: &str, reference: &str) -> Answer {
    let Some(manifest) = service.store.manifest(name, reference) else {
        return Err(if service.store.has_repository(name) {
            RegistryError::manifest_unknown(reference)
        } else {
            RegistryError::name_unknown(name)
        });
    };
    if !accepts(request, &manifest.media_type) {
        return Err(RegistryError::manifest_unknown(reference));
    }
    let mut response = bare(
        StatusCode::OK,
        &[
            ("content-type", manifest.media_type.clone()),
            ("content-length", manifest.bytes.len().to_string()),
            ("docker-content-digest", manifest.digest.clone()),
            ("etag", format!("\"{}\"", manifest.digest)),
        ],
    );
    if request.method() == Method::GET {
        *response.body_mut() = Body::from(manifest.bytes);
    }
    Ok(response)
}

async fn put(
    service: &RegistryService,
    request: Request<Body>,
    name: &str,
    reference: &str,
) -> Answer {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let bytes = axum::body::to_bytes(request.into_body(), GREATEST).await.map_err(|_| {
        let message = "manifest is larger than 4 MiB";
        RegistryError::new(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID", message)
    })?;
    let manifest: Value = serde_json::from_slice(&bytes)
        .map_err(|error| RegistryError::manifest_invalid(format!("not JSON: {error}")))?;
    let media_type = manifest["mediaType"].as_str().unwrap_or(&content_type);
    if !MEDIA_TYPES.contains(&media_type)
        || (!content_type.is_empty() && content_type != media_type)
    {
        return Err(RegistryError::manifest_invalid(format!(
            "media type {media_type} is unknown or is not the Content-Type {content_type}"
        )));
    }
    if manifest["schemaVersion"] != 2 {
        return Err(RegistryError::manifest_invalid("schemaVersion must be 2"));
    }
    check_parts(service, name, &manifest, &bytes)?;
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
    if is_digest(reference) && reference != digest {
        return Err(RegistryError::digest_invalid());
    }
    let tag = (!is_digest(reference)).then_some(reference);
    service.store.put_manifest(name, &digest, media_type, &bytes, tag)?;
    let mut headers = vec![
        ("location", format!("/v2/{name}/manifests/{digest}")),
        ("docker-content-digest", digest),
        ("content-length", "0".to_owned()),
    ];
    if let Some(subject) = manifest["subject"]["digest"].as_str() {
        headers.push(("oci-subject", subject.to_owned()));
    }
    Ok(bare(StatusCode::CREATED, &headers))
}

/// All blobs first, the manifest last; an index after its manifests.
fn check_parts(
    service: &RegistryService,
    name: &str,
    manifest: &Value,
    bytes: &[u8],
) -> Result<(), RegistryError> {
    let unknown = |digest: &str| {
        let message = "blob unknown to registry";
        RegistryError::new(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN", message)
            .about(json!({ "digest": digest }))
    };
    for (digest, _) in super::store::blobs_of(bytes) {
        if !is_digest(&digest) || service.store.blob_size(name, &digest).is_none() {
            return Err(unknown(&digest));
        }
    }
    for part in manifest["manifests"].as_array().into_iter().flatten() {
        let digest = part["digest"].as_str().unwrap_or_default();
        if !is_digest(digest) || !service.store.has_manifest(name, digest) {
            return Err(unknown(digest));
        }
    }
    Ok(())
}

/// `GET /v2/NAME/tags/list?n&last`.
pub(super) fn tags(service: &RegistryService, request: &Request<Body>, name: &str) -> Answer {
    if !service.store.has_repository(name) {
        return Err(RegistryError::name_unknown(name));
    }
    let last = parameter(request, "last");
    let count = parameter(request, "n").and_then(|text| text.parse::<usize>().ok());
    let mut tags = service.store.tags(name);
    if let Some(last) = &last {
        tags.retain(|tag| tag > last);
    }
    let cut = count.filter(|count| *count < tags.len());
    if let Some(count) = cut {
        tags.truncate(count);
    }
    let body = json!({ "name": name, "tags": tags });
    let mut response = crate::runtime::json_response(StatusCode::OK, &body);
    if let (Some(count), Some(last)) = (cut.filter(|count| *count > 0), tags.last()) {
        let link = format!("</v2/{name}/tags/list?n={count}&last={last}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// `GET /v2/NAME/referrers/DIGEST?artifactType`.
pub(super) fn referrers(
    service: &RegistryService,
    request: &Request<Body>,
    name: &str,
    digest: &str,
) -> Answer {
    if !is_digest(digest) {
        return Err(RegistryError::digest_invalid());
    }
    let wanted = parameter(request, "artifactType");
    let (registry, repository) =
        super::names::split_registry(name).ok_or_else(RegistryError::name_invalid)?;
    let mut found = Vec::new();
    for record in service.store.manifests(registry, repository) {
        let Some(manifest) = service.store.manifest(name, &record.digest) else { continue };
        if let Some(descriptor) = referrer(&manifest, digest) {
            let fits = wanted.as_deref().is_none_or(|kind| descriptor["artifactType"] == kind);
            if fits {
                found.push(descriptor);
            }
        }
    }
    let body = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": found });
    let mut response = crate::runtime::json_response(StatusCode::OK, &body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(INDEX));
    if wanted.is_some() {
        let filters = HeaderValue::from_static("artifactType");
        response.headers_mut().insert("oci-filters-applied", filters);
    }
    Ok(response)
}

fn referrer(manifest: &Manifest, subject: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&manifest.bytes).ok()?;
    if value["subject"]["digest"] != subject {
        return None;
    }
    let kind = value["artifactType"].as_str().or(value["config"]["mediaType"].as_str());
    let mut descriptor = json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": manifest.bytes.len(),
        "artifactType": kind.unwrap_or_default(),
    });
    if let Some(annotations) = value.get("annotations") {
        descriptor["annotations"] = annotations.clone();
    }
    Some(descriptor)
}
