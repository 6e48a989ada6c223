//! One finding, and the list of all findings of a load.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use super::Code;
use crate::source::Location;

/// How grave a finding is. Only errors stop a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and something in it is probably not meant so.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One finding in the user's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SpecError {
    /// Stable code.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub summary: String,
    /// The file as it was named on the command line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that the finding covers on its line, at least 1.
    pub length: usize,
    /// The line itself; a secret that stands in it is hidden.
    pub quote: String,
    /// A short remark beside the place, such as `did you mean ...?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Further facts, such as where the first of two stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What to do next.
    pub next_step: String,
    /// Position of the file among the `-f` files, for the order of findings.
    #[serde(skip)]
    pub(crate) order: usize,
}

impl SpecError {
    pub(crate) fn new(severity: Severity, code: Code, at: &Location, summary: String) -> Self {
        Self {
            code,
            severity,
            summary,
            file: at.file().to_owned(),
            line: at.line(),
            column: at.column(),
            length: at.length(),
            quote: at.quote(),
            help: None,
            notes: Vec::new(),
            next_step: code.next_step().to_owned(),
            order: at.order(),
        }
    }

    /// Adds the remark beside the place.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a fact below the quoted line.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Replaces the next step that the code brings along.
    #[must_use]
    pub fn with_next_step(mut self, next_step: impl Into<String>) -> Self {
        self.next_step = next_step.into();
        self
    }

    pub(crate) fn with_suggestion(self, suggestion: Option<&str>) -> Self {
        match suggestion {
            Some(word) => self.with_help(format!("did you mean `{word}`?")),
            None => self,
        }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render())
    }
}

impl std::error::Error for SpecError {}

/// All findings of a load, in the order of the files. Never empty when it is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SpecErrors {
    pub(super) errors: Vec<SpecError>,
}

impl SpecErrors {
    /// Sorts findings by file and place.
    pub(crate) fn new(mut errors: Vec<SpecError>) -> Self {
        errors.sort_by(|a, b| {
            (a.order, a.line, a.column, a.severity).cmp(&(b.order, b.line, b.column, b.severity))
        });
        errors.dedup();
        Self { errors }
    }

    /// The findings in order.
    pub fn iter(&self) -> std::slice::Iter<'_, SpecError> {
        self.errors.iter()
    }

    /// How many findings there are, warnings included.
    pub fn len(&self) -> usize {
        self.errors.len()
    }

    /// Whether there is no finding.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The findings as a list.
    pub fn into_vec(self) -> Vec<SpecError> {
        self.errors
    }
}

impl<'a> IntoIterator for &'a SpecErrors {
    type Item = &'a SpecError;
    type IntoIter = std::slice::Iter<'a, SpecError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.iter()
    }
}

impl fmt::Display for SpecErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render())
    }
}

impl std::error::Error for SpecErrors {}

/// Findings beyond this number are dropped: nobody reads them, and a hostile file could make millions.
const MOST_FINDINGS: usize = 200;

/// Where a load collects its findings.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<SpecError>,
}

impl Problems {
    pub(crate) fn push(&mut self, error: SpecError) {
        if self.list.len() < MOST_FINDINGS
            || error.severity == Severity::Error && !self.has_errors()
        {
            self.list.push(error);
        }
    }

    pub(crate) fn extend(&mut self, errors: impl IntoIterator<Item = SpecError>) {
        for error in errors {
            self.push(error);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.list.iter().any(|error| error.severity == Severity::Error)
    }

    /// Whether further findings would be dropped.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MOST_FINDINGS
    }

    /// Hides texts wherever a finding shows them: a second line of defence after messages that avoid them.
    pub(crate) fn hide(&mut self, hidden: &[(String, String)]) {
        for error in &mut self.list {
            for text in
                std::iter::once(&mut error.summary).chain(&mut error.help).chain(&mut error.notes)
            {
                for (secret, marker) in hidden {
                    if text.contains(secret) {
                        *text = text.replace(secret, marker);
                    }
                }
            }
        }
    }

    /// All findings. What follows only from a value that could not be interpolated is left out.
    pub(crate) fn into_list(mut self) -> SpecErrors {
        let place = |error: &SpecError| (error.order, error.line, error.column);
        let unresolved: HashSet<_> =
            self.list.iter().filter(|error| is_unresolved(error.code)).map(place).collect();
        self.list.retain(|error| is_unresolved(error.code) || !unresolved.contains(&place(error)));
        SpecErrors::new(self.list)
    }
}

fn is_unresolved(code: Code) -> bool {
    matches!(code, Code::Interpolation | Code::MissingEnvironment | Code::UnreadableFile)
}
