//! What the tests share: an environment, files, and loading in one line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use infra_spec::{LoadOptions, Loaded, Sources, SpecErrors, load};

/// The provider types that the tests know.
pub(super) const TYPES: [&str; 7] =
    ["digitalocean", "magnum", "azure", "aws", "microk8s", "minikube", "existing"];

/// The value of every secret of the tests: must never appear in output.
pub(super) const SECRET: &str = "dop_v1_0123456789";

pub(super) fn environment() -> BTreeMap<String, String> {
    BTreeMap::from([
        ("DO_TOKEN".to_owned(), SECRET.to_owned()),
        ("LONG_TOKEN".to_owned(), SECRET.repeat(10)),
        ("CLUSTER".to_owned(), "main".to_owned()),
        ("VERSION".to_owned(), "1.33".to_owned()),
    ])
}

pub(super) fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    BTreeMap::from([(PathBuf::from("secrets/password"), format!("{SECRET}\n").into_bytes())])
}

/// Loads files with the environment of the tests.
pub(super) fn load_with(
    sources: &Sources,
    provider: Option<&str>,
    rehearse: bool,
) -> Result<Loaded, SpecErrors> {
    let (environment, files) = (environment(), files());
    let mut options = LoadOptions::new(&environment, &files);
    options.provider = provider.map(str::to_owned);
    options.rehearse = rehearse;
    options.provider_types = &TYPES;
    load(sources, &options)
}

/// Loads one text.
pub(super) fn load_text(text: &str) -> Result<Loaded, SpecErrors> {
    load_with(&Sources::single("infra.yaml", text), None, false)
}

/// A file with the head that every file needs, and the text.
pub(super) fn file(body: &str) -> String {
    format!("apiVersion: infra/v1\nname: hub\nproviders: {{ digitalocean: {{}} }}\n{body}")
}

/// The folders of `tests/<kind>`, in order.
pub(super) fn fixtures(kind: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(kind);
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The files of a fixture, and the `--provider` that it is loaded with.
pub(super) fn fixture(folder: &Path) -> (Sources, Option<String>) {
    let mut sources =
        Sources::single("infra.yaml", std::fs::read(folder.join("infra.yaml")).unwrap());
    if let Ok(overlay) = std::fs::read(folder.join("overlay.yaml")) {
        sources.push("overlay.yaml", overlay);
    }
    let provider = std::fs::read_to_string(folder.join("provider")).ok();
    (sources, provider.map(|text| text.trim().to_owned()))
}
