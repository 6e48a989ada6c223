//! Image registries.

use indexmap::IndexMap;
use serde::Serialize;

use super::{Existing, Reference};
use crate::node::Node;
use crate::source::Location;

/// A registry for images.
#[derive(Clone, Debug, Serialize)]
pub struct Registry {
    /// Its name in the file and at the provider.
    pub name: String,
    /// The provider instance that it is from; may be another one than the cluster's.
    pub provider: Reference,
    /// Set when the registry is somebody else's: used, never deleted.
    pub existing: Option<Existing>,
    /// The provider's word for its size (`starter`, `basic`, ...).
    pub tier: Option<String>,
    /// The region, if not that of the provider instance.
    pub region: Option<String>,
    /// The clusters that may pull from it without a pull secret; all of the same provider instance unless named.
    pub integrate: Vec<Reference>,
    /// In a provider's own words, by the provider's name or type.
    pub on: IndexMap<String, Node>,
    /// Where the registry stands in the file.
    #[serde(skip)]
    pub location: Location,
}
