//! Objects by resource, namespace and name under one revision, with a bounded history for watches and a log on disk.

mod history;
mod log;
mod memory;

pub(crate) use history::{Change, ChangeKind, Expired};
pub(crate) use memory::{Key, Store, WriteError};
