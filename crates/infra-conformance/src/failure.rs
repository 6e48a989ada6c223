//! [`Failure`]: why a trial failed, in words.

use std::fmt;

use infra_event::Diagnostic;
use infra_provider::ProviderError;

/// Why a trial failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure(pub(crate) String);

/// How a trial ends.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// A failure of something that could not even be tried.
    pub(crate) fn of(what: &str, error: impl fmt::Display) -> Self {
        Self(format!("{what}: {error}"))
    }

    /// Diagnostics as one failure.
    pub(crate) fn told(what: &str, diagnostics: &[Diagnostic]) -> Self {
        let lines: Vec<String> = diagnostics
            .iter()
            .map(|one| {
                let detail = one.detail.iter().chain(&one.causes).cloned().collect::<Vec<_>>();
                format!("[{}] {one} {}", one.code, detail.join("; "))
            })
            .collect();
        Self(format!("{what}: {}", lines.join(" | ")))
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self(format!("{error} ({:?}, {:?})", error.kind, error.retry))
    }
}

/// Fails with `expectation` unless it holds.
pub(crate) fn ensure(holds: bool, expectation: impl FnOnce() -> String) -> Result {
    if holds { Ok(()) } else { Err(Failure(expectation())) }
}
