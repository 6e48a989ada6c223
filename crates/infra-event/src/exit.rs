//! Exit codes: a public contract, documented in the README.

use serde::{Deserialize, Serialize};

/// How a command ended, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitCode {
    /// 0: done.
    Done,
    /// 1: something failed.
    Failed,
    /// 2: there are changes (`plan --exit-code`, `drift`).
    Changes,
    /// 3: the file or the arguments are invalid.
    Invalid,
    /// 4: the state is locked by another run.
    Locked,
    /// 5: credentials are missing, wrong or expired.
    Credentials,
    /// 6: a quota or the capacity does not suffice.
    Quota,
    /// 7: something was left over after a destroy.
    Leftovers,
    /// 8: the world moved since the plan was made.
    Stale,
    /// 130: cancelled.
    Cancelled,
}

impl ExitCode {
    /// Every exit code, for documents and tests.
    pub const ALL: [ExitCode; 10] = [
        Self::Done,
        Self::Failed,
        Self::Changes,
        Self::Invalid,
        Self::Locked,
        Self::Credentials,
        Self::Quota,
        Self::Leftovers,
        Self::Stale,
        Self::Cancelled,
    ];

    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Invalid => 3,
            Self::Locked => 4,
            Self::Credentials => 5,
            Self::Quota => 6,
            Self::Leftovers => 7,
            Self::Stale => 8,
            Self::Cancelled => 130,
        }
    }
}
