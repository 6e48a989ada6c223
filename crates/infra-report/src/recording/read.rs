//! [`read_events`]: reads a recording, one event per line.

use std::io::BufRead;

use infra_event::{Body, Envelope};

/// Why a recording could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or stream failed.
    #[error("line {line} of the recording could not be read; check the file or the disk")]
    Read {
        /// Line, from 1.
        line: usize,
        /// What failed.
        source: std::io::Error,
    },
    /// A line in the middle is no event.
    #[error(
        "line {line} is no recorded event; give a file written by `--output json` or a recording under runs/"
    )]
    NoEvent {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// There is not a single event.
    #[error("the recording holds no event; the run may have been killed before its first one")]
    Empty,
}

/// Reads the events of a recording. Blank lines are passed over. A last line that is cut off, as a killed run leaves it, is dropped.
/// The body of an event whose form is newer than this program becomes [`Body::Unknown`].
///
/// # Errors
/// When reading fails, or a line that is not the last one is no event.
pub fn read_events(mut reader: impl BufRead) -> Result<Vec<Envelope>, ReadError> {
    let mut events = Vec::new();
    let mut torn = None;
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader
            .read_until(b'\n', &mut text)
            .map_err(|source| ReadError::Read { line, source })?;
        if length == 0 {
            break;
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        // Only a line without its end can be torn; it is the last one.
        match parse(&text) {
            Ok(event) => events.push(event),
            Err(_) if text.last() != Some(&b'\n') => torn = Some(line),
            Err(source) => return Err(ReadError::NoEvent { line, source }),
        }
    }
    match (events.is_empty(), torn) {
        (true, _) => Err(ReadError::Empty),
        (false, _) => Ok(events),
    }
}

/// An event, with an unknown body if just the body is of another form.
fn parse(text: &[u8]) -> Result<Envelope, serde_json::Error> {
    serde_json::from_slice::<Envelope>(text).or_else(|error| {
        let mut value: serde_json::Value = serde_json::from_slice(text)?;
        let typed = value.pointer("/body/type").is_some_and(serde_json::Value::is_string);
        let newer = value
            .get("schema")
            .and_then(serde_json::Value::as_u64)
            .is_some_and(|schema| schema > u64::from(infra_event::SCHEMA_VERSION));
        if !(typed && newer) {
            return Err(error);
        }
        if let Some(body) = value.get_mut("body") {
            *body = serde_json::to_value(Body::Unknown)?;
        }
        serde_json::from_value(value).map_err(|_| error)
    })
}
