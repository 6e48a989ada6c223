//! Images on disk and in an emulated registry.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "images/file.rs"]
mod file;
#[path = "images/layout.rs"]
mod layout;
#[path = "images/push.rs"]
mod push;
#[path = "images/world.rs"]
mod world;
