//! The state as the engine needs it: knowledge folded from the journal, and a ledger on a locked state. Secrets are sealed on the way
//! in and opened on the way out; in the store there is none in clear.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use infra_event::{Diagnostic, ExitCode, NextStep};
use infra_plan::{Secret, Value};
use infra_state::{
    ErrorKind, ExposeSecret, Fold, JournalError, LeaseError, Sealer, SecretsError, Session,
    StateError,
};

use crate::{Entry, Knowledge, Ledger, LedgerError};

/// A locked state.
pub type StateSession = Session<Knowledge, Entry>;
/// A state.
pub type DeploymentState = infra_state::State<Knowledge, Entry>;

impl Fold<Entry> for Knowledge {
    fn apply(&mut self, entry: &Entry) {
        self.take(entry.clone());
    }
}

/// A ledger on a locked state.
pub struct StateLedger {
    session: Arc<StateSession>,
}

impl StateLedger {
    /// Writes to this session.
    pub fn new(session: Arc<StateSession>) -> Self {
        Self { session }
    }
}

impl Ledger for StateLedger {
    fn append(&self, entry: Entry) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move {
            let sealer = self.session.sealer();
            let sealed = entry
                .map_values(|value| seal(sealer, value))
                .map_err(|error| LedgerError(of_secrets(&error)))?;
            self.session.append(sealed).await.map_err(|error| LedgerError(of_journal(&error)))?;
            Ok(())
        })
    }

    fn ensure_outlives(&self, duration: Duration) -> BoxFuture<'_, Result<(), LedgerError>> {
        Box::pin(async move {
            self.session
                .ensure_outlives(duration)
                .await
                .map_err(|error| LedgerError(of_lease(&error)))
        })
    }
}

/// The value with every secret in clear sealed.
///
/// # Errors
/// When a secret cannot be sealed.
pub fn seal(sealer: &Sealer, value: &Value) -> Result<Value, SecretsError> {
    value.map_secrets(&mut |secret| match secret.expose() {
        Some(text) => Ok(Secret::sealed(sealer.seal(text.as_bytes())?)),
        None => Ok(secret.clone()),
    })
}

/// The value with every sealed secret opened.
///
/// # Errors
/// When a secret was sealed with another key.
pub fn unseal(sealer: &Sealer, value: &Value) -> Result<Value, SecretsError> {
    value.map_secrets(&mut |secret| match secret.sealed_text() {
        Some(text) => Ok(Secret::new(sealer.open_text(text)?.expose_secret().to_owned())),
        None => Ok(secret.clone()),
    })
}

/// The knowledge with every sealed secret opened.
///
/// # Errors
/// When a secret was sealed with another key.
pub fn unseal_knowledge(
    sealer: &Sealer,
    mut knowledge: Knowledge,
) -> Result<Knowledge, SecretsError> {
    for record in knowledge.records.values_mut() {
        record.inputs = unseal(sealer, &record.inputs)?;
        record.outputs = unseal(sealer, &record.outputs)?;
    }
    for intent in knowledge.unsettled.values_mut() {
        intent.inputs = unseal(sealer, &intent.inputs)?;
    }
    Ok(knowledge)
}

/// A failure of the state as people are told it.
pub fn state_diagnostic(error: &StateError) -> Diagnostic {
    told(error.kind(), error, error.next_step())
}

fn of_journal(error: &JournalError) -> Diagnostic {
    told(error.kind(), error, error.next_step())
}

fn of_lease(error: &LeaseError) -> Diagnostic {
    told(error.kind(), error, error.next_step())
}

fn of_secrets(error: &SecretsError) -> Diagnostic {
    told(error.kind(), error, error.next_step())
}

fn told(kind: ErrorKind, error: &(dyn std::error::Error + 'static), next: String) -> Diagnostic {
    let exit = ExitCode::ALL.into_iter().find(|exit| exit.code() == kind.exit_code());
    Diagnostic::error("state", error.to_string())
        .caused_by(error)
        .next(NextStep::Set { what: next })
        .exit(exit.unwrap_or(ExitCode::Failed))
}
