//! The head: what a state is, and where its content begins.
//!
//! It is the only key that points to others, and moves by compare-and-swap alone. Its revision rises with every write, so that no
//! two heads are ever equal.

use bytes::Bytes;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::format::{self, FormatError};
use crate::secrets::DataKeys;
use crate::store::{Precondition, Store, StoreError, Version};
use crate::{ErrorKind, SnapshotReference};

/// Its key in the store.
pub(crate) const HEAD_KEY: &str = "head";
/// The newest format that this version reads, and the one it writes.
pub(crate) const HEAD_FORMAT: u64 = 1;
/// Length of a deployment id; 10 characters of 36 are 51 bits, plenty to tell the deployments of one account apart.
const ID_LENGTH: usize = 10;

/// The head of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Format of the whole state.
    pub format: u64,
    /// Rises by one with every write of the head.
    pub revision: u64,
    /// Random identity of the deployment, `[a-z][a-z0-9]{9}`; part of every owner marker.
    pub deployment_id: String,
    /// The name in the user's file.
    pub name: String,
    /// Whether a rehearsal made it.
    pub rehearsed: bool,
    /// When it was made.
    pub created: jiff::Timestamp,
    /// The latest snapshot; none before the first.
    pub snapshot: Option<SnapshotReference>,
    /// Sequence number of the first journal object that is not part of the snapshot.
    pub journal_base: u64,
    /// Fencing number of the last holder that moved the head.
    pub fencing: u64,
    /// The keys that secrets are sealed with, themselves sealed for recipients or by a passphrase.
    pub keys: DataKeys,
}

/// The head does not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The store failed.
    #[error("cannot use the head of the state")]
    Store(#[from] StoreError),
    /// It cannot be read.
    #[error("cannot read the head of the state")]
    Format(#[from] FormatError),
    /// A rehearsal's state was opened outside of a rehearsal.
    #[error("the state at {location} was made by a rehearsal")]
    Rehearsed {
        /// The store.
        location: String,
    },
    /// A real state was opened by a rehearsal.
    #[error("the state at {location} belongs to real resources, which a rehearsal must not touch")]
    NotRehearsed {
        /// The store.
        location: String,
    },
    /// It belongs to another deployment.
    #[error("the state at {location} belongs to {found:?}, not to {wanted:?}")]
    OtherName {
        /// The store.
        location: String,
        /// The name in the head.
        found: String,
        /// The name in the file.
        wanted: String,
    },
    /// It vanished while it was used.
    #[error("the state at {location} has lost its head")]
    Missing {
        /// The store.
        location: String,
    },
    /// Snapshots followed each other too fast to read any.
    #[error("the state at {location} changes too fast to be read")]
    Restless {
        /// The store.
        location: String,
    },
    /// A run with a higher fencing number has taken the state over.
    #[error("another run has taken over the state (fencing number {theirs}, ours is {ours})")]
    Stale {
        /// Our fencing number.
        ours: u64,
        /// The number in the head.
        theirs: u64,
    },
}

impl HeadError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Format(error) => error.kind(),
            Self::Rehearsed { .. } | Self::NotRehearsed { .. } => ErrorKind::Rehearsed,
            Self::OtherName { .. } => ErrorKind::Format,
            Self::Missing { .. } => ErrorKind::Corrupt,
            Self::Restless { .. } => ErrorKind::Precondition,
            Self::Stale { .. } => ErrorKind::Stale,
        }
    }

    /// What the user can do about it.
    pub fn next_step(&self) -> String {
        match self {
            Self::Store(error) => error.next_step(),
            Self::Format(error) => error.next_step(),
            Self::Rehearsed { location } => format!(
                "Add --rehearse to go on with the rehearsal, or remove {location} to begin anew."
            ),
            Self::NotRehearsed { .. } => {
                "Leave out --rehearse, or give the rehearsal a folder of its own.".into()
            }
            Self::OtherName { found, .. } => format!(
                "Name the deployment {found:?} in the file, or let `state` point to another place."
            ),
            Self::Missing { location } => {
                format!("Restore the key `head` of {location} from a backup.")
            }
            Self::Restless { .. } => "Run the command again when the other run has ended.".into(),
            Self::Stale { .. } => "Wait for the other run to end, then run the command again: it \
                                   continues where this one stopped."
                .into(),
        }
    }
}

