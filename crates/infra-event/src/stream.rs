//! [`Stream`]: puts the events of a run in order and hands them to listeners on a thread of their own.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Body, Envelope, SCHEMA_VERSION};

/// Somebody who is told what happens. It cannot answer.
pub trait Listener: Send {
    /// Takes an event.
    fn event(&mut self, event: &Envelope);

    /// Called a few times a second while the run goes on, for animations. `elapsed` is in world seconds since the run began.
    fn tick(&mut self, elapsed: f64) {
        let _ = elapsed;
    }

    /// Called once, after the last event.
    fn finish(&mut self) {}
}

/// Reads the present: wall time as RFC 3339 text, and world seconds since the run began.
pub type Now = Arc<dyn Fn() -> (String, f64) + Send + Sync>;

/// Sends events into a run's stream; cheap to clone.
#[derive(Clone)]
pub struct Emitter {
    inner: Arc<Mutex<Ordered>>,
}

struct Ordered {
    run: String,
    sequence: u64,
    now: Now,
    sender: mpsc::Sender<Envelope>,
}

impl Emitter {
    /// Sends an event about no particular resource.
    pub fn emit(&self, body: Body) {
        self.send(None, body);
    }

    /// Sends an event about a resource.
    pub fn emit_about(&self, address: impl Into<String>, body: Body) {
        self.send(Some(address.into()), body);
    }

    /// World seconds since the run began.
    pub fn elapsed(&self) -> f64 {
        let now = {
            let ordered = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(&ordered.now)
        };
        now().1
    }

    fn send(&self, address: Option<String>, body: Body) {
        let mut ordered = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        ordered.sequence += 1;
        let (time, elapsed) = (ordered.now)();
        let envelope = Envelope {
            schema: SCHEMA_VERSION,
            run: ordered.run.clone(),
            sequence: ordered.sequence,
            time,
            elapsed,
            address,
            body,
        };
        // The receiver lives as long as the stream; after that nobody listens any more.
        let _ = ordered.sender.send(envelope);
    }
}

/// The stream of one run.
pub struct Stream {
    emitter: Option<Emitter>,
    thread: Option<JoinHandle<()>>,
}

/// How often listeners are ticked.
const TICK: Duration = Duration::from_millis(100);

impl Stream {
    /// Starts the stream of the run with this id. `now` is asked for the times of each event.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(
        run: impl Into<String>,
        now: Now,
        mut listeners: Vec<Box<dyn Listener>>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let emitter = Emitter {
            inner: Arc::new(Mutex::new(Ordered {
                run: run.into(),
                sequence: 0,
                now: Arc::clone(&now),
                sender,
            })),
        };
        let thread = std::thread::Builder::new().name("events".into()).spawn(move || {
            loop {
                match receiver.recv_timeout(TICK) {
                    Ok(event) => {
                        listeners.iter_mut().for_each(|listener| listener.event(&event));
                        if matches!(event.body, Body::RunFinished { .. }) {
                            break;
                        }
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        let (_, elapsed) = now();
                        listeners.iter_mut().for_each(|listener| listener.tick(elapsed));
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
            }
            listeners.iter_mut().for_each(|listener| listener.finish());
        })?;
        Ok(Self { emitter: Some(emitter), thread: Some(thread) })
    }

    /// A sender of events. The stream ends with [`Body::RunFinished`], or when it is closed and all senders are gone.
    pub fn emitter(&self) -> Option<Emitter> {
        self.emitter.clone()
    }

    /// Waits until every listener has seen every event, up to [`Body::RunFinished`].
    pub fn close(mut self) {
        self.emitter = None;
        if let Some(thread) = self.thread.take() {
            // A listener that panicked has printed why; the run's outcome does not depend on it.
            let _ = thread.join();
        }
    }
}
