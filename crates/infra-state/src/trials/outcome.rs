//! What a trial is, what it says, and the list of all trials.

use std::fmt;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};

use super::{journal, lease, state, store};
use crate::store::Store;

/// Makes a new, empty store at every call.
pub type StoreFactory = Arc<dyn Fn() -> Arc<dyn Store> + Send + Sync>;

/// Why a trial failed: an expectation in words, or the error that came instead.
#[derive(Debug)]
pub struct TrialFailure(String);

impl TrialFailure {
    /// A failure in words.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for TrialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for TrialFailure {
    fn from(error: E) -> Self {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            reason.push_str(": ");
            reason.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(reason)
    }
}

/// How a trial ends.
pub type TrialResult = Result<(), TrialFailure>;

/// Fails with `expectation` unless it holds.
pub(super) fn ensure(holds: bool, expectation: impl Into<String>) -> TrialResult {
    if holds { Ok(()) } else { Err(TrialFailure::new(expectation)) }
}

/// Fails unless both are equal, and shows them.
pub(super) fn ensure_equal<T: PartialEq + fmt::Debug>(
    found: &T,
    expected: &T,
    what: &str,
) -> TrialResult {
    ensure(found == expected, format!("{what}: {found:?} instead of {expected:?}"))
}

/// A trial and its name.
pub struct Trial {
    /// Its name, which says what must hold.
    pub name: &'static str,
    run: fn(StoreFactory) -> BoxFuture<'static, TrialResult>,
}

impl Trial {
    /// Runs the trial on stores of `factory`.
    ///
    /// # Errors
    /// What did not hold.
    pub async fn run(&self, factory: StoreFactory) -> TrialResult {
        (self.run)(factory).await
    }
}

macro_rules! trials {
    ($($module:ident :: $name:ident),* $(,)?) => {
        vec![$(Trial { name: stringify!($name), run: |factory| $module::$name(factory).boxed() }),*]
    };
}

/// All trials. They need a multi-threaded runtime.
pub fn all() -> Vec<Trial> {
    trials![
        store::conditions_are_honoured,
        store::creating_is_exclusive,
        store::no_swap_is_lost,
        store::deleting_checks_its_precondition,
        store::many_are_deleted_at_once,
        store::listing_is_sorted_and_by_prefix,
        store::contents_come_back_as_they_were,
        store::illegal_keys_are_refused,
        lease::one_of_twenty_gets_the_lease,
        lease::a_released_lease_is_free,
        lease::a_dropped_lease_is_given_back,
        lease::a_silent_holder_is_replaced_after_its_time_to_live,
        lease::a_living_holder_is_not_replaced,
        lease::a_dead_process_of_this_machine_is_replaced_at_once,
        lease::the_heartbeat_extends_the_lease,
        lease::a_lease_can_be_unlocked_by_its_id,
        lease::calls_that_outlast_the_lease_are_refused,
        journal::entries_keep_their_order,
        journal::what_waits_goes_out_together,
        journal::a_stale_writer_is_refused,
        journal::a_writer_past_its_lease_is_refused,
        journal::a_writer_paused_in_the_middle_of_its_write_does_not_act,
        journal::a_lost_answer_is_no_loss,
        journal::a_full_disk_loses_nothing,
        journal::a_caller_that_stops_waiting_leaves_no_hole,
        journal::a_gap_is_reported,
        journal::damage_is_reported_with_its_key,
        state::content_survives_runs,
        state::modes_and_names_are_kept_apart,
        state::a_newer_state_is_refused,
        state::readers_are_not_disturbed_by_snapshots,
        state::a_stale_holder_cannot_move_the_head,
        state::snapshots_and_journal_are_pruned,
        state::a_run_killed_at_any_write_is_resumed,
        state::secrets_are_not_stored_in_clear_text,
        state::keys_can_be_changed,
        state::runs_are_recorded,
    ]
}
