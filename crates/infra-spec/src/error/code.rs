//! The stable codes of findings: what scripts and documentation refer to.

use serde::Serialize;

/// The stable code of a finding. Written in kebab case (`unknown-key`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The text is no YAML.
    Syntax,
    /// The file is not UTF-8.
    Encoding,
    /// The file is larger, deeper or more repetitive than any real file.
    TooLarge,
    /// There is nothing in the file.
    EmptyFile,
    /// The file holds several YAML documents.
    SeveralDocuments,
    /// A key stands twice in one map.
    DuplicateKey,
    /// A key that nothing reads.
    UnknownKey,
    /// A key that is needed is not there.
    MissingKey,
    /// A value of another type than the one expected.
    WrongType,
    /// A value of the right type that means nothing here.
    InvalidValue,
    /// A name that the rules for names refuse.
    InvalidName,
    /// Two things of one kind with one name.
    DuplicateName,
    /// A name that refers to nothing.
    UnknownReference,
    /// A name is needed because there are several to choose from.
    AmbiguousReference,
    /// `after` leads back to where it began.
    Cycle,
    /// Keys that exclude each other.
    Conflict,
    /// `${...}` that is neither `env` nor `file`.
    Interpolation,
    /// An environment variable is not set.
    MissingEnvironment,
    /// A file named by `${file:...}` cannot be read.
    UnreadableFile,
    /// A provider that the file or this program does not know.
    UnknownProvider,
    /// A secret stands in the file in clear text.
    LiteralSecret,
    /// A value was stood in for, because the run is a rehearsal.
    StandIn,
    /// Something has no effect.
    NoEffect,
    /// A choice that works and is seldom meant.
    Unwise,
}

impl Code {
    /// The code as it is written in output: kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::TooLarge => "too-large",
            Self::EmptyFile => "empty-file",
            Self::SeveralDocuments => "several-documents",
            Self::DuplicateKey => "duplicate-key",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::InvalidValue => "invalid-value",
            Self::InvalidName => "invalid-name",
            Self::DuplicateName => "duplicate-name",
            Self::UnknownReference => "unknown-reference",
            Self::AmbiguousReference => "ambiguous-reference",
            Self::Cycle => "cycle",
            Self::Conflict => "conflict",
            Self::Interpolation => "interpolation",
            Self::MissingEnvironment => "missing-environment",
            Self::UnreadableFile => "unreadable-file",
            Self::UnknownProvider => "unknown-provider",
            Self::LiteralSecret => "literal-secret",
            Self::StandIn => "stand-in",
            Self::NoEffect => "no-effect",
            Self::Unwise => "unwise",
        }
    }

    /// What to do next when the finding itself says nothing more specific.
    pub fn next_step(self) -> &'static str {
        match self {
            Self::Syntax => {
                "correct the YAML at this place; indent with spaces, and quote text that holds `: ` or ` #`"
            }
            Self::Encoding => "save the file as UTF-8",
            Self::TooLarge => "split the file, or move long content to files of its own",
            Self::EmptyFile => "write a starter file with `infra init`",
            Self::SeveralDocuments => {
                "keep one document; put the others in files of their own and give each with `-f`"
            }
            Self::DuplicateKey => "remove one of the two",
            Self::UnknownKey => "correct or remove the key; `infra schema` lists all of them",
            Self::MissingKey => "add the key",
            Self::WrongType | Self::InvalidValue => {
                "correct the value; `infra schema` describes it"
            }
            Self::InvalidName => "choose another name",
            Self::DuplicateName => "rename or remove one of the two",
            Self::UnknownReference => "correct the name, or add what it refers to",
            Self::AmbiguousReference => "name one of them",
            Self::Cycle => "remove one `after` of the circle",
            Self::Conflict => "keep one of them",
            Self::Interpolation => {
                "write `${env:NAME}` or `${file:path}`; for a literal `${` write `$${`"
            }
            Self::MissingEnvironment => "set the variable and run the command again",
            Self::UnreadableFile => {
                "create the file or correct its path; it is relative to the file that names it"
            }
            Self::UnknownProvider => {
                "choose one of the providers of the file, or add a block under `providers`"
            }
            Self::LiteralSecret => {
                "move it to the environment and write `${env:NAME}`, or to a file and write `${file:path}`"
            }
            Self::StandIn => "nothing for a rehearsal; set it before a real run",
            Self::NoEffect => "remove it, or correct what it was meant for",
            Self::Unwise => "leave it if it is meant so",
        }
    }
}
