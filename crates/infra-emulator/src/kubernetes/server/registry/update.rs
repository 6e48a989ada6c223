//! Replacing, patching and applying: read, change, admit, and store if nothing has changed in between.

use std::sync::Arc;

use serde_json::Value;

use super::caller::{Caller, Target, Written};
use super::create::store_failure;
use crate::kubernetes::machinery::prepare;
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::write::{self, PatchType, Pending};
use crate::kubernetes::server::api::Api;
use crate::kubernetes::server::registry::presented;
use crate::kubernetes::server::store::WriteError;

/// How often a patch is tried again on an object that changes meanwhile.
const TRIES: usize = 16;

/// Resources that a `PUT` creates if they are missing.
const CREATED_BY_UPDATE: [&str; 9] = [
    "endpoints",
    "events",
    "services",
    "limitranges",
    "coordination.k8s.io/leases",
    "rbac.authorization.k8s.io/roles",
    "rbac.authorization.k8s.io/rolebindings",
    "rbac.authorization.k8s.io/clusterroles",
    "rbac.authorization.k8s.io/clusterrolebindings",
];

/// The four kinds of patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchKind {
    /// JSON, merge or strategic merge patch.
    Of(PatchType),
    /// Server-side apply.
    Apply,
}

impl Api {
    /// `PUT` of an object or of its `status`.
    ///
    /// # Errors
    /// What the API server answers to a body that it refuses.
    pub(crate) async fn update(
        &self,
        target: &Target,
        body: &[u8],
        yaml: bool,
        caller: &Caller,
    ) -> Result<Written, Status> {
        let options = caller.options(target);
        let decoded = write::decode(&target.resource, body, yaml, &options)?;
        let versioned = decoded.object["metadata"]["resourceVersion"]
            .as_str()
            .is_some_and(|version| !version.is_empty());
        for _ in 0..TRIES {
            let Some(live) = self.store.get(&target.key(&target.name)) else {
                let stored = target.key("").resource;
                if CREATED_BY_UPDATE.contains(&&*stored) && target.subresource.is_empty() {
                    let pending = write::create(&target.resource, decoded, &options)?;
                    return self.create_pending(target, pending, caller).await;
                }
                return Err(target.not_found());
            };
            let seen = presented(&target.resource, &live);
            let pending = write::update(&target.resource, &seen, decoded.clone(), &options)?;
            match self.store_update(target, &live, pending, caller).await? {
                Some(written) => return Ok(written),
                None if versioned => return Err(target.modified()),
                None => {}
            }
        }
        Err(target.modified())
    }

    /// `PATCH` of an object or of a subresource; server-side apply creates what is missing.
    ///
    /// # Errors
    /// What the API server answers to a patch that it refuses.
    pub(crate) async fn patch(
        &self,
        target: &Target,
        kind: PatchKind,
        body: &[u8],
        caller: &Caller,
    ) -> Result<Written, Status> {
        let options = caller.options(target);
        for _ in 0..TRIES {
            let live = self.store.get(&target.key(&target.name));
            let Some(live) = live else {
                if kind == PatchKind::Apply && target.subresource.is_empty() {
                    let pending = write::apply(&target.resource, None, body, &options)?;
                    match self.create_pending(target, pending, caller).await {
                        Err(status) if status.reason == "AlreadyExists" => continue,
                        answer => return answer,
                    }
                }
                return Err(target.not_found());
            };
            let seen = presented(&target.resource, &live);
            let pending = match kind {
                PatchKind::Apply => write::apply(&target.resource, Some(&seen), body, &options)?,
                PatchKind::Of(kind) => write::patch(&target.resource, &seen, kind, body, &options)?,
            };
            if let Some(written) = self.store_update(target, &live, pending, caller).await? {
                return Ok(written);
            }
        }
        Err(target.modified())
    }

    /// Admits and stores a change; nothing if the object has changed meanwhile.
    pub(super) async fn store_update(
        &self,
        target: &Target,
        live: &Arc<Value>,
        pending: Pending,
        caller: &Caller,
    ) -> Result<Option<Written>, Status> {
        let Pending { mut object, mut warnings } = pending;
        let seen = presented(&target.resource, live);
        let charge = self.admit_update(target, &mut object, &seen, caller, &mut warnings).await?;
        let finished =
            write::complete_update(&target.resource, &target.subresource, object, &seen)?;
        let done = |object| Ok(Some(Written { object, created: false, warnings }));
        if prepare::finalizers_done(&target.resource, &finished) {
            if caller.dry_run {
                return done(Arc::new(finished));
            }
            let key = target.key(&target.name);
            return match self.store.delete(&key, live, finished) {
                Ok(removed) => {
                    self.after_removal(&key, &removed).await;
                    done(removed)
                }
                Err(WriteError::Changed | WriteError::Missing) => Ok(None),
                Err(error) => Err(store_failure(&error)),
            };
        }
        if finished == *seen {
            return done(Arc::new(finished));
        }
        if caller.dry_run {
            return done(Arc::new(finished));
        }
        let key = target.key(&target.name);
        match self.store.update(&key, live, finished) {
            Ok(stored) => {
                charge.keep();
                self.after_write(&key, &stored).await;
                done(stored)
            }
            Err(WriteError::Changed | WriteError::Missing) => Ok(None),
            Err(error) => Err(store_failure(&error)),
        }
    }
}
