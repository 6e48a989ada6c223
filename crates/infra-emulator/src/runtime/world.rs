//! The world directory: who it is, how old it is, and that one process at a time serves it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use infra_clock::{WorldClock, WorldTime};
use serde::{Deserialize, Serialize};

use super::error::EmulatorError;
use super::seed::Seed;

const FORMAT: u32 = 1;
const IDENTITY: &str = "world.json";
/// World time after which the age is written down anew.
const AGE_MS: u64 = 1000;

/// `world.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) format: u32,
    pub(crate) seed: u64,
    pub(crate) elapsed_ms: u64,
    pub(crate) created: String,
}

/// An open world: its directory, its seed and its time. The lock is held as long as this lives.
#[derive(Debug)]
pub struct World {
    directory: PathBuf,
    identity: Identity,
    clock: WorldClock,
    /// What the clock lacks to the age of the world, in case that it was started at zero.
    offset: Duration,
    saved_ms: AtomicU64,
    lock: Mutex<Option<File>>,
}

impl World {
    /// How much world time has passed in the world of a directory; zero if there is none yet. A clock for that world starts here.
    ///
    /// # Errors
    /// [`EmulatorError`] when `world.json` cannot be read.
    pub fn elapsed(directory: &Path) -> Result<Duration, EmulatorError> {
        Ok(Self::identity(directory)?
            .map_or(Duration::ZERO, |known| Duration::from_millis(known.elapsed_ms)))
    }

    pub(crate) fn identity(directory: &Path) -> Result<Option<Identity>, EmulatorError> {
        let path = directory.join(IDENTITY);
        let known: Option<Identity> = read_json(directory, &path)?;
        match known {
            Some(known) if known.format != FORMAT => Err(EmulatorError::Format {
                path: directory.to_owned(),
                found: known.format,
                known: FORMAT,
            }),
            other => Ok(other),
        }
    }

    /// Opens the world of a directory, or makes one with this seed.
    pub(crate) fn open(
        directory: &Path,
        seed: u64,
        clock: WorldClock,
    ) -> Result<Self, EmulatorError> {
        make_private_folder(directory)?;
        let lock = lock(directory)?;
        let identity = Self::identity(directory)?.unwrap_or_else(|| Identity {
            format: FORMAT,
            seed,
            elapsed_ms: 0,
            created: super::Dates::date_now(),
        });
        let age = Duration::from_millis(identity.elapsed_ms);
        let offset = age.saturating_sub(clock.now().as_duration());
        let directory = directory.to_owned();
        let (saved_ms, lock) = (AtomicU64::new(0), Mutex::new(Some(lock)));
        let world = Self { directory, identity, clock, offset, saved_ms, lock };
        world.save_age()?;
        Ok(world)
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// World time since the world began, over all the times that it was served.
    pub fn now(&self) -> WorldTime {
        self.clock.now() + self.offset
    }

    /// World time in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_duration().as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until the world is this old.
    pub(crate) async fn sleep_until_ms(&self, milliseconds: u64) {
        let deadline = Duration::from_millis(milliseconds).saturating_sub(self.offset);
        self.clock.sleep_until(WorldTime::from_duration(deadline)).await;
    }

    pub(crate) fn clock(&self) -> &WorldClock {
        &self.clock
    }

    pub(crate) fn seed(&self) -> Seed {
        Seed(self.identity.seed)
    }

    /// Lets another process, or this one again, open the world.
    pub(crate) fn close(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Writes down how old the world is if that was not done for a while of world time: so that a world whose process is killed
    /// loses little.
    pub(crate) fn keep_age(&self) -> Result<(), EmulatorError> {
        let saved = self.saved_ms.load(Ordering::Relaxed);
        if self.now_ms() < saved.saturating_add(AGE_MS) { Ok(()) } else { self.save_age() }
    }

    /// Writes down how old the world is.
    pub(crate) fn save_age(&self) -> Result<(), EmulatorError> {
        let elapsed_ms = self.now_ms();
        self.saved_ms.store(elapsed_ms, Ordering::Relaxed);
        let identity = Identity { elapsed_ms, ..self.identity.clone() };
        write_json(&self.directory.join(IDENTITY), &identity)
    }
}

fn make_private_folder(directory: &Path) -> Result<(), EmulatorError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|source| EmulatorError::File {
        doing: "create",
        path: directory.to_owned(),
        source,
    })
}

fn lock(directory: &Path) -> Result<File, EmulatorError> {
    let path = directory.join("lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|source| EmulatorError::File {
        doing: "open",
        path: path.clone(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EmulatorError::InUse { path: directory.to_owned() }),
        Err(TryLockError::Error(source)) => {
            Err(EmulatorError::File { doing: "lock", path, source })
        }
    }
}

/// Reads a JSON file of the world; `None` if it does not exist.
pub(crate) fn read_json<T: serde::de::DeserializeOwned>(
    world: &Path,
    path: &Path,
) -> Result<Option<T>, EmulatorError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(EmulatorError::File { doing: "read", path: path.to_owned(), source });
        }
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|source| EmulatorError::Damaged {
        path: path.to_owned(),
        world: world.to_owned(),
        source,
    })
}

/// Writes a JSON file of the world in one step: a reader sees the old one or the new one.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), EmulatorError> {
    let file_error = |source| EmulatorError::File { doing: "write", path: path.to_owned(), source };
    let bytes = serde_json::to_vec(value).map_err(|error| file_error(error.into()))?;
    write_private(path, &bytes).map_err(file_error)
}

/// Writes a file that only its owner may read, by way of a temporary file beside it.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{}.new", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let temporary = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(&temporary, path)
}
