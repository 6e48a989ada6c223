//! Reads the files that an item names.

use std::path::Path;

use infra_event::Diagnostic;
use infra_spec::model::SpecPath;

use super::{ExpandRequest, problem};
use crate::render::Source;

/// Endings of files that are manifests.
const ENDINGS: [&str; 5] = [".yaml", ".yml", ".json", ".yaml.tera", ".yml.tera"];

/// The files of manifests at these paths; of a folder all that have the ending of a manifest, in order.
pub(super) fn read_sources(
    request: &ExpandRequest<'_>,
    paths: &[SpecPath],
) -> Result<Vec<Source>, Vec<Diagnostic>> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        if let Err(problem) = read_path(request, path, &mut sources) {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

fn read_path(
    request: &ExpandRequest<'_>,
    path: &SpecPath,
    sources: &mut Vec<Source>,
) -> Result<(), Diagnostic> {
    let whole = path.resolve();
    let cannot = |what: &Path, error: &std::io::Error| {
        let summary = format!("`{}` cannot be read: {error}", what.display());
        problem(&path.location, "file", summary)
            .set("correct the path; it is relative to this file")
    };
    let inside = request.files.folder(&whole).map_err(|error| cannot(&whole, &error))?;
    let files = match inside {
        Some(inside) => {
            let found: Vec<_> = inside.into_iter().filter(|file| is_manifest(file)).collect();
            if found.is_empty() {
                let summary = format!("there are no manifests in the folder `{}`", path.written);
                return Err(problem(&path.location, "file", summary)
                    .set("put files that end in .yaml or .yaml.tera into it"));
            }
            found
        }
        None => vec![whole],
    };
    let base = path.base_dir();
    for file in files {
        let content = request.files.read(&file).map_err(|error| cannot(&file, &error))?;
        let text = String::from_utf8(content).map_err(|_| {
            let summary = format!("`{}` is no text in UTF-8", file.display());
            problem(&path.location, "file", summary).set("save it as UTF-8")
        })?;
        let shown = file.strip_prefix(&base).unwrap_or(&file);
        let shown = shown.strip_prefix(".").unwrap_or(shown);
        sources.push(Source { file: shown.display().to_string(), text });
    }
    Ok(())
}

fn is_manifest(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.')
        && name != "kustomization.yaml"
        && ENDINGS.iter().any(|ending| name.ends_with(ending))
}
