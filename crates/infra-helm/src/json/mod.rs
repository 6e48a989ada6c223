//! JSON as Go's `encoding/json` reads and writes it.

mod read;
mod write;

pub(crate) use read::{Stream, read};
pub(crate) use write::{plain, quoted, write};
