//! The journal: a dense sequence of small objects, each written create-if-absent and never changed.
//!
//! An object holds the entries that were waiting when it was written (group commit), or none: with an empty one a new holder
//! claims its place, so that the next write of a stale holder finds its place taken. An incomplete last object cannot be: a
//! store shows an object whole or not at all.

mod error;
mod object;
mod reader;
mod writer;

pub use error::JournalError;
pub(crate) use object::sequence_of;
pub use object::{JOURNAL_PREFIX, JournalObject, decode_object};
pub(crate) use reader::next_place;
pub use reader::read_journal;
pub(crate) use writer::start;
pub use writer::{Journal, Position};