impl Head {
    /// The head of a new state.
    pub(crate) fn new(name: &str, rehearsed: bool, keys: DataKeys) -> Self {
        Self {
            format: HEAD_FORMAT,
            revision: 1,
            deployment_id: new_deployment_id(),
            name: name.to_owned(),
            rehearsed,
            created: now(),
            snapshot: None,
            journal_base: 1,
            fencing: 0,
            keys,
        }
    }

    /// Refuses a head of the other mode or of another deployment.
    pub(crate) fn check(
        &self,
        name: &str,
        rehearsed: bool,
        location: String,
    ) -> Result<(), HeadError> {
        match (self.rehearsed, rehearsed) {
            (true, false) => Err(HeadError::Rehearsed { location }),
            (false, true) => Err(HeadError::NotRehearsed { location }),
            _ if self.name != name => Err(HeadError::OtherName {
                location,
                found: self.name.clone(),
                wanted: name.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// The date, to the second.
pub(crate) fn now() -> jiff::Timestamp {
    let exact = jiff::Timestamp::try_from(infra_clock::wall_now()).unwrap_or_default();
    exact.round(jiff::Unit::Millisecond).unwrap_or(exact)
}

/// Ten characters of `[a-z0-9]`, the first a letter: legal as a tag, a label and a part of a name everywhere.
fn new_deployment_id() -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = rand::rng();
    (0..ID_LENGTH)
        .map(|place| {
            let end = if place == 0 { 26 } else { ALPHABET.len() };
            char::from(ALPHABET[random.random_range(0..end)])
        })
        .collect()
}

/// The head and its version; `None` if there is no state yet.
pub(crate) async fn read(store: &dyn Store) -> Result<Option<(Head, Version)>, HeadError> {
    let Some((content, version)) = store.get(HEAD_KEY).await? else { return Ok(None) };
    let head: Head = format::decode(HEAD_KEY, &content, HEAD_FORMAT)?;
    format::check_counters(HEAD_KEY, &[head.revision, head.journal_base, head.fencing])?;
    Ok(Some((head, version)))
}

/// Writes a first head; if another process was quicker, its head counts.
pub(crate) async fn create(store: &dyn Store, head: Head) -> Result<(Head, Version), HeadError> {
    let content = Bytes::from(format::encode(HEAD_KEY, &head)?);
    match store.put(HEAD_KEY, content, Precondition::Absent).await {
        Ok(version) => Ok((head, version)),
        Err(error) if error.is_precondition() => {
            read(store).await?.ok_or_else(|| HeadError::Missing { location: store.location() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Changes the head by compare-and-swap, on behalf of the holder with number `fencing`.
///
/// A change by somebody with a lower number is taken over; a head with a higher number ends it.
pub(crate) async fn update(
    store: &dyn Store,
    fencing: u64,
    change: impl Fn(&mut Head),
) -> Result<Head, HeadError> {
    loop {
        let (mut head, version) =
            read(store).await?.ok_or_else(|| HeadError::Missing { location: store.location() })?;
        if head.fencing > fencing {
            return Err(HeadError::Stale { ours: fencing, theirs: head.fencing });
        }
        change(&mut head);
        head.fencing = fencing;
        head.revision += 1;
        let content = Bytes::from(format::encode(HEAD_KEY, &head)?);
        match store.put(HEAD_KEY, content, Precondition::Matches(version)).await {
            Ok(_) => return Ok(head),
            // Each turn means that somebody else got through, so this ends.
            Err(error) if error.is_precondition() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn numbers_that_cannot_be_counted_on_are_damage() {
        let keys = DataKeys { current: String::new(), keys: Vec::new() };
        let head = Head::new("hub", false, keys);
        for place in 0..3 {
            let mut head = head.clone();
            let counters = [&mut head.revision, &mut head.journal_base, &mut head.fencing];
            counters.into_iter().nth(place).map(|counter| *counter = u64::MAX).unwrap();
            let store = MemoryStore::new();
            create(&store, head).await.unwrap();
            let error = update(&store, u64::MAX, |_| {}).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        }
    }

    #[test]
    fn deployment_ids_differ_and_are_legal_everywhere() {
        let ids: std::collections::BTreeSet<_> = (0..500).map(|_| new_deployment_id()).collect();
        assert_eq!(ids.len(), 500);
        for id in ids {
            assert!(id.len() == ID_LENGTH && id.as_bytes()[0].is_ascii_lowercase(), "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        }
    }
}
