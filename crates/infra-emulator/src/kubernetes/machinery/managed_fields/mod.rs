//! Field ownership: who set what (`metadata.managedFields`), and server-side apply on top of it.
//!
//! The rules are those of structured merge and diff as kube-apiserver uses them: objects are compared and merged by their schema,
//! a set of field paths says what each manager owns.

mod apply;
mod compare;
mod entries;
mod field_set;
mod last_applied;
mod merge;
mod path;
mod remove;
mod reset;
mod scale;
#[cfg(test)]
mod tests;
mod tracking;
mod typed;

pub use apply::apply;
pub use entries::Operation;
pub use scale::{from_scale, to_scale};
pub use tracking::{Tracking, same_but_times, track};
