//! What the strategies do to objects before they are stored: status, generation, names, deletion.

mod deletion;
mod kinds;
mod service;
mod strategy;

pub use deletion::{
    DeleteOptions, Deletion, begin_delete, finalizers_done, last_state, warnings as delete_warnings,
};
pub use kinds::returns_deleted;
pub use strategy::{Identity, prepare_create, prepare_update};
