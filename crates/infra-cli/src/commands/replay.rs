//! `infra replay`: shows a recorded run again.

use std::path::Path;

use infra_event::{Diagnostic, Envelope, ExitCode, Listener};
use infra_report::{Appearance, JsonLines, Plain, ReportExtras, html_report, replay, tree_svg};
use infra_state::{DirectoryStore, RunRecord, list_runs, read_events};

use crate::arguments::{Format, Global, ReplayArguments};
use crate::output::{Outcome, Told, answer, refused, say};
use crate::project::Project;
use crate::run::parse_events;

/// The most runs that are listed.
const LISTED: usize = 50;
/// Columns of a picture of the live tree.
const PICTURE_WIDTH: usize = 100;

/// Shows a recorded run again.
pub(crate) async fn run(global: &Global, arguments: &ReplayArguments) -> Outcome {
    let project = Project::load(global)?;
    let store = DirectoryStore::new(project.state());
    let runs = list_runs(&store, LISTED).await.map_err(infra_state::StateError::from)?;
    if arguments.list {
        list(global.output, &runs);
        return Ok(ExitCode::Done);
    }
    let chosen = match &arguments.run {
        Some(id) => runs.iter().find(|run| run.id.starts_with(id.as_str())),
        None => runs.first(),
    };
    let chosen = chosen.ok_or_else(none_recorded)?;
    let lines = read_events(&store, &chosen.id).await.map_err(infra_state::StateError::from)?;
    let events = parse_events(&lines);
    if let Some(path) = &arguments.report {
        return write(path, html_report(&events, &ReportExtras::default()));
    }
    if let Some(path) = &arguments.picture {
        return write(path, tree_svg(&events, arguments.at, PICTURE_WIDTH));
    }
    show(global, arguments, &events);
    Ok(ExitCode::Done)
}

fn show(global: &Global, arguments: &ReplayArguments, events: &[Envelope]) {
    let listener: Box<dyn Listener> = match global.output {
        Format::Json => Box::new(JsonLines::new(Box::new(std::io::stdout()))),
        Format::Text => Box::new(Plain::new(Box::new(std::io::stdout()), Appearance::of_stdout())),
    };
    replay(events, &mut [listener], arguments.speed, std::thread::sleep);
}

fn write(path: &Path, content: String) -> Outcome {
    std::fs::write(path, content)
        .map_err(|error| refused(format_args!("cannot write {}", path.display()), &error))?;
    say(format_args!("Wrote {}.", path.display()));
    Ok(ExitCode::Done)
}

fn list(format: Format, runs: &[RunRecord]) {
    let text = || {
        let row = |run: &RunRecord| {
            format!(
                "{}  {:8}  {}  {}",
                run.id,
                run.command,
                run.started,
                run.outcome.as_deref().unwrap_or("(not ended)")
            )
        };
        if runs.is_empty() {
            "No run is recorded.".to_owned()
        } else {
            runs.iter().map(row).collect::<Vec<_>>().join("\n")
        }
    };
    answer(format, text, || serde_json::json!({ "format_version": 1, "runs": runs }));
}

fn none_recorded() -> Told {
    Diagnostic::error("no-run", "no such run is recorded")
        .run("infra replay --list")
        .exit(ExitCode::Invalid)
        .into()
}
