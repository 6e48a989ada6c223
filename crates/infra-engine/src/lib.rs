//! The executor: the only caller of providers.
//!
//! A library without global state: several runs can live in one process. The [`Fleet`] says who answers for which resource, the
//! [`Ledger`] keeps what was intended and done, [`survey_world`] looks at everything before planning, and [`Executor`] carries a plan
//! out. It chooses nothing but retry, wait and stop.

mod access;
mod entry;
mod executor;
mod fleet;
mod knowledge;
mod ledger;
mod observe;
mod perform;
mod refresh;
mod settle;
mod state;

pub use access::RunAccess;
pub use entry::{Entry, Intent};
pub use executor::{Executor, Finished, Limits};
pub use fleet::{Fleet, LocalResources};
pub use knowledge::{Knowledge, SharedKnowledge};
pub use ledger::{Ledger, LedgerError, MemoryLedger};
pub use observe::{Look, WorldView, survey_world};
pub use refresh::refresh_records;
pub use settle::settle;
pub use state::{
    DeploymentState, StateLedger, StateSession, seal, state_diagnostic, unseal, unseal_knowledge,
};
