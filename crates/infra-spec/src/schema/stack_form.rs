//! Stack items as they are written.
#![allow(dead_code, reason = "the types exist for the schema that is derived from them")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::Value;

/// A duration such as `90s`, `10m` or `1h30m`.
#[derive(JsonSchema)]
pub(super) struct DurationForm(
    #[schemars(regex(pattern = "^(([0-9]+[dhms])+|.*\\$\\{.*)$"), example = &"10m")] String,
);

/// An item of the stack: exactly one of `use`, `chart`, `manifests` and `kustomize`.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{"required": ["use"]}, {"required": ["chart"]}, {"required": ["manifests"]}, {"required": ["kustomize"]}])
)]
pub(super) struct StackItemForm {
    /// Its name; that of the catalogue item unless given.
    name: Option<String>,
    /// An item of the catalogue.
    #[schemars(example = &"daskhub")]
    r#use: Option<String>,
    /// A Helm chart.
    chart: Option<ChartForm>,
    /// Files or folders of `.yaml` and `.yaml.tera`.
    manifests: Option<PathsForm>,
    /// A folder with a `kustomization.yaml`.
    kustomize: Option<String>,
    /// The cluster that it goes to; the only one unless given.
    cluster: Option<String>,
    /// The namespace.
    namespace: Option<String>,
    /// Items that must be ready before it begins; `CLUSTER/ITEM` for one on another cluster.
    after: Option<Vec<String>>,
    /// How long it may take to become ready.
    timeout: Option<DurationForm>,
    /// The address that it is reached at.
    address: Option<String>,
    /// Values of the chart, the catalogue item or the templates.
    values: Option<BTreeMap<String, Value>>,
    /// Files of values, below `values`; later ones win.
    values_files: Option<PathsForm>,
    /// Single values by dotted path, above `values`.
    set: Option<BTreeMap<String, SingleForm>>,
    /// A test that runs in the cluster and must pass.
    smoke_test: Option<SmokeTestForm>,
    /// What is shown as reachable when it runs.
    endpoints: Option<Vec<EndpointForm>>,
    /// Pull secrets made in its namespace.
    pull_secrets: Option<Vec<PullSecretForm>>,
    /// Passwords made once and kept.
    passwords: Option<Vec<PasswordForm>>,
    /// Config maps made of files and texts.
    config_maps: Option<Vec<ContentForm>>,
    /// Secrets made of files and texts.
    secrets: Option<Vec<ContentForm>>,
    /// Storage on NFS servers, with a claim each.
    volumes: Option<Vec<NfsVolumeForm>>,
    /// Whether its objects stay when it leaves the file.
    keep: Option<bool>,
    /// Whether objects that are there already are taken over.
    adopt: Option<bool>,
    /// Whether fields that others own are taken over.
    force_conflicts: Option<bool>,
}

/// One path or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum PathsForm {
    /// One path.
    One(String),
    /// Several paths.
    Several(#[schemars(length(min = 1))] Vec<String>),
}

/// A single value.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum SingleForm {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Nothing.
    Null(()),
}

/// A Helm chart: exactly one of `repo`, `oci` and `path`.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{"required": ["repo", "name"]}, {"required": ["oci"]}, {"required": ["path"]}])
)]
pub(super) struct ChartForm {
    /// URL of a chart repository.
    #[schemars(example = &"https://example.org/charts")]
    repo: Option<String>,
    /// A chart in an OCI registry, without its tag.
    #[schemars(example = &"oci://registry.example.org/charts/thing")]
    oci: Option<String>,
    /// A folder or `.tgz` on disk.
    path: Option<String>,
    /// Name of the chart in its repository.
    name: Option<String>,
    /// Version; the newest unless given.
    #[schemars(example = &"1.2.3")]
    version: Option<String>,
}

/// A job that runs inside the cluster; its exit code decides.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct SmokeTestForm {
    /// The image.
    #[schemars(example = &"docker.io/library/busybox:1.37")]
    image: String,
    /// The command: a list, or a text for `sh -c`.
    command: CommandForm,
    /// Environment of the command.
    environment: Option<BTreeMap<String, String>>,
    /// How long it may take.
    timeout: Option<DurationForm>,
}

