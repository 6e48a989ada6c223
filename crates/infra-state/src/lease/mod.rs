//! The lease: at most one run writes a state at a time, also across machines whose clocks disagree.
//!
//! The holder raises a counter (the heartbeat); a waiter judges it dead when the counter has not changed for one time-to-live on
//! the waiter's own monotonic clock. No two clocks are ever compared. Whoever takes over raises the fencing number, by which
//! the journal and the head refuse the writes of a holder that only slept.

mod acquire;
mod error;
mod guard;
mod holder;
mod process;
mod record;

pub use acquire::{LeaseRequest, acquire, unlock};
pub use error::{LeaseError, LockedError};
pub use guard::LeaseGuard;
pub(crate) use guard::LeaseHandle;
pub use holder::Holder;
pub use record::LeaseRecord;
pub(crate) use record::read;

use std::time::Duration;

/// How long a lease lives without a heartbeat, unless the caller chooses otherwise.
pub const DEFAULT_TIME_TO_LIVE: Duration = Duration::from_secs(60);
