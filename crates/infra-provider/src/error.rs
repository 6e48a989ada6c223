//! [`ProviderError`]: what a cloud, a cluster or a host answered, and what to do about it.

use std::fmt;
use std::time::Duration;

use infra_event::{Diagnostic, ExitCode, NextStep};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// It is not there.
    NotFound,
    /// Something of that name is there already.
    AlreadyExists,
    /// It is in a state, or changed meanwhile, so that this cannot be done now.
    Conflict,
    /// A quota or the capacity does not suffice.
    Quota,
    /// Too many requests.
    RateLimited,
    /// Credentials are missing, wrong or expired.
    Unauthenticated,
    /// The credentials do not allow it.
    Forbidden,
    /// The request is wrong.
    Invalid,
    /// The other side cannot be reached, or has a fault of its own.
    Unavailable,
    /// A deadline passed.
    TimedOut,
    /// The other side cannot do this.
    Unsupported,
    /// The run was cancelled.
    Cancelled,
    /// The other side says that it failed for good.
    Failed,
    /// An answer that nobody expected.
    Unexpected,
}

/// Whether it is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// No: the same request gets the same answer.
    Never,
    /// Yes: nothing has happened on the other side.
    Safe,
    /// Unknown whether it happened: look before trying again (rule P-11).
    UnknownOutcome,
}

/// What a cloud, a cluster or a host answered, and what to do about it. Holds no secret (rule P-06).
#[derive(Debug)]
pub struct ProviderError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// Whether it is worth another try.
    pub retry: Retry,
    /// What was being done, such as `create cluster`.
    pub operation: String,
    /// What the other side said.
    pub message: String,
    /// Id of the request, for the support of the cloud.
    pub request_id: Option<String>,
    /// The time that the other side asked to wait.
    pub retry_after: Option<Duration>,
    /// What to do about it.
    pub next_steps: Vec<NextStep>,
    /// What caused it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ProviderError {
    /// An error of a kind; not worth another try, with the next steps that the kind suggests.
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            retry: Retry::Never,
            operation: operation.into(),
            message: message.into(),
            request_id: None,
            retry_after: None,
            next_steps: Vec::new(),
            source: None,
        }
    }

    /// The run was cancelled while this was being done.
    pub fn cancelled(operation: impl Into<String>) -> Self {
        Self::new(ErrorKind::Cancelled, operation, "cancelled")
    }

    /// Says whether it is worth another try.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Adds what can be done about it.
    #[must_use]
    pub fn next(mut self, step: NextStep) -> Self {
        self.next_steps.push(step);
        self
    }

    /// Adds a change of the file or of a setting as the next step.
    #[must_use]
    pub fn set(self, what: impl Into<String>) -> Self {
        self.next(NextStep::Set { what: what.into() })
    }

    /// Adds the cause.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The exit code of a run that fails for this reason.
    pub fn exit(&self) -> ExitCode {
        match self.kind {
            ErrorKind::Quota => ExitCode::Quota,
            ErrorKind::Unauthenticated | ErrorKind::Forbidden => ExitCode::Credentials,
            ErrorKind::Cancelled => ExitCode::Cancelled,
            _ => ExitCode::Failed,
        }
    }

    /// The error as people are told it.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let summary = format!("{}: {}", self.operation, self.message);
        let mut diagnostic =
            Diagnostic::error(self.kind.code(), summary).exit(self.exit()).caused_by(self);
        if let Some(id) = &self.request_id {
            diagnostic = diagnostic.detail(format!("request id {id}"));
        }
        diagnostic.next_steps = self.next_steps.clone();
        if diagnostic.next_steps.is_empty() {
            diagnostic.next_steps.push(self.kind.next_step());
        }
        diagnostic
    }
}

impl ErrorKind {
    /// The stable code of diagnostics of this kind.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::RateLimited => "rate-limited",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Invalid => "refused",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed-out",
            Self::Unsupported => "unsupported",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Unexpected => "unexpected",
        }
    }

    fn next_step(self) -> NextStep {
        let set = |what: &str| NextStep::Set { what: what.into() };
        let retry = |when: &str| NextStep::Retry { when: when.into() };
        match self {
            Self::NotFound => {
                set("check the name in the file against what exists (`infra status`)")
            }
            Self::AlreadyExists => {
                set("choose another name, or say `existing: true` to use what is there")
            }
            Self::Conflict => retry("when the other change has ended"),
            Self::Quota => {
                NextStep::Ask { what: "a higher limit, or make the pools smaller".into() }
            }
            Self::RateLimited => retry("in a minute"),
            Self::Unauthenticated => {
                set("set a valid token (see the provider's README for the variable)")
            }
            Self::Forbidden => {
                NextStep::Ask { what: "the permission named above, for the token in use".into() }
            }
            Self::Invalid => set("correct what the message names in the file"),
            Self::Unavailable => retry("when the other side answers again; nothing is lost"),
            Self::TimedOut => retry("to go on waiting, or raise `timeout`"),
            Self::Unsupported => set("leave this out for this provider"),
            Self::Cancelled => retry("to go on where it stopped"),
            Self::Failed => set("see the reason above; `infra status` shows what is there"),
            Self::Unexpected => set("report it with the request id, if the message does not help"),
        }
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.operation, self.message)
    }
}

impl std::error::Error for ProviderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
