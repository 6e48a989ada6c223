//! How the controllers reach the API: the same writes as over HTTP, without HTTP.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::api::{Api, now, time_text};
use super::registry::{Caller, Target};
use super::store::Key;
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::scheme::Resource;
use crate::kubernetes::machinery::status::Status;

/// How often a change is tried again on an object that changes meanwhile.
const TRIES: usize = 16;
/// How many events of one namespace are kept.
const MOST_EVENTS: usize = 1024;
/// Of 256 new events, how many let it be looked whether there are too many.
const LOOKS: u8 = 8;

/// One component's access to the API.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) api: Arc<Api>,
    caller: Caller,
}

impl Client {
    /// A component such as `kube-controller-manager`; its name is its field manager.
    pub(crate) fn new(api: Arc<Api>, component: &'static str) -> Self {
        let caller = Caller::component(&format!("system:{component}"), component);
        Self { api, caller }
    }

    /// One object by its storage name (`pods`, `apps/deployments`).
    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.api.store.get(&Key::new(resource, namespace, name))
    }

    /// The objects of a namespace, or of all.
    pub(crate) fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.api.store.list(resource, namespace).0
    }

    fn resource(&self, resource: &str) -> Result<Arc<Resource>, Status> {
        self.api.stored_resource(resource).ok_or_else(Status::unknown_path)
    }

    fn target(&self, resource: &str, object: &Value) -> Result<Target, Status> {
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
        Ok(Target::object(self.resource(resource)?, text("namespace"), text("name")))
    }

    /// Creates an object; kind and version are filled in.
    pub(crate) async fn create(
        &self,
        resource: &str,
        mut object: Value,
    ) -> Result<Arc<Value>, Status> {
        let served = self.resource(resource)?;
        object["kind"] = json!(served.kind.kind);
        object["apiVersion"] = json!(served.kind.api_version());
        let mut target = self.target(resource, &object)?;
        target.name.clear();
        let body = object.to_string();
        let written = self.api.create(&target, body.as_bytes(), false, &self.caller).await?;
        Ok(written.object)
    }

    /// Replaces an object (`subresource` empty) or its status; 409 if it has changed since it was read.
    pub(crate) async fn update(
        &self,
        resource: &str,
        subresource: &str,
        object: &Value,
    ) -> Result<Arc<Value>, Status> {
        let mut target = self.target(resource, object)?;
        target.subresource = subresource.to_owned();
        let body = object.to_string();
        let written = self.api.update(&target, body.as_bytes(), false, &self.caller).await?;
        Ok(written.object)
    }

    /// Reads, changes and writes an object until nothing has changed in between; nothing if it is gone or unchanged.
    pub(crate) async fn modify(
        &self,
        resource: &str,
        subresource: &str,
        key: (&str, &str),
        change: impl Fn(&mut Value),
    ) -> Result<Option<Arc<Value>>, Status> {
        for _ in 0..TRIES {
            let Some(live) = self.get(resource, key.0, key.1) else { return Ok(None) };
            let mut object = Value::clone(&live);
            change(&mut object);
            if object == *live {
                return Ok(Some(live));
            }
            match self.update(resource, subresource, &object).await {
                Ok(written) => return Ok(Some(written)),
                Err(status) if status.reason == "Conflict" => {}
                Err(status) if status.code == 404 => return Ok(None),
                Err(status) => return Err(status),
            }
        }
        Err(Status::internal(format!("{resource} {}/{} changes all the time", key.0, key.1)))
    }

    /// Deletes an object; that it is gone already is fine.
    pub(crate) async fn delete(
        &self,
        resource: &str,
        key: (&str, &str),
        options: &DeleteOptions,
    ) -> Result<(), Status> {
        let target = Target::object(self.resource(resource)?, key.0, key.1);
        match self.api.delete(&target, options, &self.caller).await {
            Ok(_) => Ok(()),
            Err(status) if status.code == 404 => Ok(()),
            Err(status) => Err(status),
        }
    }

    /// Puts a pod on a node.
    pub(crate) async fn bind(&self, key: (&str, &str), node: &str) -> Result<(), Status> {
        let target = Target::object(self.resource("pods")?, key.0, key.1);
        self.api.bind_pod(&target.sub("binding"), node, &self.caller).await
    }

    /// Records an event about an object in the name of a component, counting one that says the same.
    pub(crate) async fn event_from(
        &self,
        component: &str,
        about: &Value,
        kind: &str,
        reason: &str,
        message: &str,
    ) {
        let metadata = &about["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let namespace = match text(&metadata["namespace"]) {
            none if none.is_empty() => "default".to_owned(),
            namespace => namespace,
        };
        let same = format!("{}/{component}/{reason}/{message}", text(&metadata["uid"]));
        let digest = hex::encode(Sha256::digest(same.as_bytes()));
        let name = format!("{}.{}", text(&metadata["name"]), &digest[..16]);
        let time = time_text(now());
        if self.get("events", &namespace, &name).is_some() {
            // That an event cannot be written changes nothing for the object that it is about.
            let _ = self
                .modify("events", "", (&namespace, &name), |event| {
                    event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                    event["lastTimestamp"] = json!(time);
                })
                .await;
            return;
        }
        let event = json!({
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "kind": about["kind"],
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
                "apiVersion": about["apiVersion"],
                "resourceVersion": metadata["resourceVersion"],
            },
            "reason": reason,
            "message": message,
            "source": {"component": component},
            "firstTimestamp": time,
            "lastTimestamp": time,
            "count": 1,
            "type": kind,
            "reportingComponent": component,
            "reportingInstance": "",
        });
        let _ = self.create("events", event).await;
        // Looked at now and then, as it takes a look at all of them.
        if rand::random::<u8>() < LOOKS {
            self.forget_events(&namespace).await;
        }
    }

    /// Takes away the events that have not been told again for longest, when there are too many. A real server forgets by time; here
    /// hours can pass in a moment.
    async fn forget_events(&self, namespace: &str) {
        let mut events = self.list("events", Some(namespace));
        if events.len() <= MOST_EVENTS {
            return;
        }
        let last = |event: &Value| event["lastTimestamp"].as_str().unwrap_or_default().to_owned();
        events.sort_by_cached_key(|event| last(event));
        for event in &events[..events.len() - MOST_EVENTS / 2] {
            let name = event["metadata"]["name"].as_str().unwrap_or_default();
            let _ = self.delete("events", (namespace, name), &DeleteOptions::default()).await;
        }
    }
}
