//! What the lease looks like in the store.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Holder, LeaseError};
use crate::format;
use crate::store::{Precondition, Store, StoreError, Version};

/// Its key in the store.
pub(crate) const LEASE_KEY: &str = "lease";
const LEASE_FORMAT: u64 = 1;

/// The lease as it is stored. It stays when it is released, so that its fencing number is not forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRecord {
    /// Format of this document.
    pub format: u64,
    /// Random identity of this tenure.
    pub id: String,
    /// Rises with every tenure.
    pub fencing: u64,
    /// Rises with every sign of life.
    pub heartbeat: u64,
    /// How long the holder may be silent, in milliseconds.
    pub time_to_live_ms: u64,
    /// When the tenure began, by the holder's wall clock; for people, never compared.
    pub since: jiff::Timestamp,
    /// Who holds it.
    pub holder: Holder,
    /// Whether the holder has given it back.
    pub released: bool,
}

impl LeaseRecord {
    pub(super) fn new(id: String, fencing: u64, ttl: Duration, holder: Holder) -> Self {
        Self {
            format: LEASE_FORMAT,
            id,
            fencing,
            heartbeat: 1,
            time_to_live_ms: u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            since: crate::head::now(),
            holder,
            released: false,
        }
    }

    /// How long the holder may be silent.
    pub fn time_to_live(&self) -> Duration {
        Duration::from_millis(self.time_to_live_ms)
    }
}

/// A lease and the version to replace it by.
pub(crate) struct Found {
    pub(crate) record: LeaseRecord,
    pub(crate) version: Version,
}

/// The lease in the store; `None` if there never was one.
pub(crate) async fn read(store: &dyn Store) -> Result<Option<Found>, LeaseError> {
    let Some((content, version)) = store.get(LEASE_KEY).await? else { return Ok(None) };
    let record: LeaseRecord = format::decode(LEASE_KEY, &content, LEASE_FORMAT)?;
    format::check_counters(LEASE_KEY, &[record.fencing, record.heartbeat])?;
    Ok(Some(Found { record, version }))
}

/// Writes the lease; `None` if the precondition does not hold.
pub(super) async fn write(
    store: &dyn Store,
    record: &LeaseRecord,
    precondition: Precondition,
) -> Result<Option<Version>, LeaseError> {
    let content = Bytes::from(format::encode(LEASE_KEY, record)?);
    match store.put(LEASE_KEY, content, precondition).await {
        Ok(version) => Ok(Some(version)),
        Err(StoreError::PreconditionFailed { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
