//! `infra init`, `infra validate`, `infra schema`: what needs nothing but the file.

use std::collections::BTreeMap;
use std::path::Path;

use infra_event::{Diagnostic, ExitCode};

use crate::arguments::{Format, Global, InitArguments};
use crate::output::{Outcome, print_json, print_problems, refused, say};
use crate::project::Project;

/// Writes a commented starter file.
pub(crate) fn init(global: &Global, arguments: &InitArguments) -> Outcome {
    let path = global.files.first().map_or(Path::new("infra.yaml"), |path| path.as_path());
    if path.exists() && !arguments.force {
        let problem = Diagnostic::error("exists", format!("{} is there already", path.display()))
            .set("name another file with -f FILE, or overwrite it with --force")
            .exit(ExitCode::Invalid);
        return Err(problem.into());
    }
    if !crate::fleet::TYPES.contains(&arguments.provider_type.as_str()) {
        let problem = Diagnostic::error(
            "unknown-provider",
            format!("there is no provider of the type `{}`", arguments.provider_type),
        )
        .set(format!("use one of {}", crate::fleet::TYPES.join(", ")))
        .exit(ExitCode::Invalid);
        return Err(problem.into());
    }
    let name = arguments.name.clone().unwrap_or_else(folder_name);
    std::fs::write(path, infra_spec::starter(&arguments.provider_type, &name))
        .map_err(|error| refused(format_args!("cannot write {}", path.display()), &error))?;
    say(format_args!(
        "Wrote {}. Next: edit it, then `infra up --rehearse` to try it without an account.",
        path.display()
    ));
    Ok(ExitCode::Done)
}

/// The name of this folder, as a name of a deployment.
fn folder_name() -> String {
    let folder = std::env::current_dir()
        .ok()
        .and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let name: String = folder
        .unwrap_or_default()
        .to_ascii_lowercase()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    let name =
        name.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic()).trim_end_matches('-');
    if name.is_empty() { "hub".to_owned() } else { name.chars().take(20).collect() }
}

/// Checks the file.
pub(crate) fn validate(global: &Global) -> Outcome {
    let project = Project::load(global)?;
    let warnings: Vec<_> = project.loaded.warnings.iter().map(Diagnostic::from).collect();
    print_problems(&warnings);
    let spec = project.spec();
    match global.output {
        Format::Json => print_json(&serde_json::json!({ "valid": true, "warnings": warnings })),
        Format::Text => say(format_args!(
            "{}: valid. {} clusters, {} registries, {} addresses, {} stack items.",
            spec.name,
            spec.clusters.len(),
            spec.registries.len(),
            spec.addresses.len(),
            spec.stack.len(),
        )),
    }
    Ok(ExitCode::Done)
}

/// Prints the JSON schema of the file.
pub(crate) fn schema() -> Outcome {
    let digitalocean = infra_digitalocean::schema();
    print_json(&infra_spec::json_schema(&BTreeMap::from([(
        infra_digitalocean::TYPE.to_owned(),
        digitalocean,
    )])));
    Ok(ExitCode::Done)
}
