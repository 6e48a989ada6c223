//! Recording a run while it runs, without holding it up.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::sink::{EventSink, sink_for};
use super::{RunError, RunRecord, record_key};
use crate::format;
use crate::store::{Precondition, Store, StoreError};

/// Records one run. Events are taken at once and written by a task of their own; a failing disk does not stop the run, and is
/// reported by [`RunRecorder::finish`].
pub struct RunRecorder {
    store: Arc<dyn Store>,
    record: RunRecord,
    messages: mpsc::UnboundedSender<Message>,
}

enum Message {
    Line(String),
    /// Everything before it is to be made durable.
    Flush(oneshot::Sender<Result<(), Arc<StoreError>>>),
}

impl RunRecorder {
    /// Begins the record of a run.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn start(store: Arc<dyn Store>, record: RunRecord) -> Result<Self, RunError> {
        write_record(store.as_ref(), &record).await?;
        let (messages, receiver) = mpsc::unbounded_channel();
        tokio::spawn(write_events(sink_for(&store, &record.id), receiver));
        Ok(Self { store, record, messages })
    }

    /// The run's identity.
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Records one event: a line of JSON, without line feed.
    pub fn record(&self, line: impl Into<String>) {
        // The task ends only with the runtime; then there is nobody left to tell.
        let _ = self.messages.send(Message::Line(line.into()));
    }

    /// Makes everything durable that was recorded so far.
    ///
    /// # Errors
    /// The first error since the beginning.
    pub async fn flush(&self) -> Result<(), RunError> {
        let (done, answer) = oneshot::channel();
        let _ = self.messages.send(Message::Flush(done));
        match answer.await {
            Ok(result) => result.map_err(RunError::Store),
            Err(_) => Ok(()),
        }
    }

    /// Ends the record with the run's outcome.
    ///
    /// # Errors
    /// The first error since the beginning; the outcome is written all the same if that is possible.
    pub async fn finish(mut self, outcome: impl Into<String>) -> Result<RunRecord, RunError> {
        let flushed = self.flush().await;
        self.record.ended = Some(crate::head::now());
        self.record.outcome = Some(outcome.into());
        write_record(self.store.as_ref(), &self.record).await?;
        flushed.map(|()| self.record)
    }
}

async fn write_record(store: &dyn Store, record: &RunRecord) -> Result<(), RunError> {
    let key = record_key(&record.id);
    let content = Bytes::from(format::encode(&key, record)?);
    store.put(&key, content, Precondition::None).await?;
    Ok(())
}

async fn write_events(
    mut sink: Box<dyn EventSink>,
    mut messages: mpsc::UnboundedReceiver<Message>,
) {
    const MOST: usize = 4096;
    let mut failed: Option<Arc<StoreError>> = None;
    let mut group = Vec::new();
    while messages.recv_many(&mut group, MOST).await > 0 {
        let mut lines = Vec::new();
        let mut flushes = Vec::new();
        for message in group.drain(..) {
            match message {
                Message::Line(line) => {
                    // One event is one line, whatever it holds.
                    lines.extend(line.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')));
                    lines.push(b'\n');
                }
                Message::Flush(done) => flushes.push(done),
            }
        }
        if !lines.is_empty()
            && let Err(error) = sink.append(lines).await
        {
            failed.get_or_insert(Arc::new(error));
        }
        if flushes.is_empty() {
            continue;
        }
        if let Err(error) = sink.finish().await {
            failed.get_or_insert(Arc::new(error));
        }
        for done in flushes {
            let _ = done.send(failed.clone().map_or(Ok(()), Err));
        }
    }
    // Whoever dropped the recorder without an outcome still wants the events.
    let _ = sink.finish().await;
}
