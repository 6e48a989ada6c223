//! [`Files`]: what `expand` may ask of the disk.

use std::io;
use std::path::{Path, PathBuf};

use crate::kustomize::KustomizeError;

/// Reads the files that the user's file names.
pub trait Files {
    /// The whole content.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The files in a folder and in those within it, sorted; `None` if the path is no folder.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn folder(&self, path: &Path) -> io::Result<Option<Vec<PathBuf>>>;

    /// What the kustomization in a folder renders to.
    ///
    /// # Errors
    /// When nothing renders kustomizations here, and what is wrong with this one.
    fn kustomize(&self, _folder: &Path) -> Result<String, KustomizeError> {
        Err(KustomizeError {
            message: "kustomizations are rendered from the disk only".to_owned(),
            next: "write the files to a folder".to_owned(),
        })
    }
}

/// The files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn folder(&self, path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
        if !path.is_dir() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let path = entry?.path();
                // A link that leads back up must not be followed for ever.
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if path.is_file() {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(Some(found))
    }

    fn kustomize(&self, folder: &Path) -> Result<String, KustomizeError> {
        crate::kustomize::kustomize(folder)
    }
}

/// Any map of paths to contents is a set of files.
impl Files for std::collections::BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn folder(&self, path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
        let inside: Vec<_> =
            self.keys().filter(|key| *key != path && key.starts_with(path)).cloned().collect();
        Ok((!inside.is_empty()).then_some(inside))
    }
}
