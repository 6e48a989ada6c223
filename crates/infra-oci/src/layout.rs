//! [`Layout`]: an OCI image layout on disk, read and checked without its layers' content.
//!
//! Follows the image layout of the OCI image specification 1.1: `oci-layout`, `index.json`, `blobs/sha256/`. Documents (indexes and
//! manifests) are read whole and their digests compared; of layers and configurations the presence and the size are checked here, the
//! digest before they are sent.

mod document;
mod error;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use infra_spec::FileReader;

pub use document::{Blob, Document};
pub use error::{LayoutError, Problem};

use document::{Contents, Descriptor, INDEX, Index, Marker, is_index, is_manifest};

/// Name of the annotation with the tag that a manifest has in a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// Registries take no larger manifests; nothing larger is read.
const LARGEST_DOCUMENT: u64 = 4 << 20;
/// Indexes within indexes are rare, and deeper than this they are a mistake.
const DEEPEST: usize = 4;
/// More manifests than this belong to no image.
const MOST_DOCUMENTS: usize = 1000;

/// What is to be pushed of a layout: everything that one tag stands for.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Indexes and manifests, each after those that it names; the last one gets the tag.
    pub documents: Vec<Document>,
    /// Layers and configurations, each once.
    pub blobs: Vec<Blob>,
}

impl Layout {
    /// Reads what `tag` stands for in the layout at `folder`: the entry of `index.json` that is annotated with the tag, else the only
    /// entry, else (if the entries are one image for several platforms) `index.json` itself.
    ///
    /// # Errors
    /// [`LayoutError`]: which file, what is wrong with it, and what to do.
    pub fn read(folder: &Path, tag: &str, files: &dyn FileReader) -> Result<Self, LayoutError> {
        let mut reader = Reader {
            folder,
            files,
            documents: Vec::new(),
            blobs: Vec::new(),
            seen: HashSet::new(),
        };
        reader.check_marker()?;
        let path = folder.join("index.json");
        let bytes = reader.file(&path)?;
        let index: Index = reader.json(&path, &bytes)?;
        match choose(&index.manifests, tag).map_err(|problem| LayoutError::new(&path, problem))? {
            Chosen::Entry(entry) => reader.add(entry, &path, 0)?,
            Chosen::Whole => {
                for entry in &index.manifests {
                    reader.add(entry, &path, 1)?;
                }
                reader.documents.push(Document::of(INDEX, bytes));
            }
        }
        Ok(Self { documents: reader.documents, blobs: reader.blobs })
    }

    /// Digest of the document that gets the tag.
    pub fn digest(&self) -> &str {
        self.documents.last().map_or("", |document| document.digest.as_str())
    }

    /// Bytes of all blobs.
    pub fn size(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.size).sum()
    }
}

enum Chosen<'index> {
    Entry(&'index Descriptor),
    Whole,
}

/// Whether the annotation names the tag: some writers put the whole reference there.
fn names(entry: &Descriptor, tag: &str) -> bool {
    entry
        .annotations
        .get(REF_NAME)
        .is_some_and(|name| name == tag || name.strip_suffix(tag).is_some_and(|r| r.ends_with(':')))
}

fn choose<'index>(entries: &'index [Descriptor], tag: &str) -> Result<Chosen<'index>, Problem> {
    let mut named = entries.iter().filter(|entry| names(entry, tag));
    if let Some(first) = named.next() {
        return match named.find(|other| other.digest != first.digest) {
            Some(_) => Err(Problem::TagTwice(tag.to_owned())),
            None => Ok(Chosen::Entry(first)),
        };
    }
    match entries {
        [] => Err(Problem::Empty),
        [only] => Ok(Chosen::Entry(only)),
        several if several.iter().all(|entry| entry.platform.is_some()) => Ok(Chosen::Whole),
        several => {
            let mut known: Vec<String> = several
                .iter()
                .filter_map(|entry| entry.annotations.get(REF_NAME).cloned())
                .collect();
            known.dedup();
            Err(Problem::NoSuchTag { tag: tag.to_owned(), known })
        }
    }
}

