//! `infra completions`, `infra man`.

use clap::CommandFactory;
use clap_complete::Shell;
use infra_event::ExitCode;

use crate::arguments::Arguments;
use crate::output::{Outcome, print, refused};

/// Prints a shell's completion script.
pub(crate) fn completions(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "infra", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::Done)
}

/// Prints the manual page.
pub(crate) fn manual() -> Outcome {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command())
        .render(&mut page)
        .map_err(|error| refused("cannot write the page", &error))?;
    print(&String::from_utf8_lossy(&page));
    Ok(ExitCode::Done)
}