/// A command.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum CommandForm {
    /// For `sh -c`.
    Shell(String),
    /// Program and arguments.
    Arguments(#[schemars(length(min = 1))] Vec<String>),
}

/// Something reachable.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum EndpointForm {
    /// The name of a service, spoken to by HTTP.
    Service(String),
    /// All of it.
    Settings(EndpointSettingsForm),
}

/// Something reachable.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct EndpointSettingsForm {
    /// Its name in the output; the service's unless given.
    name: Option<String>,
    /// The Kubernetes service behind it.
    service: String,
    /// The service's namespace, if not the item's.
    namespace: Option<String>,
    /// The service's port; the first one unless given.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u32>,
    /// How it is spoken to; `http` unless given.
    scheme: Option<SchemeForm>,
    /// Path of the URL.
    #[schemars(regex(pattern = "^(/.*|.*\\$\\{.*)$"))]
    path: Option<String>,
}

/// How an endpoint is spoken to.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum SchemeForm {
    Http,
    Https,
    Tcp,
}

/// A secret with which the cluster pulls images.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum PullSecretForm {
    /// The name of a registry of the file.
    Registry(String),
    /// All of it.
    Settings(PullSecretSettingsForm),
}

/// Either `registry`, or `server` with `username` and `password`.
#[derive(JsonSchema)]
#[schemars(
    deny_unknown_fields,
    extend("oneOf" = [{"required": ["registry"]}, {"required": ["server", "username", "password"]}])
)]
pub(super) struct PullSecretSettingsForm {
    /// Name of the Kubernetes secret.
    name: Option<String>,
    /// A registry of the file.
    registry: Option<String>,
    /// Host of another registry.
    server: Option<String>,
    /// User there.
    username: Option<String>,
    /// Password or token there.
    #[schemars(example = &"${env:REGISTRY_PASSWORD}")]
    password: Option<String>,
}

/// A ConfigMap or Secret in the item's namespace; `files` or `values`, or both.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("anyOf" = [{"required": ["files"]}, {"required": ["values"]}]))]
pub(super) struct ContentForm {
    /// Its name.
    name: String,
    /// A file or folder, several, or a map of keys to files; without a key the file's name is the key.
    files: Option<ContentFilesForm>,
    /// Texts by their key.
    values: Option<BTreeMap<String, String>>,
}

/// Files that become keys.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum ContentFilesForm {
    /// One path.
    One(String),
    /// Several paths.
    Several(Vec<String>),
    /// Paths by key.
    ByKey(BTreeMap<String, String>),
}

/// A claim, and the volume on an NFS server that it is bound to.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct NfsVolumeForm {
    /// Name of the claim.
    name: String,
    /// Where it is.
    nfs: NfsForm,
    /// Size that the claim asks for; 1TiB unless given, as NFS itself sets no limit.
    #[schemars(example = &"100GiB")]
    size: Option<String>,
    /// Whether it is mounted for reading only.
    read_only: Option<bool>,
    /// Options of the mount.
    mount_options: Option<Vec<String>>,
}

/// A path that an NFS server exports.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct NfsForm {
    /// Host or address of the server.
    #[schemars(example = &"nfs.example.org")]
    server: String,
    /// The path.
    #[schemars(example = &"/export/data", regex(pattern = "^(/.*|.*\\$\\{.*)$"))]
    path: String,
}

/// A password that is made once and kept.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PasswordForm {
    /// Its name, unique in the item.
    name: String,
    /// Characters; 24 unless given.
    #[schemars(range(min = 8, max = 256))]
    length: Option<u32>,
    /// Which characters; letters and digits unless given.
    alphabet: Option<AlphabetForm>,
    /// The Kubernetes secret that it is put into; its own name unless given.
    secret: Option<String>,
    /// The key in that secret; `password` unless given.
    key: Option<String>,
}

/// The characters of a password.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub(super) enum AlphabetForm {
    Alphanumeric,
    Hexadecimal,
    Symbols,
}