struct Reader<'run> {
    folder: &'run Path,
    files: &'run dyn FileReader,
    documents: Vec<Document>,
    blobs: Vec<Blob>,
    seen: HashSet<String>,
}

impl Reader<'_> {
    fn check_marker(&self) -> Result<(), LayoutError> {
        let path = self.folder.join("oci-layout");
        let marker: Marker = self.json(&path, &self.file(&path)?)?;
        if marker.version.starts_with("1.") {
            return Ok(());
        }
        Err(LayoutError::new(&path, Problem::Version(marker.version)))
    }

    fn file(&self, path: &Path) -> Result<Vec<u8>, LayoutError> {
        if std::fs::metadata(path).is_ok_and(|found| found.len() > LARGEST_DOCUMENT) {
            return Err(LayoutError::new(path, Problem::TooLarge));
        }
        self.files.read(path).map_err(|error| LayoutError::new(path, Problem::Unreadable(error)))
    }

    fn json<T: serde::de::DeserializeOwned>(
        &self,
        path: &Path,
        bytes: &[u8],
    ) -> Result<T, LayoutError> {
        serde_json::from_slice(bytes)
            .map_err(|error| LayoutError::new(path, Problem::Malformed(error)))
    }

    fn blob_path(&self, digest: &str, within: &Path) -> Result<PathBuf, LayoutError> {
        let hex = digest.strip_prefix("sha256:").filter(|hex| {
            hex.len() == 64 && hex.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
        });
        let hex =
            hex.ok_or_else(|| LayoutError::new(within, Problem::DigestForm(digest.to_owned())))?;
        Ok(self.folder.join("blobs").join("sha256").join(hex))
    }

    /// Adds the document of a descriptor, after all that it names.
    fn add(&mut self, entry: &Descriptor, within: &Path, depth: usize) -> Result<(), LayoutError> {
        if !self.seen.insert(entry.digest.clone()) {
            return Ok(());
        }
        if depth > DEEPEST || self.documents.len() > MOST_DOCUMENTS {
            return Err(LayoutError::new(within, Problem::TooDeep));
        }
        let path = self.blob_path(&entry.digest, within)?;
        let bytes = self.file(&path)?;
        let document = Document::of(&entry.media_type, bytes);
        if document.digest != entry.digest {
            return Err(LayoutError::new(&path, Problem::Digest { found: document.digest }));
        }
        self.check_size(&path, entry, document.bytes.len() as u64)?;
        let contents: Contents = self.json(&path, &document.bytes)?;
        if is_index(&entry.media_type) {
            for part in &contents.manifests {
                self.add(part, &path, depth + 1)?;
            }
        } else if is_manifest(&entry.media_type) {
            for part in contents.config.iter().chain(&contents.layers) {
                self.add_blob(part, &path)?;
            }
        } else {
            let problem = Problem::MediaType(entry.media_type.clone());
            return Err(LayoutError::new(within, problem));
        }
        self.documents.push(document);
        Ok(())
    }

    fn add_blob(&mut self, entry: &Descriptor, within: &Path) -> Result<(), LayoutError> {
        if self.seen.contains(&entry.digest) {
            return Ok(());
        }
        let path = self.blob_path(&entry.digest, within)?;
        // A layer may be gigabytes: the file system is asked for its size, and only other sources of files are read.
        let size = match std::fs::metadata(&path) {
            Ok(found) => found.len(),
            // Layers with addresses of their own stay where they are.
            Err(_) if !entry.urls.is_empty() => return Ok(()),
            Err(_) => self.file(&path)?.len() as u64,
        };
        self.check_size(&path, entry, size)?;
        self.seen.insert(entry.digest.clone());
        self.blobs.push(Blob { digest: entry.digest.clone(), size, path });
        Ok(())
    }

    fn check_size(&self, path: &Path, entry: &Descriptor, found: u64) -> Result<(), LayoutError> {
        if found == entry.size {
            return Ok(());
        }
        Err(LayoutError::new(path, Problem::Size { told: entry.size, found }))
    }
}

/// `Accept` for all that a tag can stand for.
pub(crate) fn accepted() -> String {
    document::MEDIA_TYPES.join(", ")
}
