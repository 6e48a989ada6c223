//! [`Context`]: what a resource gets with each call: clock, cancellation, identity, and a way to say what it does.

use std::sync::Arc;

use infra_clock::WorldClock;
use infra_event::{Body, Emitter};
use infra_plan::{Address, Marker};
use tokio_util::sync::CancellationToken;

use crate::access::AccessSource;

/// Tells the listeners of a run what one operation does. Without a run (while planning) it tells nobody.
#[derive(Clone, Default)]
pub struct Progress {
    emitter: Option<Emitter>,
    operation: u32,
    address: String,
}

impl Progress {
    /// Tells the listeners about operation number `operation` on `address`.
    pub fn new(emitter: Emitter, operation: u32, address: &Address) -> Self {
        Self { emitter: Some(emitter), operation, address: address.to_string() }
    }

    /// Whether anybody is told: in a run, not while planning.
    pub fn is_heard(&self) -> bool {
        self.emitter.is_some()
    }

    /// Says what is being done.
    pub fn message(&self, message: impl Into<String>) {
        self.emit(Body::OperationProgressed { operation: self.operation, message: message.into() });
    }

    /// Says what is being waited for, and what is in the way.
    pub fn waiting(&self, reason: impl Into<String>, blocked: Option<String>) {
        self.emit(Body::WaitProgressed {
            operation: self.operation,
            reason: reason.into(),
            blocked,
        });
    }

    /// Says that a request is tried again.
    pub fn retrying(&self, attempt: u32, reason: impl Into<String>, delay: std::time::Duration) {
        let (reason, delay) = (reason.into(), delay.as_secs_f64());
        self.emit(Body::OperationRetried { operation: self.operation, attempt, reason, delay });
    }

    /// Hands on a line that a program on the other side printed.
    pub fn log(&self, source: impl Into<String>, line: impl Into<String>) {
        let (source, line) = (source.into(), line.into());
        self.emit(Body::LogLine { operation: self.operation, source, line });
    }

    /// Publishes an event of any other kind about this resource.
    pub fn emit(&self, body: Body) {
        if let Some(emitter) = &self.emitter {
            emitter.emit_about(self.address.clone(), body);
        }
    }
}

/// What a resource gets with each call.
#[derive(Clone)]
pub struct Context {
    /// World time.
    pub clock: WorldClock,
    /// Tells what is going on.
    pub progress: Progress,
    /// Cancelled when the run is to stop.
    pub cancel: CancellationToken,
    /// The deployment, from which owner markers are made.
    pub deployment: Marker,
    /// Access to clusters.
    pub access: Arc<dyn AccessSource>,
}

impl Context {
    /// The same context, telling about another operation.
    #[must_use]
    pub fn with_progress(&self, progress: Progress) -> Self {
        Self { progress, ..self.clone() }
    }
}
