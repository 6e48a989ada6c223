//! Snapshots of volumes.

use serde_json::{Value, json};

use super::call::Call;
use super::fields::{self, Fields};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::Snapshot;
use crate::runtime::Dates;

impl Snapshot {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "created_at": self.created_at,
            "regions": [self.region],
            "resource_id": self.volume,
            "resource_type": "volume",
            "min_disk_size": self.size_gigabytes,
            "size_gigabytes": self.size_gigabytes,
            "tags": self.tags,
        })
    }
}

pub(super) fn list_of_volume(call: &mut Call<'_>, volume: &str) -> Outcome {
    call.state.volumes.get(volume).ok_or_else(ApiError::not_found)?;
    let own = call.state.snapshots.values().filter(|snapshot| snapshot.volume == volume);
    let snapshots = own.map(Snapshot::json).collect();
    Reply::ok(page(&call.address(), &call.query, "snapshots", snapshots)?)
}

/// `GET /v2/snapshots?resource_type`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let only_droplets = call.query.get("resource_type") == Some("droplet");
    let snapshots = call.state.snapshots.values().filter(|_| !only_droplets);
    let snapshots = snapshots.map(Snapshot::json).collect();
    Reply::ok(page(&call.address(), &call.query, "snapshots", snapshots)?)
}

pub(super) fn create(call: &mut Call<'_>, volume: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let volume = call.state.volumes.get(volume).ok_or_else(ApiError::not_found)?.clone();
    let name = fields.required_text("name")?.to_owned();
    let tags = fields::tags(&fields)?;
    call.state.ensure_tags(&tags);
    let snapshot = Snapshot {
        id: call.state.uuid("snapshot", &name),
        name,
        created_at: Dates::date_now(),
        volume: volume.id,
        region: volume.region,
        size_gigabytes: volume.size_gigabytes,
        tags,
        cluster: volume.cluster,
    };
    let reply = snapshot.json();
    call.state.snapshots.insert(snapshot.id.clone(), snapshot);
    Reply::created(json!({ "snapshot": reply }))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let snapshot = call.state.snapshots.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "snapshot": snapshot.json() }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    call.state.snapshots.shift_remove(id).ok_or_else(ApiError::not_found)?;
    Reply::nothing()
}
