//! Deleting: grace periods, finalizers and propagation are the machinery's; storing and answering happen here.

use std::sync::Arc;

use serde_json::{Value, json};

use super::caller::{Caller, Target};
use super::create::store_failure;
use super::definitions::CLEANUP;
use crate::kubernetes::machinery::prepare::{self, DeleteOptions, Deletion};
use crate::kubernetes::machinery::status::{self, Status};
use crate::kubernetes::server::api::{Api, DEFINITIONS, time_text};
use crate::kubernetes::server::store::{Key, WriteError};

/// Core resources whose deletion answers with the object even when it is gone at once.
const OBJECT_IN_ANSWER: [&str; 10] = [
    "pods",
    "services",
    "serviceaccounts",
    "persistentvolumes",
    "persistentvolumeclaims",
    "podtemplates",
    "resourcequotas",
    "storage.k8s.io/storageclasses",
    "storage.k8s.io/csidrivers",
    "storage.k8s.io/volumeattachments",
];

/// Namespaces that cannot be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// What a deletion did.
#[derive(Debug)]
pub(crate) struct Deleted {
    /// The object in its last state.
    pub(crate) object: Arc<Value>,
    /// Whether it is gone; otherwise it waits for its finalizers or its grace period.
    pub(crate) gone: bool,
}

impl Deleted {
    /// The body of the answer.
    pub(crate) fn answer(&self, target: &Target) -> Value {
        let key = target.key(&target.name);
        if !self.gone || OBJECT_IN_ANSWER.contains(&&*key.resource) {
            return super::presented(&target.resource, &self.object).into_owned();
        }
        let uid = self.object["metadata"]["uid"].as_str().unwrap_or_default();
        let (group, plural) = (&target.resource.kind.group, &target.resource.plural);
        status::deleted(group, plural, &target.name, uid)
    }
}

/// The object as it is shown when it goes: pods, which can be deleted gracefully, say when and how they did.
fn last_state(target: &Target, live: &Value, caller: &Caller) -> Value {
    let mut last = live.clone();
    if target.is_core("pods") && last["metadata"]["deletionTimestamp"].is_null() {
        let metadata = &mut last["metadata"];
        metadata["deletionTimestamp"] = json!(time_text(caller.now()));
        metadata["deletionGracePeriodSeconds"] = json!(0);
        if let Some(generation) = metadata["generation"].as_i64() {
            metadata["generation"] = json!(generation + 1);
        }
    }
    last
}

/// A definition that is deleted for the first time, as it then is: it waits until its objects are gone, and says so.
fn with_cleanup(key: &Key, live: &Value, caller: &Caller) -> Option<Value> {
    if &*key.resource != DEFINITIONS || !live["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let mut going = live.clone();
    let finalizers = going["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    let kept = finalizers.into_iter().filter(|one| one != CLEANUP).chain([json!(CLEANUP)]);
    going["metadata"]["finalizers"] = Value::Array(kept.collect());
    let condition = json!({
        "type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        "lastTransitionTime": time_text(caller.now()),
    });
    let conditions = going["status"]["conditions"].as_array().cloned().unwrap_or_default();
    going["status"]["conditions"] = conditions.into_iter().chain([condition]).collect();
    Some(going)
}

impl Api {
    /// `DELETE` of one object.
    ///
    /// # Errors
    /// 404, 409 for preconditions, 403 by admission.
    pub(crate) async fn delete(
        &self,
        target: &Target,
        options: &DeleteOptions,
        caller: &Caller,
    ) -> Result<Deleted, Status> {
        let key = target.key(&target.name);
        if target.is_core("namespaces") && IMMORTAL.contains(&target.name.as_str()) {
            return Err(target.forbidden(&target.name, "this namespace may not be deleted"));
        }
        loop {
            let live = self.store.get(&key).ok_or_else(|| target.not_found())?;
            self.admit_delete(target, &live, caller).await?;
            let going = with_cleanup(&key, &live, caller);
            let going = going.as_ref().unwrap_or(&live);
            let deletion = prepare::begin_delete(&target.resource, going, options, caller.now())?;
            let outcome = match deletion {
                Deletion::Update(object) if object == *live || caller.dry_run => {
                    return Ok(Deleted { object: Arc::new(object), gone: false });
                }
                Deletion::Update(object) => {
                    self.store.update(&key, &live, object).map(|object| (object, false))
                }
                Deletion::Remove if caller.dry_run => {
                    return Ok(Deleted { object: live, gone: true });
                }
                Deletion::Remove => {
                    let last = last_state(target, &live, caller);
                    self.store.delete(&key, &live, last).map(|object| (object, true))
                }
            };
            match outcome {
                Ok((object, gone)) => {
                    if gone {
                        self.after_removal(&key, &object).await;
                    } else {
                        self.after_write(&key, &object).await;
                    }
                    return Ok(Deleted { object, gone });
                }
                Err(WriteError::Changed) => {}
                Err(WriteError::Missing) => return Err(target.not_found()),
                Err(error) => return Err(store_failure(&error)),
            }
        }
    }
}
