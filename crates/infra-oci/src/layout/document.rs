//! What stands in a layout: descriptors, documents and blobs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Media type of an index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// All media types of manifests, for `Accept`.
pub(crate) const MEDIA_TYPES: [&str; 4] = [INDEX, DOCKER_INDEX, MANIFEST, DOCKER_MANIFEST];

pub(super) fn is_index(media_type: &str) -> bool {
    media_type == INDEX || media_type == DOCKER_INDEX
}

pub(super) fn is_manifest(media_type: &str) -> bool {
    media_type == MANIFEST || media_type == DOCKER_MANIFEST
}

/// An index or a manifest, byte by byte as it stands in the layout.
#[derive(Clone, Debug)]
pub struct Document {
    /// Digest of the bytes.
    pub digest: String,
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub bytes: Bytes,
}

impl Document {
    pub(super) fn of(media_type: &str, bytes: Vec<u8>) -> Self {
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
        Self { digest, media_type: media_type.to_owned(), bytes: bytes.into() }
    }
}

/// A layer or a configuration.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Digest that its content must have.
    pub digest: String,
    /// Size in bytes.
    pub size: u64,
    /// The file.
    pub path: PathBuf,
}

/// `oci-layout`.
#[derive(Deserialize)]
pub(super) struct Marker {
    #[serde(rename = "imageLayoutVersion")]
    pub(super) version: String,
}

/// `index.json`.
#[derive(Deserialize)]
pub(super) struct Index {
    pub(super) manifests: Vec<Descriptor>,
}

/// What a document names.
#[derive(Deserialize)]
pub(super) struct Contents {
    #[serde(default)]
    pub(super) manifests: Vec<Descriptor>,
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default)]
    pub(super) urls: Vec<String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) platform: Option<serde_json::Value>,
}
