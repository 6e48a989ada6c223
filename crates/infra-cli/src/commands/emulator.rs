//! `infra emulator`: serves emulated clouds to other programs, and lists what exists in them.

use std::path::PathBuf;

use crate::arguments::{EmulatorArguments, EmulatorCommand, Global};
use crate::output::Outcome;
use crate::project::Project;
use crate::run::{serve_forever, show_world};

/// Serves a world until the process is told to end, or lists what exists in it.
pub(crate) async fn run(global: &Global, arguments: &EmulatorArguments) -> Outcome {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if let Some(EmulatorCommand::Show { world }) = &arguments.show {
        return show_world(&folder(global, world.as_ref().or(arguments.world.as_ref()))?);
    }
    serve_forever(arguments, &folder(global, arguments.world.as_ref())?, global.faults.as_deref())
        .await
}

/// The world's folder: as given, else that of the file's rehearsal.
fn folder(global: &Global, given: Option<&PathBuf>) -> Outcome<PathBuf> {
    match given {
        Some(folder) => Ok(folder.clone()),
        None => Ok(Project::load(&Global { rehearse: true, ..global.clone() })?.world()),
    }
}
