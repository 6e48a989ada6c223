//! Opening a state, reading it, and locking it.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{SharedClock, SystemClock};
use crate::head::{self, Head};
use crate::journal::{self, Position, read_journal};
use crate::lease::{self, DEFAULT_TIME_TO_LIVE, Holder, LeaseGuard, LeaseRequest};
use crate::secrets::{KeySettings, Sealer, SecretsError};
use crate::session::Session;
use crate::snapshot;
use crate::store::Store;
use crate::{HeadError, LeaseRecord, StateError};

/// Snapshots kept, the current one included.
const KEEP_SNAPSHOTS: usize = 5;
/// How often reading begins again because a snapshot was made meanwhile.
const READS: usize = 20;

/// What journal entries are folded into: the content of a state.
pub trait Fold<E>: Default {
    /// Takes in one entry. Must give the same content for the same entries in the same order, and cannot fail.
    fn apply(&mut self, entry: &E);
}

/// How a state is opened.
#[derive(Clone)]
pub struct StateOptions {
    /// The deployment's name in the user's file.
    pub name: String,
    /// Whether this is a rehearsal.
    pub rehearsed: bool,
    /// Where keys come from.
    pub keys: KeySettings,
    /// The clock that the lease is measured by.
    pub clock: SharedClock,
    /// How long the lease lives without a heartbeat; every call's time-out must be shorter.
    pub time_to_live: Duration,
    /// How many snapshots are kept, at least one.
    pub keep_snapshots: usize,
}

impl StateOptions {
    /// The usual options for the deployment `name`.
    pub fn new(name: impl Into<String>, rehearsed: bool, keys: KeySettings) -> Self {
        Self {
            name: name.into(),
            rehearsed,
            keys,
            clock: SystemClock::shared(),
            time_to_live: DEFAULT_TIME_TO_LIVE,
            keep_snapshots: KEEP_SNAPSHOTS,
        }
    }
}

/// A state, open for reading.
pub struct State<S, E> {
    store: Arc<dyn Store>,
    options: StateOptions,
    head: Head,
    created_key_file: Option<PathBuf>,
    sealer: OnceLock<Arc<Sealer>>,
    content: PhantomData<fn() -> (S, E)>,
}

/// What a state holds at one moment.
#[derive(Clone, Debug)]
pub struct View<S> {
    /// The head.
    pub head: Head,
    /// The content.
    pub content: S,
    /// Where the journal ends.
    pub position: Position,
}

