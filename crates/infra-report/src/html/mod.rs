//! The HTML report: one self-contained page of a run.

mod diagnostics;
mod embedded;
mod graph;
mod layout;
mod operations;
mod page;
mod tables;
mod timeline;

pub use embedded::read_report;
pub use page::{ReportExtras, html_report};
