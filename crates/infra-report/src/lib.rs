//! Listeners: events to terminal, plain lines, JSON lines and HTML.
//!
//! [`RunModel`] folds the events of a run into the state of every operation; the live [`Terminal`] tree, the HTML report and the
//! SVG picture are drawn from it. [`Plain`] and [`JsonLines`] write each event as it comes. Recorded runs are read by
//! [`read_events`] and shown again by [`replay`]. Nothing here can change the course of a run.

mod diagnostics;
mod expected;
mod html;
mod json_lines;
mod markup;
mod model;
mod picture;
mod plain;
mod recording;
mod terminal;
mod text;

pub use diagnostics::{diagnostic_lines, print_diagnostic};
pub use expected::ExpectedDurations;
pub use html::{ReportExtras, html_report, read_report};
pub use json_lines::JsonLines;
pub use model::{
    CriticalPath, Group, LeftoverListing, LogEntry, Operation, Phase, Retry, Row, RowState, RunEnd,
    RunModel, WaitSpan,
};
pub use picture::tree_svg;
pub use plain::Plain;
pub use recording::{ReadError, read_events, replay};
pub use terminal::{Frame, Size, Terminal, frame_lines, summary_lines};
pub use text::{Appearance, Line, Span, Style, about, duration};
