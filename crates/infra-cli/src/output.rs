//! Where output goes: data on stdout, all else on stderr.

use std::io::Write;

use infra_event::{Diagnostic, ExitCode, Severity};
use infra_report::{Appearance, print_diagnostic};

use crate::arguments::Format;

/// Problems that end a command.
#[derive(Debug)]
pub(crate) struct Told(pub(crate) Vec<Diagnostic>);

impl From<Diagnostic> for Told {
    fn from(problem: Diagnostic) -> Self {
        Self(vec![problem])
    }
}

impl From<Vec<Diagnostic>> for Told {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self(problems)
    }
}

impl From<infra_state::StateError> for Told {
    fn from(error: infra_state::StateError) -> Self {
        infra_engine::state_diagnostic(&error).into()
    }
}

impl From<infra_provider::ProviderError> for Told {
    fn from(error: infra_provider::ProviderError) -> Self {
        error.to_diagnostic().into()
    }
}

/// What a command gives.
pub(crate) type Outcome<T = ExitCode> = Result<T, Told>;

/// Something that the operating system refused, as people are told it.
pub(crate) fn refused(what: impl std::fmt::Display, error: &std::io::Error) -> Told {
    Diagnostic::error("io", format!("{what}: {error}"))
        .set("check the path and its permissions")
        .into()
}

/// Prints problems; the exit code is that of the first error.
pub(crate) fn print_problems(problems: &[Diagnostic]) -> ExitCode {
    let appearance = Appearance::of_stderr();
    let mut stderr = std::io::stderr().lock();
    for problem in problems {
        // Nobody is left to be told when stderr is closed.
        let _ = print_diagnostic(&mut stderr, problem, appearance, None);
    }
    let first = problems.iter().find(|problem| problem.severity == Severity::Error);
    first.map_or(ExitCode::Failed, |problem| problem.exit)
}

/// A line for people on stderr.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Data on stdout. A reader that has gone away ends the output, not the command.
pub(crate) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = stdout.write_all(b"\n");
    }
    let _ = stdout.flush();
}

/// A JSON document on stdout.
pub(crate) fn print_json(document: &serde_json::Value) {
    print(&serde_json::to_string_pretty(document).unwrap_or_default());
}

/// Text or a JSON document, as asked for.
pub(crate) fn answer(
    format: Format,
    text: impl FnOnce() -> String,
    json: impl FnOnce() -> serde_json::Value,
) {
    match format {
        Format::Text => print(&text()),
        Format::Json => print_json(&json()),
    }
}
