//! Field ownership: who set what (`metadata.managedFields`), and server-side apply on top of it.

mod tracking;

pub use tracking::{Operation, Tracking, apply, track};
