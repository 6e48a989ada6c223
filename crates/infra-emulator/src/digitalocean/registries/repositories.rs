//! Repositories, tags and manifests as the API lists them.

use serde_json::{Value, json};

use super::crud::existing;
use crate::digitalocean::call::Call;
use crate::digitalocean::paging::page;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::registry::ManifestRecord;

fn manifest(registry: &str, repository: &str, record: &ManifestRecord) -> Value {
    let blobs: Vec<Value> = record
        .blobs
        .iter()
        .map(|(digest, size)| json!({ "digest": digest, "compressed_size_bytes": size }))
        .collect();
    json!({
        "registry_name": registry,
        "repository": repository,
        "digest": record.digest,
        "compressed_size_bytes": record.total_bytes(),
        "size_bytes": record.total_bytes(),
        "updated_at": record.updated_at,
        "tags": record.tags,
        "blobs": blobs,
    })
}

/// `repositoriesV2`.
pub(in crate::digitalocean) fn list(call: &mut Call<'_>, registry: &str) -> Outcome {
    existing(call, registry)?;
    let images = &call.context.images;
    let repositories = images.repositories(registry).into_iter().map(|name| {
        let manifests = images.manifests(registry, &name);
        let latest = manifests.iter().max_by(|one, other| one.updated_at.cmp(&other.updated_at));
        let tags: usize = manifests.iter().map(|record| record.tags.len()).sum();
        json!({
            "registry_name": registry,
            "name": name,
            "latest_manifest": latest.map_or(json!({}), |record| manifest(registry, &name, record)),
            "tag_count": tags,
            "manifest_count": manifests.len(),
        })
    });
    let repositories = repositories.collect();
    Reply::ok(page(&call.address(), &call.query, "repositories", repositories)?)
}

/// `repositories`, the older form with the latest tag.
pub(in crate::digitalocean) fn list_old(call: &mut Call<'_>, registry: &str) -> Outcome {
    existing(call, registry)?;
    let images = &call.context.images;
    let repositories = images.repositories(registry).into_iter().map(|name| {
        let tags = tags(call, registry, &name);
        let mut value = json!({ "registry_name": registry, "name": name, "tag_count": tags.len() });
        let date = |tag: &&Value| tag["updated_at"].as_str().unwrap_or_default().to_owned();
        if let Some(latest) = tags.iter().max_by_key(date) {
            value["latest_tag"] = latest.clone();
        }
        value
    });
    let repositories = repositories.collect();
    Reply::ok(page(&call.address(), &call.query, "repositories", repositories)?)
}

fn tags(call: &Call<'_>, registry: &str, repository: &str) -> Vec<Value> {
    let manifests = call.context.images.manifests(registry, repository);
    let mut tags: Vec<Value> = manifests
        .iter()
        .flat_map(|record| {
            record.tags.iter().map(|tag| {
                json!({
                    "registry_name": registry,
                    "repository": repository,
                    "tag": tag,
                    "manifest_digest": record.digest,
                    "compressed_size_bytes": record.total_bytes(),
                    "size_bytes": record.total_bytes(),
                    "updated_at": record.updated_at,
                })
            })
        })
        .collect();
    tags.sort_by(|one, other| one["tag"].as_str().cmp(&other["tag"].as_str()));
    tags
}

fn existing_repository(call: &Call<'_>, registry: &str, name: &str) -> Result<(), ApiError> {
    existing(call, registry)?;
    let known = call.context.images.repositories(registry);
    if known.iter().any(|known| known == name) { Ok(()) } else { Err(ApiError::not_found()) }
}

pub(in crate::digitalocean) fn list_tags(
    call: &mut Call<'_>,
    registry: &str,
    repository: &str,
) -> Outcome {
    existing_repository(call, registry, repository)?;
    let tags = tags(call, registry, repository);
    Reply::ok(page(&call.address(), &call.query, "tags", tags)?)
}

pub(in crate::digitalocean) fn list_manifests(
    call: &mut Call<'_>,
    registry: &str,
    repository: &str,
) -> Outcome {
    existing_repository(call, registry, repository)?;
    let manifests = call.context.images.manifests(registry, repository);
    let list = manifests.iter().map(|record| manifest(registry, repository, record)).collect();
    Reply::ok(page(&call.address(), &call.query, "manifests", list)?)
}

fn deleted(done: bool) -> Outcome {
    if done { Reply::nothing() } else { Err(ApiError::not_found()) }
}

pub(in crate::digitalocean) fn delete(
    call: &mut Call<'_>,
    registry: &str,
    repository: &str,
) -> Outcome {
    existing_repository(call, registry, repository)?;
    deleted(call.context.images.delete_repository(registry, repository))
}

pub(in crate::digitalocean) fn delete_tag(
    call: &mut Call<'_>,
    registry: &str,
    repository: &str,
    tag: &str,
) -> Outcome {
    existing_repository(call, registry, repository)?;
    deleted(call.context.images.delete_tag(&format!("{registry}/{repository}"), tag))
}

pub(in crate::digitalocean) fn delete_manifest(
    call: &mut Call<'_>,
    registry: &str,
    repository: &str,
    digest: &str,
) -> Outcome {
    existing_repository(call, registry, repository)?;
    deleted(call.context.images.delete_manifest(&format!("{registry}/{repository}"), digest))
}
