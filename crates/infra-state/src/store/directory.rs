//! A store in a folder of this machine.
//!
//! A write goes to a temporary file, is flushed to the disk, and takes its name in one step; the folder is flushed after it. Writes
//! that depend on what is there hold a lock of the operating system on `.lock`, which vanishes with the process that holds it;
//! creating needs none, as the step that gives the name fails if the name is taken. Files are 0600, folders 0700.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use infra_clock::WorldClock;
use sha2::{Digest, Sha256};

use super::key::{check_key, check_prefix};
use super::{Object, Precondition, Store, StoreError, Version};

/// Where unfinished files live; one folder, so that they can be swept.
const TEMPORARY: &str = ".tmp";
/// The file that the lock of the operating system is taken on.
const LOCK: &str = ".lock";
/// Unfinished files this old belong to nobody: no write takes so long.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// Keeps every key as a file below one folder. Cheap to clone.
#[derive(Clone)]
pub struct DirectoryStore {
    root: Arc<Path>,
    world: Option<WorldClock>,
}

impl DirectoryStore {
    /// The store in `root`, which is created by the first write.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root: PathBuf = root.into();
        // A process that was killed in the middle of a write leaves its unfinished file behind.
        sweep(&root.join(TEMPORARY));
        Self { root: root.into(), world: None }
    }

    /// Keeps `clock` from jumping while the disk works: a rehearsal's world must not move because of it.
    #[must_use]
    pub fn with_world_clock(mut self, clock: WorldClock) -> Self {
        self.world = Some(clock);
        self
    }

    /// Runs `work` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // Held until this task runs again, not only until the work is done.
        let _busy = self.world.as_ref().map(WorldClock::busy);
        let root = Arc::clone(&self.root);
        match tokio::task::spawn_blocking(move || work(&root)).await {
            Ok(result) => result,
            Err(error) => Err(StoreError::io("use", &self.root, io::Error::other(error))),
        }
    }
}

impl Store for DirectoryStore {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>> {
        async move {
            check_key(key)?;
            let key = key.to_owned();
            self.blocking(move |root| read(&root.join(key))).await
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>> {
        async move {
            check_key(key)?;
            let key = key.to_owned();
            self.blocking(move |root| write(root, &key, &content, &precondition)).await
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        key: &'a str,
        precondition: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            check_key(key)?;
            let key = key.to_owned();
            self.blocking(move |root| delete(root, &key, &precondition)).await
        }
        .boxed()
    }

    fn delete_all(&self, keys: Vec<String>) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            keys.iter().try_for_each(|key| check_key(key))?;
            self.blocking(move |root| delete_all(root, &keys)).await
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        async move {
            check_prefix(prefix)?;
            let prefix = prefix.to_owned();
            self.blocking(move |root| {
                let mut keys = Vec::new();
                walk(&root.join(&prefix), &prefix, &mut keys)?;
                keys.sort_unstable();
                Ok(keys)
            })
            .await
        }
        .boxed()
    }

