//! [`JsonLines`]: every event as one line of JSON, for programs and for the recording of a run.

use std::io::{Error, Write};

use infra_event::{Envelope, Listener};

/// What is told, once, that nothing more is written.
type OnError = Box<dyn FnOnce(Error) + Send>;

/// Writes each event as one line of JSON and flushes after each, so that a reader sees it at once and a killed run keeps it.
pub struct JsonLines {
    out: Option<Box<dyn Write + Send>>,
    on_error: Option<OnError>,
}

impl JsonLines {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out: Some(out), on_error: None }
    }

    /// Calls `told` when writing fails (a closed pipe, a full disk). Nothing more is written then; the run is not affected.
    #[must_use]
    pub fn on_error(mut self, told: impl FnOnce(Error) + Send + 'static) -> Self {
        self.on_error = Some(Box::new(told));
        self
    }
}

fn write(out: &mut dyn Write, event: &Envelope) -> Result<(), Error> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

impl Listener for JsonLines {
    fn event(&mut self, event: &Envelope) {
        let Some(out) = self.out.as_mut() else { return };
        if let Err(error) = write(out, event) {
            self.out = None;
            if let Some(told) = self.on_error.take() {
                told(error);
            }
        }
    }
}
