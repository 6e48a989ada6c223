//! The live tree on a terminal, and the summary that stays when the run is over.

mod fold;
mod frame;
mod listener;
mod row;
mod screen;
mod summary;

pub use frame::{Frame, Size, frame_lines};
pub use listener::Terminal;
pub use summary::summary_lines;

pub(crate) use row::skipped;
pub(crate) use summary::{final_lines, outcome_word};
