//! Creating objects.

use std::sync::Arc;

use serde_json::Value;

use super::caller::{Caller, Target, Written};
use crate::kubernetes::machinery::prepare::Identity as NewIdentity;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::write::{self, Pending};
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::store::WriteError;

/// How often a generated name is drawn anew.
const NAME_DRAWS: usize = 8;
/// What names are generated from: no vowels and no digits that look like letters, as in apimachinery.
const NAME_ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Api {
    /// `POST` of an object.
    ///
    /// # Errors
    /// What the API server answers to a body that it refuses.
    pub(crate) async fn create(
        &self,
        target: &Target,
        body: &[u8],
        yaml: bool,
        caller: &Caller,
    ) -> Result<Written, Status> {
        let options = caller.options(target);
        let decoded = write::decode(&target.resource, body, yaml, &options)?;
        let pending = write::create(&target.resource, decoded, &options)?;
        self.create_pending(target, pending, caller).await
    }

    /// Admits and stores what decoding or server-side apply made.
    pub(super) async fn create_pending(
        &self,
        target: &Target,
        pending: Pending,
        caller: &Caller,
    ) -> Result<Written, Status> {
        let Pending { mut object, mut warnings } = pending;
        let generated = is_generated(&object);
        let charge = self.admit_create(target, &mut object, caller, &mut warnings).await?;
        for draw in 0..NAME_DRAWS {
            let identity = NewIdentity {
                uid: uuid::Uuid::new_v4().to_string(),
                suffix: suffix(),
                now: caller.now(),
            };
            let finished = write::complete_create(&target.resource, object.clone(), &identity)?;
            let name = finished["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let key = target.key(&name);
            let exists = || {
                let group = &target.resource.kind.group;
                Status::already_exists(group, &target.resource.plural, &name)
            };
            if caller.dry_run {
                if self.store.get(&key).is_some() {
                    return Err(exists());
                }
                let object = Arc::new(finished);
                return Ok(Written { object, created: true, warnings });
            }
            match self.store.create(&key, finished) {
                Ok(stored) => {
                    charge.keep();
                    self.after_write(&key, &stored).await;
                    return Ok(Written { object: stored, created: true, warnings });
                }
                Err(WriteError::Exists) if generated && draw + 1 < NAME_DRAWS => {}
                Err(WriteError::Exists) => return Err(exists()),
                Err(error) => return Err(store_failure(&error)),
            }
        }
        Err(Status::internal("no free name was drawn"))
    }
}

/// The answer when the store itself fails.
pub(super) fn store_failure(error: &WriteError) -> Status {
    match error {
        WriteError::Log(text) => Status::internal(text),
        other => Status::internal(format!("unexpected outcome of a write: {other:?}")),
    }
}

fn is_generated(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata["name"].as_str().unwrap_or_default().is_empty()
        && !metadata["generateName"].as_str().unwrap_or_default().is_empty()
}

/// Five random characters for a generated name.
pub(crate) fn suffix() -> String {
    (0..5)
        .map(|_| {
            let index = rand::random_range(0..NAME_ALPHABET.len());
            char::from(NAME_ALPHABET[index])
        })
        .collect()
}
