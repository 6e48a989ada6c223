//! From the user's files to objects: templates, YAML, and what is not known yet.

mod preview;
mod template;
mod yaml;

use std::fmt;

use infra_event::{Diagnostic, ExitCode, SourceLocation};
use serde::{Deserialize, Serialize};

pub use preview::{Preview, preview, prove};
pub use template::{is_template, roots};
pub use yaml::{Placed, objects};

/// A file of manifests: `.yaml`, or `.yaml.tera` to be rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Path, as the user knows it.
    pub file: String,
    /// Content.
    pub text: String,
}

/// Why files do not make objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// Path of the file.
    pub file: String,
    /// Line and column, from 1, if they are known.
    pub place: Option<(usize, usize)>,
    /// The line, for quoting; of the rendered text if it is that which is wrong.
    pub quoted: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub next: String,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for RenderError {}

impl RenderError {
    /// The error as people are told it.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error("manifest", self.message.clone())
            .set(self.next.clone())
            .exit(ExitCode::Invalid);
        let (line, column) = self.place.unwrap_or((1, 1));
        diagnostic.location = Some(SourceLocation {
            file: self.file.clone(),
            line,
            column,
            text: self.quoted.clone(),
            length: 1,
        });
        diagnostic
    }
}
