//! Faults of the API server itself: requests that fail, watches that break, history that is short.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A rule by which requests fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestFault {
    /// Verb such as `patch` or `list`; empty for any.
    pub verb: String,
    /// Part of the path; empty for any.
    pub path: String,
    /// Status code of the answer, such as 429, 500 or 503.
    pub code: u16,
    /// `Retry-After` in seconds.
    pub retry_after_seconds: Option<u32>,
    /// How many requests pass before the first that fails.
    pub after: u32,
    /// How many requests fail; 0 for all.
    pub times: u32,
}

/// What goes wrong in the API server.
#[derive(Debug, Default)]
pub struct ApiFaults {
    requests: Mutex<Vec<(RequestFault, u32)>>,
    watch_lifetime: Mutex<Option<Duration>>,
    definitions_stall: AtomicBool,
}

impl ApiFaults {
    /// Adds a rule.
    pub fn fail_requests(&self, rule: RequestFault) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push((rule, 0));
    }

    /// Ends every watch after this wall time.
    pub fn cut_watches(&self, lifetime: Option<Duration>) {
        *self.watch_lifetime.lock().unwrap_or_else(PoisonError::into_inner) = lifetime;
    }

    /// How long a watch may live.
    pub(super) fn watch_lifetime(&self) -> Option<Duration> {
        *self.watch_lifetime.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps new CustomResourceDefinitions from being established.
    pub fn stall_definitions(&self, stall: bool) {
        self.definitions_stall.store(stall, Ordering::Relaxed);
    }

    pub(super) fn definitions_stall(&self) -> bool {
        self.definitions_stall.load(Ordering::Relaxed)
    }

    /// The rule that a request falls under, counting it.
    pub(super) fn of_request(&self, verb: &str, path: &str) -> Option<RequestFault> {
        let mut rules = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for (rule, seen) in rules.iter_mut() {
            let applies = (rule.verb.is_empty() || rule.verb == verb) && path.contains(&rule.path);
            if !applies {
                continue;
            }
            *seen = seen.saturating_add(1);
            let failed_before = seen.saturating_sub(rule.after + 1);
            if *seen > rule.after && (rule.times == 0 || failed_before < rule.times) {
                return Some(rule.clone());
            }
        }
        None
    }
}
