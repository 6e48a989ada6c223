//! The file and its state section as they are written.
#![allow(dead_code, reason = "the types exist for the schema that is derived from them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

use super::cluster_form::ClusterForm;
use super::resource_form::{AddressForm, ImageForm, RegistryForm, StorageClassForm};
use super::stack_form::StackItemForm;

/// Clusters, what they need, and what runs on them. Any text may hold `${env:NAME}` and `${file:path}`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "infra.yaml")]
pub(super) struct FileForm {
    /// Version of the file format.
    #[schemars(rename = "apiVersion", extend("const" = "infra/v1"))]
    api_version: String,
    /// Name of the deployment: lower-case letters, digits and hyphens, at most 40.
    #[schemars(regex(pattern = "^([a-z]([-a-z0-9]{0,38}[a-z0-9])?|.*\\$\\{.*)$"), example = &"hub")]
    name: String,
    /// Provider instances by name. The name is the provider's type, unless `type` says it.
    providers: Option<BTreeMap<String, Value>>,
    /// The only cluster: short for `clusters: { main: ... }`.
    cluster: Option<ClusterForm>,
    /// Clusters by name.
    clusters: Option<BTreeMap<String, Option<ClusterForm>>>,
    /// Storage classes of Kubernetes.
    storage_classes: Option<Vec<StorageClassForm>>,
    /// Lasting public addresses.
    addresses: Option<Vec<AddressForm>>,
    /// Image registries.
    registries: Option<Vec<RegistryForm>>,
    /// Images that are pushed before something pulls them.
    images: Option<Vec<ImageForm>>,
    /// What runs on the clusters.
    stack: Option<Vec<StackItemForm>>,
    /// Where the state is kept; without it in `.infra` beside the file.
    state: Option<StateForm>,
}

/// Where the state is kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct StateForm {
    /// `local`, or the URL of an object store.
    #[schemars(regex(pattern = "^(local|(s3|azblob|az|azure|abfs|gs)://[^/\\s@][^\\s@]*|.*\\$\\{.*)$"), example = &"local", example = &"s3://bucket/hub")]
    backend: Option<String>,
    /// The folder of a local state.
    path: Option<String>,
    /// Settings of the object store, such as `endpoint`, `region` and credentials.
    options: Option<BTreeMap<String, String>>,
    /// The file that holds the key for secrets.
    key_file: Option<String>,
    /// The key for secrets.
    #[schemars(example = &"${env:INFRA_STATE_KEY}")]
    encryption_key: Option<String>,
}
