//! [`Diagnostic`]: what went wrong, where, why, and what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ExitCode;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The run cannot go on, or a part of it failed.
    Error,
    /// Worth acting on; nothing failed.
    Warning,
    /// Good to know, said once.
    Note,
}

/// A place in a file of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceLocation {
    /// Path as the user gave it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line, for quoting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many characters the place covers, at least 1.
    #[serde(default)]
    pub length: usize,
}

/// Something that the user can do about a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum NextStep {
    /// Run this command.
    Run {
        /// The command line.
        command: String,
    },
    /// Change a setting or a line of the file.
    Set {
        /// What to change, and to what.
        what: String,
    },
    /// Ask somebody for a permission or a limit.
    Ask {
        /// What to ask for, in the words of the one who grants it.
        what: String,
    },
    /// Wait, and run the same command again.
    Retry {
        /// What will have changed by then.
        when: String,
    },
}

impl fmt::Display for NextStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run { command } => write!(f, "run `{command}`"),
            Self::Set { what } => f.write_str(what),
            Self::Ask { what } => write!(f, "ask for {what}"),
            Self::Retry { when } => write!(f, "run the command again {when}"),
        }
    }
}

/// What went wrong (or is worth knowing), with all that is needed to act on it. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name such as `quota-exceeded`.
    pub code: String,
    /// One line, without a full stop.
    pub summary: String,
    /// More, if one line does not tell all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The address of the resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The place in the user's file that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<SourceLocation>,
    /// What caused it, outermost first; none repeats another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_steps: Vec<NextStep>,
    /// The exit code of a run that fails for this reason.
    pub exit: ExitCode,
}

impl Diagnostic {
    /// An error with a stable code and a summary.
    pub fn error(code: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            summary: summary.into(),
            detail: None,
            address: None,
            location: None,
            causes: Vec::new(),
            next_steps: Vec::new(),
            exit: ExitCode::Failed,
        }
    }

    /// A warning with a stable code and a summary.
    pub fn warning(code: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, exit: ExitCode::Done, ..Self::error(code, summary) }
    }

    /// A note with a stable code and a summary.
    pub fn note(code: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::warning(code, summary) }
    }

    /// Adds a longer explanation.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says which resource it is about.
    #[must_use]
    pub fn about(mut self, address: impl fmt::Display) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// Adds what can be done.
    #[must_use]
    pub fn next(mut self, step: NextStep) -> Self {
        self.next_steps.push(step);
        self
    }

    /// Adds a change of a setting or of the file as the next step.
    #[must_use]
    pub fn set(self, what: impl Into<String>) -> Self {
        self.next(NextStep::Set { what: what.into() })
    }

    /// Adds a command as the next step.
    #[must_use]
    pub fn run(self, command: impl Into<String>) -> Self {
        self.next(NextStep::Run { command: command.into() })
    }

    /// Sets the exit code of a run that fails for this reason.
    #[must_use]
    pub fn exit(mut self, exit: ExitCode) -> Self {
        self.exit = exit;
        self
    }

    /// Adds the chain of sources of `error` (not `error` itself) as causes.
    #[must_use]
    pub fn caused_by(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = error.source();
        while let Some(source) = next {
            let text = source.to_string();
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = source.source();
        }
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}: ")?;
        }
        f.write_str(&self.summary)
    }
}
