//! What a load may ask of the world: environment variables and files. Both are handed in, so that the crate itself does
//! no input or output.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Environment variables.
pub trait Environment {
    /// The value of a variable; `None` when it is not set.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Reads the files that `${file:path}` names.
pub trait FileReader {
    /// The whole content. `path` is already relative to where the `-f` paths are relative to, or absolute.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// Any map of names to values is an environment.
impl Environment for BTreeMap<String, String> {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

/// Any map of paths to contents is a set of files.
impl FileReader for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