    fn local_directory(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn location(&self) -> String {
        self.root.display().to_string()
    }
}

fn version_of(content: &[u8]) -> Version {
    Version::new(hex::encode(Sha256::digest(content)))
}

fn read(path: &Path) -> Result<Option<Object>, StoreError> {
    match fs::read(path) {
        Ok(content) => {
            let version = version_of(&content);
            Ok(Some((content.into(), version)))
        }
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(StoreError::io("read", path, error)),
    }
}

fn write(
    root: &Path,
    key: &str,
    content: &[u8],
    precondition: &Precondition,
) -> Result<Version, StoreError> {
    let path = root.join(key);
    let folder = path.parent().unwrap_or(root);
    create_folder(folder)?;
    let temporary = root.join(TEMPORARY);
    create_folder(&temporary)?;
    // The temporary file is removed by its drop if anything below fails.
    let file = unfinished(&temporary, content)?;
    match precondition {
        Precondition::Absent => file.persist_noclobber(&path).map_err(|error| {
            if error.error.kind() == io::ErrorKind::AlreadyExists {
                StoreError::PreconditionFailed { key: key.to_owned() }
            } else {
                StoreError::io("write", &path, error.error)
            }
        })?,
        Precondition::Matches(_) | Precondition::None => {
            let _lock = lock(root)?;
            check(&path, key, precondition)?;
            file.persist(&path).map_err(|error| StoreError::io("write", &path, error.error))?
        }
    };
    flush_folder(folder)?;
    Ok(version_of(content))
}

fn unfinished(folder: &Path, content: &[u8]) -> Result<tempfile::NamedTempFile, StoreError> {
    // Created with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)
        .map_err(|error| StoreError::io("write in", folder, error))?;
    file.write_all(content)
        .and_then(|()| file.as_file().sync_all())
        .map_err(|error| StoreError::io("write in", folder, error))?;
    Ok(file)
}

fn delete(root: &Path, key: &str, precondition: &Precondition) -> Result<(), StoreError> {
    let path = root.join(key);
    if *precondition == Precondition::Absent {
        return Err(StoreError::PreconditionFailed { key: key.to_owned() });
    }
    if !root.exists() && *precondition == Precondition::None {
        return Ok(());
    }
    let _lock = lock(root)?;
    check(&path, key, precondition)?;
    if remove(&path)? { flush_folder(path.parent().unwrap_or(root)) } else { Ok(()) }
}

/// Many at once: one lock, and one flush per folder.
fn delete_all(root: &Path, keys: &[String]) -> Result<(), StoreError> {
    if keys.is_empty() || !root.exists() {
        return Ok(());
    }
    let _lock = lock(root)?;
    let mut folders = std::collections::BTreeSet::new();
    for key in keys {
        let path = root.join(key);
        if remove(&path)? {
            folders.extend(path.parent().map(Path::to_path_buf));
        }
    }
    folders.iter().try_for_each(|folder| flush_folder(folder))
}

/// Removes a file; `false` if there was none.
fn remove(path: &Path) -> Result<bool, StoreError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(StoreError::io("delete", path, error)),
    }
}

fn check(path: &Path, key: &str, precondition: &Precondition) -> Result<(), StoreError> {
    if let Precondition::Matches(expected) = precondition
        && read(path)?.is_none_or(|(_, version)| version != *expected)
    {
        return Err(StoreError::PreconditionFailed { key: key.to_owned() });
    }
    Ok(())
}

/// Takes the lock of the operating system; it is released when the file is dropped or the process dies.
fn lock(root: &Path) -> Result<File, StoreError> {
    create_folder(root)?;
    let path = root.join(LOCK);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(|error| StoreError::io("open", &path, error))?;
    file.lock().map_err(|error| StoreError::io("lock", &path, error))?;
    Ok(file)
}

/// Creates `folder` and what is missing above it, 0700, and makes the new names durable.
pub(crate) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StoreError::io("create", folder, error))?;
    folder.parent().map_or(Ok(()), flush_folder)
}

fn flush_folder(folder: &Path) -> Result<(), StoreError> {
    // A relative path of one segment has the empty path as its parent.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // Only unix can flush a folder; elsewhere the file system's own journal has to do.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|opened| opened.sync_all())
            .map_err(|error| StoreError::io("flush", folder, error))?;
    }
    Ok(())
}

fn walk(folder: &Path, prefix: &str, keys: &mut Vec<String>) -> Result<(), StoreError> {
    let failed = |error| StoreError::io("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // What is not a key (the lock, unfinished files, a stranger's file) is not ours to name.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let key = format!("{prefix}{name}");
        if check_key(&key).is_err() {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), &format!("{key}/"), keys)?;
        } else {
            keys.push(key);
        }
    }
    Ok(())
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Removes unfinished files that were left long ago; a failure does not matter here.
fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|found| found.modified())
            .map(|modified| infra_clock::wall_now().duration_since(modified).unwrap_or_default());
        if age.is_ok_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
