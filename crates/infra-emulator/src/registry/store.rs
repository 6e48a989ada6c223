//! The data of the registry on disk: blobs by digest, and per repository its manifests, tags and links to blobs.
//!
//! `blobs/HEX`, `uploads/ID`, `repositories/NAME/{_manifests,_blobs,_tags}/...`: names of repositories cannot start with an
//! underscore, so the folders do not collide.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::runtime::{Dates, write_private};

/// The data of all registries of a world.
#[derive(Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

/// What is kept about a manifest besides its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ManifestLink {
    media_type: String,
    updated_at: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct TagLink {
    digest: String,
    updated_at: String,
}

/// A manifest as lists show it.
#[derive(Clone, Debug)]
pub(crate) struct ManifestRecord {
    pub(crate) digest: String,
    pub(crate) size: u64,
    pub(crate) updated_at: String,
    pub(crate) tags: Vec<String>,
    /// Digests with sizes of config and layers.
    pub(crate) blobs: Vec<(String, u64)>,
}

impl ManifestRecord {
    pub(crate) fn total_bytes(&self) -> u64 {
        self.size + self.blobs.iter().map(|(_, size)| size).sum::<u64>()
    }
}

/// A manifest with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) digest: String,
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
}

fn hex_of(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}

/// Names in a folder, sorted; none if it does not exist.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.ends_with(".new"))
        .collect();
    names.sort();
    names
}

/// Removing what is not there is fine; true if it was there.
fn removed(result: io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(%error, "a file of the emulated registry cannot be removed");
            }
            false
        }
    }
}

