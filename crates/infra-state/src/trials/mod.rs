//! What every store must do, and what the state must do on every store: trials to be run for each backend.
//!
//! A trial takes a factory of empty stores and says what went wrong. None of them sleeps: time comes from clocks that the trial moves.

mod clocks;
mod faults;
mod journal;
mod lease;
mod outcome;
mod state;
mod store;

pub use clocks::{PacedClock, StandingClock};
pub use faults::{Fault, FaultStore, PausingStore};
pub use journal::*;
pub use lease::*;
pub use outcome::{StoreFactory, Trial, TrialFailure, TrialResult, all};
pub use state::*;
pub use store::*;
