//! [`LayoutError`]: what is wrong with a layout, in which file, and what to do.

use std::path::{Path, PathBuf};

/// A layout cannot be pushed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", .path.display())]
pub struct LayoutError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file of a layout.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It is not there, or may not be read.
    #[error("{0}")]
    Unreadable(std::io::Error),
    /// It is not the JSON that it should be.
    #[error("not the expected JSON ({0})")]
    Malformed(serde_json::Error),
    /// The layout is of another version.
    #[error("layout version `{0}`, where 1.x is known")]
    Version(String),
    /// The index names nothing.
    #[error("it names no image")]
    Empty,
    /// The index names several images, and none by the tag.
    #[error("it names several images and none of them as `{tag}`{}", list(known))]
    NoSuchTag {
        /// The tag.
        tag: String,
        /// The tags that it names.
        known: Vec<String>,
    },
    /// Two images have the tag.
    #[error("it names two images as `{0}`")]
    TagTwice(String),
    /// A digest is not `sha256:` and 64 digits.
    #[error("the digest `{0}` is not `sha256:` and 64 hexadecimal digits")]
    DigestForm(String),
    /// The content has another digest than the file's name says.
    #[error("its content has the digest {found}")]
    Digest {
        /// The digest of the content.
        found: String,
    },
    /// The content has another size than its descriptor says.
    #[error("it has {found} bytes where {told} are expected")]
    Size {
        /// What the descriptor says.
        told: u64,
        /// What is there.
        found: u64,
    },
    /// Neither an index nor a manifest.
    #[error("the media type `{0}` is neither that of an index nor that of a manifest")]
    MediaType(String),
    /// A manifest or index beyond what registries take.
    #[error("it is larger than 4 MiB, which no registry takes as a manifest")]
    TooLarge,
    /// Indexes within indexes without end.
    #[error("its indexes are nested too deeply, or name too many manifests")]
    TooDeep,
}

impl LayoutError {
    pub(crate) fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// What to do about it; `folder` is the layout and `tag` the tag of the image, as the file has them.
    pub fn next_step(&self, folder: &str, tag: &str) -> String {
        let in_root = self.path.ends_with("oci-layout") || self.path.ends_with("index.json");
        match &self.problem {
            Problem::Unreadable(error)
                if in_root && error.kind() == std::io::ErrorKind::NotFound =>
            {
                format!(
                    "build the image into this folder as an OCI layout (`docker buildx build --output type=oci,tar=false,dest={folder} .`, or `skopeo copy ... oci:{folder}:{tag}`), or correct `oci_layout`"
                )
            }
            Problem::Unreadable(_) if in_root => "make the file readable".into(),
            Problem::NoSuchTag { known, .. } if !known.is_empty() => {
                "set the image's `tag` to one of those, or name the image so when it is built"
                    .into()
            }
            Problem::NoSuchTag { .. } | Problem::TagTwice(_) | Problem::Empty => {
                format!("write one image into {folder}, named `{tag}`")
            }
            Problem::Version(_) | Problem::MediaType(_) | Problem::DigestForm(_) => {
                "write the layout with a current image builder, with sha256 digests".into()
            }
            _ => format!("the layout is incomplete or damaged: write {folder} anew"),
        }
    }
}

fn list(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(" (it has {})", known.join(", ")) }
}
