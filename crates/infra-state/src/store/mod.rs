//! Where a state is kept: four operations, and the places that offer them.
//!
//! Everything above (head, lease, journal, snapshots, runs) asks for nothing but what [`Store`] promises, so that a local directory
//! and an object store with conditional writes serve alike.

mod contract;
mod directory;
mod error;
mod key;
mod memory;
mod probe;

pub use contract::{Object, Precondition, Store, Version};
pub use directory::DirectoryStore;
pub(crate) use directory::create_folder;
pub use error::StoreError;
pub use key::check_key;
pub use memory::MemoryStore;
pub use probe::probe_conditions;
