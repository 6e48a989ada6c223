//! Garbage collection: a registry is read-only while one runs.

use std::time::Duration;

use serde_json::{Value, json};

use super::crud::existing;
use super::model::GarbageCollection;
use crate::digitalocean::call::Call;
use crate::digitalocean::context::Context;
use crate::digitalocean::events::Event;
use crate::digitalocean::fields::Fields;
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;
use crate::runtime::Dates;

const KINDS: [&str; 3] = [
    "untagged manifests only",
    "unreferenced blobs only",
    "untagged manifests and unreferenced blobs",
];

fn active<'a>(call: &'a Call<'_>, registry: &str) -> Option<&'a GarbageCollection> {
    call.state
        .garbage_collections
        .values()
        .find(|collection| collection.registry == registry && collection.is_active())
}

pub(in crate::digitalocean) fn run(call: &mut Call<'_>, registry: &str) -> Outcome {
    existing(call, registry)?;
    let body = call.body_or_empty();
    let kind = Fields::of(&body)?.choice("type", &KINDS)?.unwrap_or(KINDS[1]);
    if active(call, registry).is_some() {
        return Err(ApiError::conflict("a garbage collection is already running"));
    }
    let uuid = call.state.uuid("garbage collection", registry);
    let now = Dates::date_now();
    let collection = GarbageCollection {
        uuid: uuid.clone(),
        registry: registry.to_owned(),
        kind: kind.to_owned(),
        status: "requested".into(),
        created_at: now.clone(),
        updated_at: now,
        blobs_deleted: 0,
        freed_bytes: 0,
    };
    let reply = collection.json();
    call.state.garbage_collections.insert(uuid.clone(), collection);
    call.state.after(call.now, Duration::from_secs(5), Event::GarbageCollection { uuid });
    Reply::created(json!({ "garbage_collection": reply }))
}

/// The next state of a collection.
pub(in crate::digitalocean) fn step(state: &mut State, context: &Context, now: u64, uuid: &str) {
    let Some(collection) = state.garbage_collections.get_mut(uuid) else { return };
    let (status, next) = match collection.status.as_str() {
        "requested" => ("waiting for write JWTs to expire", Some(30)),
        "waiting for write JWTs to expire" => ("scanning manifests", Some(15)),
        "scanning manifests" => ("deleting unreferenced blobs", Some(10)),
        "deleting unreferenced blobs" => ("succeeded", None),
        "cancelling" => ("cancelled", None),
        _ => return,
    };
    if status == "succeeded" {
        let manifests = collection.kind != KINDS[1];
        let blobs = collection.kind != KINDS[0];
        let (count, bytes) = context.images.collect(&collection.registry, manifests, blobs);
        (collection.blobs_deleted, collection.freed_bytes) = (count, bytes);
    }
    status.clone_into(&mut collection.status);
    collection.updated_at = Dates::date_now();
    if let Some(seconds) = next {
        let event = Event::GarbageCollection { uuid: uuid.to_owned() };
        state.after(now, Duration::from_secs(seconds), event);
    }
}

/// `GET .../garbage-collection`: the one that runs.
pub(in crate::digitalocean) fn get_active(call: &mut Call<'_>, registry: &str) -> Outcome {
    existing(call, registry)?;
    let running = active(call, registry).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "garbage_collection": running.json() }))
}

/// `GET .../garbage-collections`, newest first.
pub(in crate::digitalocean) fn list(call: &mut Call<'_>, registry: &str) -> Outcome {
    existing(call, registry)?;
    let all = call.state.garbage_collections.values().rev();
    let list: Vec<Value> = all
        .filter(|collection| collection.registry == registry)
        .map(GarbageCollection::json)
        .collect();
    let mut value = crate::digitalocean::paging::page(
        &call.address(),
        &call.query,
        "garbage_collections",
        list,
    )?;
    if let Some(map) = value.as_object_mut() {
        map.shift_remove("links");
    }
    Reply::ok(value)
}

/// `PUT .../garbage-collection/{uuid}` with `{cancel: true}`.
pub(in crate::digitalocean) fn update(call: &mut Call<'_>, registry: &str, uuid: &str) -> Outcome {
    existing(call, registry)?;
    let body = call.body()?;
    let cancel = Fields::of(&body)?.boolean("cancel")?.unwrap_or(false);
    let known = call.state.garbage_collections.get_mut(uuid);
    let collection = known
        .filter(|collection| collection.registry == registry && collection.is_active())
        .ok_or_else(ApiError::not_found)?;
    if cancel {
        collection.status = "cancelling".into();
        collection.updated_at = Dates::date_now();
    }
    Reply::ok(json!({ "garbage_collection": collection.json() }))
}
