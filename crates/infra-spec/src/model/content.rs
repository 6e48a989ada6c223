//! What an item brings besides its manifests: config maps and secrets from files, volumes on NFS.

use indexmap::IndexMap;
use serde::Serialize;

use super::SpecPath;
use crate::quantity::Bytes;
use crate::source::Location;
use crate::text::Text;

/// A ConfigMap or a Secret that is made of files and texts.
#[derive(Clone, Debug, Serialize)]
pub struct Content {
    /// Its name in the item's namespace.
    pub name: String,
    /// Files, whole.
    pub files: Vec<ContentFile>,
    /// Texts, by their key.
    pub values: IndexMap<String, Text>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub location: Location,
}

/// A file that becomes a key; a folder gives a key per file directly in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContentFile {
    /// The key; the file's name unless given.
    pub key: Option<String>,
    /// Where it is.
    pub path: SpecPath,
}

/// Storage on an NFS server: a volume, and the claim in the item's namespace that is bound to it.
#[derive(Clone, Debug, Serialize)]
pub struct NfsVolume {
    /// Name of the claim.
    pub name: String,
    /// Host or address of the server.
    pub server: String,
    /// Path that it exports, beginning with `/`.
    pub path: String,
    /// Size that the claim asks for; NFS itself sets no limit.
    pub size: Bytes,
    /// Whether it is mounted for reading only.
    pub read_only: bool,
    /// Options of the mount, such as `nfsvers=4.1`.
    pub mount_options: Vec<String>,
    /// Where it stands in the file.
    #[serde(skip)]
    pub location: Location,
}
