//! Bearer tokens that the cluster's owner hands out, with expiry and revocation; kept in the directory by their digests alone.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Identity, files};
use crate::kubernetes::server::EmulatorError;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Grant {
    identity: Identity,
    /// Milliseconds since the epoch of the wall's time.
    expires: Option<u64>,
}

/// The tokens of one cluster.
#[derive(Debug)]
pub(crate) struct Tokens {
    path: PathBuf,
    grants: Mutex<HashMap<String, Grant>>,
}

impl Tokens {
    /// Reads the tokens of a directory.
    ///
    /// # Errors
    /// When their file cannot be read or understood.
    pub(crate) fn open(directory: &std::path::Path) -> Result<Self, EmulatorError> {
        let path = directory.join("tokens.json");
        let content = files::read_if_there(&path).map_err(|source| EmulatorError::File {
            action: "read",
            path: path.clone(),
            source,
        })?;
        let grants = match content {
            None => HashMap::new(),
            Some(content) => serde_json::from_slice(&content).map_err(|error| {
                EmulatorError::Damaged { path: path.clone(), reason: error.to_string() }
            })?,
        };
        Ok(Self { path, grants: Mutex::new(grants) })
    }

    /// Accepts a token from now on.
    ///
    /// # Errors
    /// When the tokens' file cannot be written.
    pub(crate) fn add(
        &self,
        token: &str,
        identity: Identity,
        expires: Option<SystemTime>,
    ) -> Result<(), EmulatorError> {
        let expires = expires.map(milliseconds);
        let mut grants = self.lock();
        grants.insert(digest(token), Grant { identity, expires });
        self.save(&grants)
    }

    /// Refuses a token from now on; true if it was accepted before.
    ///
    /// # Errors
    /// When the tokens' file cannot be written.
    pub(crate) fn revoke(&self, token: &str) -> Result<bool, EmulatorError> {
        let mut grants = self.lock();
        let known = grants.remove(&digest(token)).is_some();
        self.save(&grants)?;
        Ok(known)
    }

    /// Whose token this is, unless it is unknown or has expired.
    pub(crate) fn identity(&self, token: &str) -> Option<Identity> {
        let grants = self.lock();
        let grant = grants.get(&digest(token))?;
        let now = milliseconds(infra_clock::wall_now());
        grant.expires.is_none_or(|expires| now < expires).then(|| grant.identity.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.grants.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn save(&self, grants: &HashMap<String, Grant>) -> Result<(), EmulatorError> {
        let content = serde_json::to_vec(grants).unwrap_or_default();
        files::write_private(&self.path, &content).map_err(|source| EmulatorError::File {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
