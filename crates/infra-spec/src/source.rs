//! The files that make up one specification, and places in them.
//!
//! A [`Location`] keeps its file alive, so that an error found long after reading can still quote the line.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Code, Severity, SpecError};
use crate::secret::{hide_literal_secret, opens_secret};

/// The longest line that is quoted whole, in characters.
const LONGEST_QUOTE: usize = 160;
/// How many lines above are looked at for the key that a line belongs to.
const LONGEST_BLOCK: usize = 200;
/// The last column up to which a line is quoted and measured.
const FARTHEST_COLUMN: usize = 600;

/// The `-f` files in their order: the first is the base, each further one overlays what stands before it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<(String, Vec<u8>)>,
}

impl Sources {
    /// No file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One file, as text.
    pub fn single(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self::new().with(path, content)
    }

    /// Adds a file that overlays those before it. `path` is shown in errors and is the base of relative paths.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.push(path, content);
        self
    }

    /// Adds a file that overlays those before it.
    pub fn push(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.push((path.into(), content.into()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }
}

/// One decoded file.
pub(crate) struct SourceText {
    pub(crate) path: String,
    pub(crate) order: usize,
    lines: Vec<String>,
}

impl SourceText {
    pub(crate) fn new(path: &str, order: usize, text: &str) -> Arc<Self> {
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect();
        Arc::new(Self { path: path.to_owned(), order, lines })
    }

    fn line(&self, line: usize) -> &str {
        line.checked_sub(1).and_then(|index| self.lines.get(index)).map_or("", String::as_str)
    }

    /// Whether a line continues a value that began below a secret key (`token: |` and the lines after it).
    fn is_inside_secret(&self, line: usize) -> bool {
        let indent = |text: &str| text.len() - text.trim_start().len();
        let mut level = indent(self.line(line));
        for above in (line.saturating_sub(LONGEST_BLOCK).max(1)..line).rev() {
            let text = self.line(above);
            if text.trim().is_empty() || indent(text) >= level {
                continue;
            }
            if opens_secret(text) {
                return true;
            }
            level = indent(text);
        }
        false
    }
}

/// A place in one of the user's files.
#[derive(Clone)]
pub struct Location {
    source: Arc<SourceText>,
    line: usize,
    column: usize,
    length: usize,
}

impl Location {
    /// A place. A length that runs past the end of the line is cut there when it is asked for.
    pub(crate) fn new(source: &Arc<SourceText>, line: usize, column: usize, length: usize) -> Self {
        Self { source: Arc::clone(source), line, column, length }
    }

    /// The file as it was named.
    pub fn file(&self) -> &str {
        &self.source.path
    }

    /// Line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column in characters, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Characters covered on the line, at least 1.
    pub fn length(&self) -> usize {
        // Far out on a monstrous line the exact length is not worth counting.
        if self.column > FARTHEST_COLUMN {
            return 1;
        }
        let line = self.source.line(self.line);
        let before = self.column.saturating_sub(1);
        line.chars().skip(before).take(self.length.min(FARTHEST_COLUMN)).count().max(1)
    }

    /// The folder of the file: what relative paths at this place start from.
    pub fn base_dir(&self) -> PathBuf {
        Path::new(&self.source.path).parent().map(Path::to_path_buf).unwrap_or_default()
    }

    pub(crate) fn order(&self) -> usize {
        self.source.order
    }

    /// The line, with a literal secret in it hidden, and cut if very long.
    pub(crate) fn quote(&self) -> String {
        let keep = if self.column > FARTHEST_COLUMN {
            LONGEST_QUOTE
        } else {
            LONGEST_QUOTE.max(self.column.saturating_add(20))
        };
        let line = self.source.line(self.line);
        let shown: String = line.chars().take(keep).collect();
        let cut = shown.len() < line.len();
        if self.source.is_inside_secret(self.line) {
            let indent = shown.len() - shown.trim_start().len();
            return format!("{}(secret)", &shown[..indent]);
        }
        hide_literal_secret(&shown) + if cut { "..." } else { "" }
    }

    /// An error at this place.
    pub fn error(&self, code: Code, summary: impl Into<String>) -> SpecError {
        SpecError::new(Severity::Error, code, self, summary.into())
    }

    /// A warning at this place.
    pub fn warning(&self, code: Code, summary: impl Into<String>) -> SpecError {
        SpecError::new(Severity::Warning, code, self, summary.into())
    }

    /// A note at this place.
    pub fn note(&self, code: Code, summary: impl Into<String>) -> SpecError {
        SpecError::new(Severity::Note, code, self, summary.into())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source.path, self.line, self.column)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
