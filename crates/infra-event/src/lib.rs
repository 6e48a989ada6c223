//! Events, diagnostics and exit codes: plain data.
//!
//! A run tells what it does in one ordered stream of [`Envelope`]s. The terminal, plain lines, JSON lines, the recorder and the HTML
//! report are listeners to that stream; none of them can change the course of the run. Nothing here prints, waits or knows a
//! terminal.

mod diagnostic;
mod event;
mod exit;
mod outline;
mod stream;

pub use diagnostic::{Diagnostic, NextStep, Severity, SourceLocation};
pub use event::{Body, Endpoint, Envelope, Leftover, OperationOutcome, RunOutcome, SCHEMA_VERSION};
pub use exit::ExitCode;
pub use outline::{Action, Outline, OutlineOperation, Totals};
pub use stream::{Emitter, Listener, Stream};

pub use stream::Now;
