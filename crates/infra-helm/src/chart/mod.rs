//! Charts: their files, metadata and dependencies, from folders and archives.

mod archive;
mod decode;
mod dependency;
mod directory;
mod ignore;
mod load;
mod metadata;
mod pattern;

pub use archive::Limits;
pub use directory::{Directory, Entry, EntryKind};
pub use load::{Chart, ChartError, ChartFile};
pub use metadata::{Dependency, Maintainer, Metadata};
