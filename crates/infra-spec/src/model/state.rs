//! Where the state is kept.

use indexmap::IndexMap;
use serde::Serialize;

use super::SpecPath;
use crate::secret::Secret;
use crate::text::Text;

/// Where the state is kept and how its secrets are locked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// The store.
    pub backend: StateBackend,
    /// Settings of an object store (`endpoint`, `region`, credentials), as its library names them.
    pub options: IndexMap<String, Text>,
    /// The file that holds the key for secrets.
    pub key_file: Option<SpecPath>,
    /// The key for secrets itself, from the environment or a file.
    pub encryption_key: Option<Secret>,
}

/// The store of the state.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBackend {
    /// A folder on this machine.
    Local {
        /// The folder; without one `.infra` beside the file.
        path: Option<SpecPath>,
    },
    /// An object store, by its URL (`s3://bucket/prefix`).
    ObjectStore {
        /// The URL.
        url: String,
    },
}
