//! What the API server itself does after writes: it serves and retires custom kinds and frees addresses.
//!
//! A real API server does so in controllers of its own process, within milliseconds; here it is done before the answer.

use std::sync::Arc;

use serde_json::{Value, json};

use super::caller::{Caller, Target};
use crate::kubernetes::machinery::crd;
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::server::api::{Api, DEFINITIONS, now, storage_name};
use crate::kubernetes::server::store::Key;

/// The finalizer by which a definition waits for its objects.
pub(super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

impl Api {
    /// Follows up a stored object.
    pub(super) async fn after_write(&self, key: &Key, object: &Arc<Value>) {
        if &*key.resource == DEFINITIONS {
            self.serve_definition(key, object);
            if !object["metadata"]["deletionTimestamp"].is_null() {
                Box::pin(self.clean_up_definition(key)).await;
            }
        }
    }

    /// Follows up a removed object.
    pub(super) async fn after_removal(&self, key: &Key, object: &Arc<Value>) {
        match &*key.resource {
            DEFINITIONS => self.change_scheme(|scheme| scheme.remove_custom(&key.name)),
            "services" => self.addresses.free(object),
            _ => {}
        }
        if !object["metadata"]["deletionTimestamp"].is_null() && key.resource.contains('.') {
            // The last object of a definition that is being deleted lets it go.
            let (group, plural) = key.resource.rsplit_once('/').unwrap_or_default();
            let definition = Key::new(DEFINITIONS, "", &format!("{plural}.{group}"));
            let waits = self
                .store
                .get(&definition)
                .is_some_and(|object| !object["metadata"]["deletionTimestamp"].is_null());
            if waits {
                Box::pin(self.clean_up_definition(&definition)).await;
            }
        }
    }

    fn serve_definition(&self, key: &Key, object: &Arc<Value>) {
        if self.faults.definitions_stall() {
            return;
        }
        let Some(resource) = self.stored_resource(DEFINITIONS) else { return };
        let established = crd::conditions(&resource, object, now());
        let stored = if established == **object {
            Ok(object.clone())
        } else {
            self.store.update(key, object, established)
        };
        if let Ok(stored) = stored {
            self.change_scheme(|scheme| scheme.add_custom(&stored));
        }
    }

    /// Deletes the objects of a definition and lets it go when none is left.
    async fn clean_up_definition(&self, key: &Key) {
        let Some(definition) = self.store.get(key) else { return };
        let waits = definition["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == CLEANUP));
        if !waits {
            return;
        }
        let caller = Caller::component("system:apiserver", "kube-apiserver");
        let (group, plural) =
            (definition["spec"]["group"].as_str(), definition["spec"]["names"]["plural"].as_str());
        let (Some(group), Some(plural)) = (group, plural) else { return };
        let name = format!("{group}/{plural}");
        if let Some(resource) = self.stored_resource(&name) {
            for object in self.store.list(&storage_name(&resource), None).0 {
                let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
                let target = Target::object(resource.clone(), text("namespace"), text("name"));
                // What keeps an object keeps the definition too; the object's removal asks again.
                let _ = self.delete(&target, &DeleteOptions::default(), &caller).await;
            }
        }
        if !self.store.list(&name, None).0.is_empty() {
            return;
        }
        let Some(live) = self.store.get(key) else { return };
        let mut last = Value::clone(&live);
        if let Some(finalizers) = last["metadata"]["finalizers"].as_array_mut() {
            finalizers.retain(|one| one != CLEANUP);
            if finalizers.is_empty() {
                last["metadata"]["finalizers"] = json!([]);
                if self.store.delete(key, &live, last).is_ok() {
                    self.change_scheme(|scheme| scheme.remove_custom(&key.name));
                }
            } else {
                let _ = self.store.update(key, &live, last);
            }
        }
    }
}
