//! [`Resource`]: what the engine calls.

use std::time::Duration;

use futures::future::BoxFuture;
use infra_plan::{Address, Change, Kind, Observed, Value};
use serde::de::DeserializeOwned;

use crate::{Context, ErrorKind, ProviderError};

/// The resource that a call is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its address.
    pub address: Address,
    /// Its id in the cloud, if it is known.
    pub id: Option<String>,
    /// Its fields; everything is bound when it is created, changed or waited for. While planning, parts may be unknown.
    pub inputs: Value,
    /// The inputs of the last successful run, if there was one.
    pub prior: Option<Value>,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Created {
    /// Id in the cloud.
    pub id: String,
    /// What others may refer to, as far as it is known already; the rest comes when it is ready.
    pub outputs: Value,
}

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It can be used.
    Ready,
    /// It is gone.
    Gone,
}

/// One kind of resource of one provider. Futures are boxed because the engine holds resources of all kinds side by side.
///
/// Errors are [`ProviderError`]s everywhere; those whose outcome is unknown say so ([`crate::Retry::UnknownOutcome`]).
pub trait Resource: Send + Sync {
    /// What the planner must know of the kind.
    fn kind(&self) -> &'static Kind;

    /// Looks it up, by id or, without one, by the owner marker or whatever its identity class allows. Has no side effects (rule
    /// P-01). `None` if it is not there.
    fn observe<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Observed>, ProviderError>>;

    /// For an unmarkable kind: what the listing says before a creation. It is kept in the intent and handed to `settle`.
    fn listing_before<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Option<Value>, ProviderError>> {
        Box::pin(async { Ok(None) })
    }

    /// For an unmarkable kind: the id of what a creation of unknown outcome has made, told by the listing before.
    fn settle<'call>(
        &'call self,
        _context: &'call Context,
        _subject: &'call Subject,
        _listing_before: &'call Value,
    ) -> BoxFuture<'call, Result<Option<String>, ProviderError>> {
        Box::pin(async { Ok(None) })
    }

    /// Makes it. Returns when the cloud has accepted; twice with one marker gives one object (rule P-02).
    fn create<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<Created, ProviderError>>;

    /// Changes it in place, as `changes` say; gives the outputs.
    fn update<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        changes: &'call [Change],
    ) -> BoxFuture<'call, Result<Value, ProviderError>>;

    /// Starts to delete it; succeeds if it is not there (rule P-03). The engine waits for it to be gone afterwards.
    fn delete<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
    ) -> BoxFuture<'call, Result<(), ProviderError>>;

    /// Waits until the goal is reached; says what it waits for and why that does not come; ends at once when it never will. Has a
    /// deadline of its own (rule P-12). Gives the outputs.
    fn wait<'call>(
        &'call self,
        context: &'call Context,
        subject: &'call Subject,
        goal: Goal,
    ) -> BoxFuture<'call, Result<Value, ProviderError>>;

    /// How long a mutating call may take on the wall, at most: the lease must outlive it.
    fn call_limit(&self) -> Duration {
        Duration::from_secs(45)
    }
}

/// Reads inputs or outputs as a type of the provider. Secrets are read in clear.
///
/// # Errors
/// When something is unknown, or of another shape than the type; that is a fault of the program or of an edited plan.
pub fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, ProviderError> {
    let json = value.to_clear_json().ok_or_else(|| {
        ProviderError::new(
            ErrorKind::Unexpected,
            "read the inputs",
            "a value is not known, or is sealed",
        )
    })?;
    serde_json::from_value(json).map_err(|error| {
        ProviderError::new(
            ErrorKind::Unexpected,
            "read the inputs",
            "they do not have the expected form",
        )
        .source(error)
    })
}
