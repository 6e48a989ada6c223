//! Tokens of the scanner, places in the text, faults.

/// A place: characters from the start, line and column, all from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarStyle {
    Plain,
    Quoted,
    Block,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamEnd,
    VersionDirective,
    TagDirective(Vec<u8>, Vec<u8>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Vec<u8>),
    Anchor(Vec<u8>),
    /// Handle and suffix.
    Tag(Vec<u8>, Vec<u8>),
    Scalar(Vec<u8>, ScalarStyle),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) mark: Mark,
}

/// Why a text is not YAML, in go-yaml's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) String);

impl Fault {
    fn at(line: usize, problem: &str) -> Self {
        if line == 0 { Self::plain(problem) } else { Self(format!("yaml: line {line}: {problem}")) }
    }

    pub(super) fn plain(problem: &str) -> Self {
        Self(format!("yaml: {problem}"))
    }

    /// The scanner counts lines from zero, and names none for the first.
    pub(super) fn scanner(context: Mark, problem: Mark, text: &str) -> Self {
        if problem.line != 0 {
            Self::at(problem.line + 1, text)
        } else {
            Self::at(context.line, text)
        }
    }

    pub(super) fn parser(context: Mark, problem: Mark, text: &str) -> Self {
        Self::at(if problem.line != 0 { problem.line } else { context.line }, text)
    }
}
