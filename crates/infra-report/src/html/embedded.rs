//! The events of a run inside its report, so that the report can be read again.

use std::io::BufReader;

use infra_event::Envelope;

use crate::markup::Markup;
use crate::recording::{ReadError, read_events};

const BEGIN: &str = "<script type=\"application/json-lines\" id=\"events\">\n";
const END: &str = "</script>\n";

/// Adds the events, one per line.
pub(super) fn embed(page: &mut Markup, events: &[Envelope]) {
    page.raw(BEGIN);
    for event in events {
        // Every form of event can be written as JSON; one that could not would be left out, not the report.
        if let Ok(json) = serde_json::to_string(event) {
            page.json(&json).raw("\n");
        }
    }
    page.raw(END);
}

/// Reads the events of a run from its HTML report.
///
/// # Errors
/// When the page holds no events, or a line of them is no event.
pub fn read_report(page: &str) -> Result<Vec<Envelope>, ReadError> {
    let events = page
        .rsplit_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .map_or("", |(events, _)| events);
    read_events(BufReader::new(events.as_bytes()))
}
