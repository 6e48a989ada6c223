//! `kustomize:` items: checked here, rendered by the system's `kustomize` or `kubectl kustomize`.
//!
//! What is checked: every file that a kustomization names is there, nothing is fetched from elsewhere (a plan must not depend on what
//! a server says today), and nothing needs a plugin. Follows the reference of the kustomization file, kustomize.config.k8s.io v1beta1.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use infra_event::Diagnostic;
use infra_spec::model::SpecPath;
use serde_json::Value as Json;

use super::{ExpandRequest, problem};
use crate::render::Source;

/// Names of a kustomization's file.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Fields that list files or folders; folders hold kustomizations.
const PATHS: [&str; 9] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];
/// Fields that list maps whose `path` is a file.
const WITH_PATH: [&str; 3] = ["patches", "patchesJson6902", "replacements"];
/// Fields that list generators of config maps and secrets.
const GENERATORS: [&str; 2] = ["configMapGenerator", "secretGenerator"];
/// Fields that need another program, with what to do instead.
const REFUSED: [(&str, &str); 3] = [
    ("helmCharts", "make an item with `chart:` of it"),
    ("helmChartInflationGenerator", "make an item with `chart:` of it"),
    ("helmGlobals", "make an item with `chart:` of it"),
];

/// Renders the kustomization at a path.
pub(super) fn read_kustomization(
    request: &ExpandRequest<'_>,
    path: &SpecPath,
) -> Result<Source, Vec<Diagnostic>> {
    let whole = normal(&path.resolve());
    let mut check = Check { request, path, problems: Vec::new(), seen: BTreeSet::new() };
    check.folder(&whole);
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let text = request.files.kustomize(&whole).map_err(|error| {
        let summary = format!("`{}` cannot be rendered: {}", path.written, error.message);
        vec![problem(&path.location, "kustomize", summary).set(error.next)]
    })?;
    Ok(Source { file: shown(path, &whole), text })
}

/// The path as the user knows it.
fn shown(path: &SpecPath, whole: &Path) -> String {
    let base = normal(&path.base_dir());
    let shown = whole.strip_prefix(&base).ok().filter(|rest| !rest.as_os_str().is_empty());
    shown.unwrap_or(whole).display().to_string()
}

struct Check<'check> {
    request: &'check ExpandRequest<'check>,
    path: &'check SpecPath,
    problems: Vec<Diagnostic>,
    seen: BTreeSet<PathBuf>,
}

impl Check<'_> {
    fn wrong(&mut self, summary: String, next: &str) {
        self.problems.push(problem(&self.path.location, "kustomize", summary).set(next.to_owned()));
    }

    /// A folder that must hold a kustomization.
    fn folder(&mut self, folder: &Path) {
        if !self.seen.insert(folder.to_owned()) {
            return;
        }
        let files = self.request.files;
        let found = NAMES.iter().map(|name| folder.join(name)).find_map(|file| {
            let content = files.read(&file).ok()?;
            Some((file, content))
        });
        let Some((file, content)) = found else {
            let summary =
                format!("there is no kustomization.yaml in `{}`", shown(self.path, folder));
            return self.wrong(summary, "name the folder of a kustomization; a folder of plain manifests goes into `manifests`");
        };
        let name = shown(self.path, &file);
        match serde_saphyr::from_slice::<Json>(&content) {
            Ok(Json::Null) => {}
            Ok(Json::Object(fields)) => self.fields(folder, &name, &fields),
            Ok(_) => self.wrong(format!("`{name}` is no map"), "correct the file"),
            Err(error) => {
                let summary = format!("`{name}` is malformed: {}", error.without_snippet());
                self.wrong(summary, "correct the file");
            }
        }
    }

    fn fields(&mut self, folder: &Path, name: &str, fields: &serde_json::Map<String, Json>) {
        for (field, next) in REFUSED {
            if fields.contains_key(field) {
                self.wrong(format!("`{name}` uses `{field}`, which needs helm"), next);
            }
        }
        let list = |field: &str| fields.get(field).and_then(Json::as_array).into_iter().flatten();
        for field in PATHS {
            for entry in list(field).filter_map(Json::as_str) {
                self.entry(folder, name, field, entry);
            }
        }
        for field in WITH_PATH {
            for entry in list(field).filter_map(|entry| entry.get("path")?.as_str()) {
                self.file(folder, name, field, entry);
            }
        }
        if let Some(path) = fields.get("openapi").and_then(|it| it.get("path")?.as_str()) {
            self.file(folder, name, "openapi", path);
        }
        for field in GENERATORS {
            for generator in list(field) {
                let several =
                    ["files", "envs"].into_iter().filter_map(|key| generator.get(key)?.as_array());
                let entries =
                    several.flatten().chain(generator.get("env")).filter_map(Json::as_str);
                for entry in entries {
                    // `KEY=FILE` gives the key another name than the file's.
                    let path = entry.split_once('=').map_or(entry, |(_, path)| path);
                    self.file(folder, name, field, path);
                }
            }
        }
    }

    /// An entry that may be a file, a folder, or (for some fields) YAML in place.
    fn entry(&mut self, folder: &Path, name: &str, field: &str, entry: &str) {
        if entry.contains('\n') || entry.trim_start().starts_with('{') {
            return;
        }
        let target = normal(&folder.join(entry));
        match self.request.files.folder(&target) {
            Ok(Some(_)) => self.folder(&target),
            _ => self.file(folder, name, field, entry),
        }
    }

    fn file(&mut self, folder: &Path, name: &str, field: &str, entry: &str) {
        let target = normal(&folder.join(entry));
        if self.request.files.read(&target).is_ok() {
            return;
        }
        if is_remote(entry) {
            let summary = format!(
                "`{name}` fetches `{entry}` in `{field}`, and rendering must not need the network"
            );
            return self.wrong(summary, "keep a copy beside the kustomization, and name that");
        }
        let summary = format!("`{name}` names `{entry}` in `{field}`, which is not there");
        self.wrong(summary, "correct the path; it is relative to the kustomization");
    }
}

/// Whether kustomize would fetch it, as it is no file: a URL, or what it reads as a Git repository.
fn is_remote(entry: &str) -> bool {
    let host = entry.split('/').next().unwrap_or_default();
    entry.contains("://")
        || entry.contains("?ref=")
        || entry.starts_with("git@")
        || entry.contains("//")
        || (host.contains('.') && !host.starts_with('.') && entry.contains('/'))
}

/// Without `.` and `..`, as far as that is possible.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}
