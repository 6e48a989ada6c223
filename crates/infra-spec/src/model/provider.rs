//! Provider instances.

use indexmap::IndexMap;
use serde::Serialize;

use crate::error::SpecErrors;
use crate::node::Node;
use crate::source::Location;

/// A named instance of a provider.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderBlock {
    /// Its name in the file.
    pub name: String,
    /// Which provider it is (`digitalocean`, `magnum`, ...): `type`, or else the name.
    #[serde(rename = "type")]
    pub provider_type: String,
    /// The block in the provider's own words, without `type`.
    pub config: Node,
    /// Whether something in the file uses it. Of an unused block missing variables are no error.
    pub in_use: bool,
    /// Where the block stands.
    #[serde(skip)]
    pub location: Location,
}

impl ProviderBlock {
    /// Decodes the block into the provider's own type.
    ///
    /// # Errors
    /// All unknown keys, wrong types and missing keys, each with its place.
    pub fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, SpecErrors> {
        self.config.decode()
    }

    /// What an `on:` says in this instance's own words: the block under its name, else the one under its type.
    pub fn own_words<'a>(&self, on: &'a IndexMap<String, Node>) -> Option<&'a Node> {
        on.get(&self.name).or_else(|| on.get(&self.provider_type))
    }
}
