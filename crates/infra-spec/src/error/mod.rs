//! What can be wrong with a file, and how it is shown.
//!
//! Every finding has a stable code, a place (file, line, column, length), the quoted line and a next step. Loading
//! collects all findings of all files; nothing stops at the first one.

mod code;
mod diagnostic;
mod problem;
mod render;

pub use code::Code;
pub(crate) use problem::Problems;
pub use problem::{Severity, SpecError, SpecErrors};
