//! What runs on the clusters.

use std::time::Duration;

use indexmap::IndexMap;
use serde::{Serialize, Serializer};

use super::{
    Content, Endpoint, ItemReference, NfsVolume, Password, PullSecret, Reference, SmokeTest,
    SpecPath,
};
use crate::node::Node;
use crate::quantity::format_duration;
use crate::source::Location;
use crate::text::Text;

/// An item of the stack: a release, a set of manifests, a kustomization or an item of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct StackItem {
    /// Its name, unique in its cluster.
    pub name: String,
    /// The cluster that it goes to.
    pub cluster: Reference,
    /// The namespace; without one the item's own choice, or else its name.
    pub namespace: Option<String>,
    /// What it is.
    pub source: ItemSource,
    /// Items that must be ready before it begins.
    pub after: Vec<ItemReference>,
    /// How long it may take to become ready; without one the default of its kind.
    #[serde(serialize_with = "optional_duration", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The address that it is reached at.
    pub address: Option<Reference>,
    /// Values of the chart, the catalogue item or the templates; an empty map unless given. May hold secrets.
    pub values: Node,
    /// Files of values, below `values`; later ones win.
    pub values_files: Vec<SpecPath>,
    /// Single values by dotted path, above `values`.
    pub set: IndexMap<String, Node>,
    /// A test that runs in the cluster and must pass.
    pub smoke_test: Option<SmokeTest>,
    /// What is shown as reachable when it runs.
    pub endpoints: Vec<Endpoint>,
    /// Pull secrets made in its namespace.
    pub pull_secrets: Vec<PullSecret>,
    /// Passwords made once and kept.
    pub passwords: Vec<Password>,
    /// Config maps made of files and texts.
    pub config_maps: Vec<Content>,
    /// Secrets made of files and texts.
    pub secrets: Vec<Content>,
    /// Storage on NFS servers, with a claim each.
    pub volumes: Vec<NfsVolume>,
    /// Whether its objects stay when it leaves the file.
    pub keep: bool,
    /// Whether objects that are there already without our marker are taken over.
    pub adopt: bool,
    /// Whether fields that others own are taken over in server-side apply.
    pub force_conflicts: bool,
    /// Where the item stands in the file.
    #[serde(skip)]
    pub location: Location,
}

impl StackItem {
    /// The item as `after` names it.
    pub fn reference(&self) -> ItemReference {
        ItemReference { cluster: self.cluster.name.clone(), item: self.name.clone() }
    }
}

/// What a stack item is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemSource {
    /// An item of the catalogue, by its name.
    Use(Reference),
    /// A Helm chart.
    Chart(Chart),
    /// Files or folders of `.yaml` and `.yaml.tera`.
    Manifests(Vec<SpecPath>),
    /// A folder with a `kustomization.yaml`.
    Kustomize(SpecPath),
}

/// A Helm chart and its version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// Where it comes from.
    pub source: ChartSource,
    /// The version; for a repository one version or a range, none means the newest.
    pub version: Option<String>,
}

/// Where a chart comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartSource {
    /// A chart repository.
    Repository {
        /// Its URL; may hold credentials.
        url: Text,
        /// Name of the chart in it.
        name: String,
    },
    /// A chart in an OCI registry: `oci://host/path`, without the tag.
    Oci(String),
    /// A folder or `.tgz` on disk.
    Path(SpecPath),
}

pub(super) fn optional_duration<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_str(&format_duration(*duration)),
        None => serializer.serialize_none(),
    }
}