impl<S, E> State<S, E>
where
    S: Fold<E> + Serialize + DeserializeOwned + Send + 'static,
    E: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Opens the state in `store`, and makes it if there is none.
    ///
    /// # Errors
    /// A state of the other mode (rehearsed or not), of another name or of a newer format is refused; without a key, none is made.
    pub async fn open(store: Arc<dyn Store>, options: StateOptions) -> Result<Self, StateError> {
        if let Some(state) = Self::open_existing(Arc::clone(&store), options.clone()).await? {
            return Ok(state);
        }
        let settings = options.keys.clone();
        let (sealer, keys, created) = blocking(move || Sealer::create(&settings)).await?;
        let fresh = Head::new(&options.name, options.rehearsed, keys);
        let id = fresh.deployment_id.clone();
        let (head, _) = head::create(store.as_ref(), fresh).await?;
        head.check(&options.name, options.rehearsed, store.location())?;
        let mut state = Self::with_head(store, options, head);
        state.created_key_file = created;
        // If another process was quicker, its data key counts and not ours.
        if state.head.deployment_id == id {
            state.sealer = OnceLock::from(Arc::new(sealer));
        }
        Ok(state)
    }

    /// Opens the state in `store`; `None` if there is none. Writes nothing.
    ///
    /// # Errors
    /// As [`State::open`].
    pub async fn open_existing(
        store: Arc<dyn Store>,
        options: StateOptions,
    ) -> Result<Option<Self>, StateError> {
        let Some((head, _)) = head::read(store.as_ref()).await? else { return Ok(None) };
        head.check(&options.name, options.rehearsed, store.location())?;
        Ok(Some(Self::with_head(store, options, head)))
    }

    fn with_head(store: Arc<dyn Store>, options: StateOptions, head: Head) -> Self {
        let (sealer, content) = (OnceLock::new(), PhantomData);
        Self { store, options, head, created_key_file: None, sealer, content }
    }

    /// The head as it was when the state was opened; its deployment id never changes.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The store, for the records of runs.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The key file, if opening this state made it: the user is to be told, once, to keep it.
    pub fn created_key_file(&self) -> Option<&Path> {
        self.created_key_file.as_deref()
    }

    /// What seals and opens the secrets of this state. Reads the key at the first call.
    ///
    /// # Errors
    /// [`SecretsError::NoKey`] or [`SecretsError::WrongKey`].
    pub async fn sealer(&self) -> Result<Arc<Sealer>, StateError> {
        if let Some(sealer) = self.sealer.get() {
            return Ok(Arc::clone(sealer));
        }
        let (keys, settings) = (self.head.keys.clone(), self.options.keys.clone());
        let sealer = Arc::new(blocking(move || Sealer::open(&keys, &settings)).await?);
        Ok(Arc::clone(self.sealer.get_or_init(|| sealer)))
    }

    /// Reads the content without the lease. A run that writes at the same time does not disturb it.
    ///
    /// # Errors
    /// What cannot be read, by key.
    pub async fn read(&self) -> Result<View<S>, StateError> {
        let mut head = self.read_head().await?;
        let mut last = None;
        for _ in 0..READS {
            let loaded = load(self.store.as_ref(), &head).await;
            // If a snapshot was made meanwhile, what it replaced may have been gone before it was read.
            let newer = self.read_head().await?;
            if newer.journal_base == head.journal_base && newer.snapshot == head.snapshot {
                let (content, position) = loaded?;
                return Ok(View { head: newer, content, position });
            }
            head = newer;
            last = loaded.err();
        }
        let location = self.store.location();
        Err(last.unwrap_or_else(|| HeadError::Restless { location }.into()))
    }

    /// Who holds the state, if anybody does.
    ///
    /// # Errors
    /// When the lease cannot be read.
    pub async fn holder(&self) -> Result<Option<LeaseRecord>, StateError> {
        let found = lease::read(self.store.as_ref()).await?;
        Ok(found.map(|found| found.record).filter(|record| !record.released))
    }

    /// Locks the state for `holder`, waiting up to `wait` for another one (`--lock-timeout`), and opens it for writing.
    ///
    /// # Errors
    /// [`crate::LeaseError::Locked`] when another run holds it; a missing or wrong key, before anything is locked.
    pub async fn lock(&self, holder: Holder, wait: Duration) -> Result<Session<S, E>, StateError> {
        let sealer = self.sealer().await?;
        let above = self.read_head().await?.fencing;
        let time_to_live = self.options.time_to_live;
        let request = LeaseRequest { holder, time_to_live, wait, above };
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.options.clock));
        let guard = lease::acquire(store, clock, request).await?;
        match self.begin(&guard).await {
            Ok((head, journal, content)) => {
                let keep = self.options.keep_snapshots.max(1);
                let store = Arc::clone(&self.store);
                Ok(Session::new(store, guard, journal, content, head, sealer, keep))
            }
            Err(error) => {
                // The error that matters is the first one.
                let _ = guard.release().await;
                Err(error)
            }
        }
    }

    /// Fences off earlier holders, first from the head and then from the journal, and reads what they left.
    async fn begin(&self, guard: &LeaseGuard) -> Result<Begun<S, E>, StateError> {
        let head = head::update(self.store.as_ref(), guard.fencing(), |_| {}).await?;
        head.check(&self.options.name, self.options.rehearsed, self.store.location())?;
        loop {
            let (content, position) = load::<S, E>(self.store.as_ref(), &head).await?;
            let content = Arc::new(Mutex::new(content));
            let folded = Arc::clone(&content);
            let on_durable = Box::new(move |entry: &E| crate::session::lock(&folded).apply(entry));
            let store = Arc::clone(&self.store);
            // An earlier holder's write may still have got through; then it counts, and the next place is ours.
            if let Some(journal) =
                journal::start(store, guard.handle(), position, on_durable).await?
            {
                return Ok((head, journal, content));
            }
        }
    }

    async fn read_head(&self) -> Result<Head, StateError> {
        let found = head::read(self.store.as_ref()).await?;
        let (head, _) =
            found.ok_or_else(|| HeadError::Missing { location: self.store.location() })?;
        head.check(&self.options.name, self.options.rehearsed, self.store.location())?;
        Ok(head)
    }
}

type Begun<S, E> = (Head, journal::Journal<E>, Arc<Mutex<S>>);

/// The last snapshot, and the journal after it.
async fn load<S, E>(store: &dyn Store, head: &Head) -> Result<(S, Position), StateError>
where
    S: Fold<E> + DeserializeOwned,
    E: DeserializeOwned + Send,
{
    let mut content = match &head.snapshot {
        Some(reference) => snapshot::read::<S>(store, reference).await?.content,
        None => S::default(),
    };
    let objects = read_journal::<E>(store, head.journal_base).await?;
    objects.iter().flat_map(|object| &object.entries).for_each(|entry| content.apply(entry));
    Ok((content, journal::next_place(head.journal_base, &objects)))
}

/// Key files are read, and passphrases computed, where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SecretsError> + Send + 'static,
) -> Result<T, SecretsError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(SecretsError::Seal { reason: error.to_string() }))
}
