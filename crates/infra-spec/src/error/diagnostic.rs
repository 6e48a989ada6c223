//! Findings in the file as the diagnostics that all of the program speaks.

use infra_event::{Diagnostic, ExitCode, NextStep, SourceLocation};

use super::{Severity, SpecError};
use crate::source::Location;

impl From<&SpecError> for Diagnostic {
    fn from(error: &SpecError) -> Self {
        let severity = match error.severity {
            Severity::Error => infra_event::Severity::Error,
            Severity::Warning => infra_event::Severity::Warning,
            Severity::Note => infra_event::Severity::Note,
        };
        let details: Vec<_> = error.help.iter().chain(&error.notes).map(String::as_str).collect();
        Diagnostic {
            severity,
            detail: (!details.is_empty()).then(|| details.join("; ")),
            location: Some(SourceLocation {
                file: error.file.clone(),
                line: error.line,
                column: error.column,
                text: Some(error.quote.clone()),
                length: error.length,
            }),
            next_steps: vec![NextStep::Set { what: error.next_step.clone() }],
            exit: ExitCode::Invalid,
            ..Diagnostic::error(error.code.as_str(), error.summary.as_str())
        }
    }
}

impl From<&Location> for SourceLocation {
    fn from(location: &Location) -> Self {
        Self {
            file: location.file().to_owned(),
            line: location.line(),
            column: location.column(),
            text: Some(location.quote()),
            length: location.length(),
        }
    }
}