impl Store {
    pub(crate) fn open(root: PathBuf) -> io::Result<Self> {
        for folder in ["blobs", "uploads", "repositories"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root })
    }

    /// The data in a folder, to be read only.
    pub(super) fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Names of the registries that have data.
    pub(super) fn registries(&self) -> Vec<String> {
        names(&self.root.join("repositories"))
    }

    pub(super) fn upload_path(&self, id: &str) -> PathBuf {
        self.root.join("uploads").join(id)
    }

    pub(super) fn blob_path(&self, digest: &str) -> PathBuf {
        self.root.join("blobs").join(hex_of(digest))
    }

    fn repository_path(&self, name: &str) -> PathBuf {
        name.split('/').fold(self.root.join("repositories"), |path, part| path.join(part))
    }

    fn link(&self, name: &str, kind: &str, item: &str) -> PathBuf {
        self.repository_path(name).join(kind).join(item)
    }

    /// Size of a blob that the repository has.
    pub(super) fn blob_size(&self, name: &str, digest: &str) -> Option<u64> {
        self.link(name, "_blobs", hex_of(digest)).exists().then_some(())?;
        fs::metadata(self.blob_path(digest)).ok().map(|found| found.len())
    }

    /// Takes a finished upload into the repository.
    pub(super) fn keep_blob(&self, name: &str, digest: &str, upload: &Path) -> io::Result<()> {
        fs::rename(upload, self.blob_path(digest))?;
        self.link_blob(name, digest)
    }

    /// Makes a blob that the world has part of the repository.
    pub(super) fn link_blob(&self, name: &str, digest: &str) -> io::Result<()> {
        let link = self.link(name, "_blobs", hex_of(digest));
        fs::create_dir_all(link.parent().unwrap_or(&link))?;
        write_private(&link, b"")
    }

    /// Takes a blob out of the repository; true if it was there.
    pub(super) fn unlink_blob(&self, name: &str, digest: &str) -> bool {
        removed(fs::remove_file(self.link(name, "_blobs", hex_of(digest))))
    }

    pub(super) fn put_manifest(
        &self,
        name: &str,
        digest: &str,
        media_type: &str,
        bytes: &[u8],
        tag: Option<&str>,
    ) -> io::Result<()> {
        write_private(&self.blob_path(digest), bytes)?;
        let updated_at = Dates::date_now();
        let link = ManifestLink { media_type: media_type.to_owned(), updated_at };
        self.write_link(name, "_manifests", hex_of(digest), &link)?;
        if let Some(tag) = tag {
            let (digest, updated_at) = (digest.to_owned(), link.updated_at);
            self.write_link(name, "_tags", tag, &TagLink { digest, updated_at })?;
        }
        Ok(())
    }

    fn write_link<T: Serialize>(
        &self,
        name: &str,
        kind: &str,
        item: &str,
        link: &T,
    ) -> io::Result<()> {
        let path = self.link(name, kind, item);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        write_private(&path, &serde_json::to_vec(link)?)
    }

    fn read_link<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        kind: &str,
        item: &str,
    ) -> Option<T> {
        serde_json::from_slice(&fs::read(self.link(name, kind, item)).ok()?).ok()
    }

    /// The digest that a tag or digest means, if the repository has it.
    pub(crate) fn resolve(&self, name: &str, reference: &str) -> Option<String> {
        let digest = if super::names::is_digest(reference) {
            reference.to_owned()
        } else {
            self.read_link::<TagLink>(name, "_tags", reference)?.digest
        };
        self.link(name, "_manifests", hex_of(&digest)).exists().then_some(digest)
    }

    pub(super) fn manifest(&self, name: &str, reference: &str) -> Option<Manifest> {
        let digest = self.resolve(name, reference)?;
        let link: ManifestLink = self.read_link(name, "_manifests", hex_of(&digest))?;
        let bytes = fs::read(self.blob_path(&digest)).ok()?;
        Some(Manifest { digest, media_type: link.media_type, bytes })
    }

    pub(super) fn has_manifest(&self, name: &str, digest: &str) -> bool {
        self.link(name, "_manifests", hex_of(digest)).exists()
    }

    pub(super) fn tags(&self, name: &str) -> Vec<String> {
        names(&self.repository_path(name).join("_tags"))
    }

    /// Whether anything was ever pushed to it.
    pub(super) fn has_repository(&self, name: &str) -> bool {
        self.repository_path(name).join("_manifests").exists()
    }

    /// Repositories of a registry that have manifests, without the registry's name, sorted.
    pub(crate) fn repositories(&self, registry: &str) -> Vec<String> {
        let mut found = Vec::new();
        let root = self.repository_path(registry);
        let mut left: Vec<(PathBuf, String)> = vec![(root, String::new())];
        while let Some((folder, name)) = left.pop() {
            if !name.is_empty() && !names(&folder.join("_manifests")).is_empty() {
                found.push(name.clone());
            }
            for child in names(&folder).into_iter().filter(|child| !child.starts_with('_')) {
                let path = folder.join(&child);
                let name = if name.is_empty() { child } else { format!("{name}/{child}") };
                if path.is_dir() {
                    left.push((path, name));
                }
            }
        }
        found.sort();
        found
    }

    /// The manifests of a repository.
    pub(crate) fn manifests(&self, registry: &str, repository: &str) -> Vec<ManifestRecord> {
        let name = format!("{registry}/{repository}");
        let tags: Vec<(String, String)> = self
            .tags(&name)
            .into_iter()
            .filter_map(|tag| {
                self.read_link::<TagLink>(&name, "_tags", &tag).map(|link| (tag, link.digest))
            })
            .collect();
        let digests = names(&self.repository_path(&name).join("_manifests"));
        digests
            .into_iter()
            .filter_map(|hex| {
                let manifest = self.manifest(&name, &format!("sha256:{hex}"))?;
                let link: ManifestLink = self.read_link(&name, "_manifests", &hex)?;
                let own = tags.iter().filter(|(_, digest)| *digest == manifest.digest);
                Some(ManifestRecord {
                    size: u64::try_from(manifest.bytes.len()).unwrap_or(u64::MAX),
                    updated_at: link.updated_at,
                    tags: own.map(|(tag, _)| tag.clone()).collect(),
                    blobs: blobs_of(&manifest.bytes),
                    digest: manifest.digest,
                })
            })
            .collect()
    }

    pub(crate) fn delete_tag(&self, name: &str, tag: &str) -> bool {
        super::names::is_tag(tag) && removed(fs::remove_file(self.link(name, "_tags", tag)))
    }

    /// Removes a manifest and the tags on it; true if it was there.
    pub(crate) fn delete_manifest(&self, name: &str, digest: &str) -> bool {
        if !super::names::is_digest(digest) {
            return false;
        }
        for tag in self.tags(name) {
            let link: Option<TagLink> = self.read_link(name, "_tags", &tag);
            if link.is_some_and(|link| link.digest == digest) {
                self.delete_tag(name, &tag);
            }
        }
        removed(fs::remove_file(self.link(name, "_manifests", hex_of(digest))))
    }

    pub(crate) fn delete_repository(&self, registry: &str, repository: &str) -> bool {
        let folder = self.repository_path(&format!("{registry}/{repository}"));
        let gone = removed(fs::remove_dir_all(folder.join("_manifests")));
        removed(fs::remove_dir_all(folder.join("_tags")));
        removed(fs::remove_dir_all(folder.join("_blobs")));
        gone
    }

    pub(crate) fn delete_registry(&self, registry: &str) {
        removed(fs::remove_dir_all(self.repository_path(registry)));
        self.sweep();
    }

    /// Every repository path of the world that has links of this kind.
    fn all_repositories(&self) -> Vec<String> {
        let registries = self.registries();
        registries
            .iter()
            .flat_map(|registry| {
                let own = self.all_below(registry);
                own.into_iter()
            })
            .collect()
    }

    fn all_below(&self, name: &str) -> Vec<String> {
        let folder = self.repository_path(name);
        let children = names(&folder).into_iter().filter(|child| !child.starts_with('_'));
        let below = children
            .map(|child| format!("{name}/{child}"))
            .filter(|child| self.repository_path(child).is_dir())
            .flat_map(|child| self.all_below(&child));
        std::iter::once(name.to_owned()).chain(below).collect()
    }

    /// Removes blobs that no repository links to; their number and bytes.
    fn sweep(&self) -> (u64, u64) {
        let mut linked = std::collections::BTreeSet::new();
        for name in self.all_repositories() {
            let folder = self.repository_path(&name);
            linked.extend(names(&folder.join("_blobs")));
            linked.extend(names(&folder.join("_manifests")));
        }
        let (mut count, mut bytes) = (0, 0);
        for hex in names(&self.root.join("blobs")) {
            let path = self.root.join("blobs").join(&hex);
            if linked.contains(&hex) {
                continue;
            }
            let size = fs::metadata(&path).map_or(0, |found| found.len());
            if removed(fs::remove_file(&path)) {
                (count, bytes) = (count + 1, bytes + size);
            }
        }
        (count, bytes)
    }

    /// Garbage collection of a registry; the number and bytes of blobs that went.
    pub(crate) fn collect(&self, registry: &str, manifests: bool, blobs: bool) -> (u64, u64) {
        for repository in self.repositories(registry) {
            let name = format!("{registry}/{repository}");
            let records = self.manifests(registry, &repository);
            if manifests {
                for record in records.iter().filter(|record| record.tags.is_empty()) {
                    self.delete_manifest(&name, &record.digest);
                }
            }
            let kept: std::collections::BTreeSet<String> = self
                .manifests(registry, &repository)
                .into_iter()
                .flat_map(|record| record.blobs.into_iter().map(|(digest, _)| digest))
                .collect();
            for hex in names(&self.repository_path(&name).join("_blobs")) {
                let digest = format!("sha256:{hex}");
                if blobs && !kept.contains(&digest) {
                    self.unlink_blob(&name, &digest);
                }
            }
        }
        if blobs { self.sweep() } else { (0, 0) }
    }

    /// Bytes that the registry's blobs and manifests take, each counted once.
    pub(crate) fn usage(&self, registry: &str) -> u64 {
        let mut all = std::collections::BTreeSet::new();
        for name in self.all_below(registry) {
            let folder = self.repository_path(&name);
            all.extend(names(&folder.join("_blobs")));
            all.extend(names(&folder.join("_manifests")));
        }
        let blobs = self.root.join("blobs");
        all.iter().filter_map(|hex| fs::metadata(blobs.join(hex)).ok()).map(|file| file.len()).sum()
    }
}

/// Config and layers of an image manifest with their sizes; nothing for an index.
pub(super) fn blobs_of(bytes: &[u8]) -> Vec<(String, u64)> {
    let manifest: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let layers = manifest["layers"].as_array().into_iter().flatten();
    std::iter::once(&manifest["config"])
        .chain(layers)
        .filter_map(|descriptor| {
            let digest = descriptor["digest"].as_str()?.to_owned();
            Some((digest, descriptor["size"].as_u64().unwrap_or(0)))
        })
        .collect()
}
