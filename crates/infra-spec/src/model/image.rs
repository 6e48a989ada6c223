//! Images that are pushed before something pulls them.

use serde::Serialize;

use super::{Reference, SpecPath};
use crate::source::Location;

/// An image from an OCI layout on disk.
#[derive(Clone, Debug, Serialize)]
pub struct Image {
    /// Name of the repository in the registries.
    pub name: String,
    /// The folder that holds the OCI layout.
    pub oci_layout: SpecPath,
    /// Tag in the registries; `latest` unless given.
    pub tag: String,
    /// The registries that it is pushed to; the only one unless named.
    pub to: Vec<Reference>,
    /// Where the image stands in the file.
    #[serde(skip)]
    pub location: Location,
}
