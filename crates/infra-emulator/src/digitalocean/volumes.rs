//! Block storage: volumes, what is done to them, and their snapshots.

use serde_json::{Value, json};

use super::actions::{self, NewAction};
use super::call::Call;
use super::catalogue::regions;
use super::context::Context;
use super::fields::{self, Fields, has_form};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{Action, State, Volume};
use crate::runtime::Dates;

pub(super) const LIMIT: u64 = 100;
const GREATEST: u64 = 16_384;
/// Volumes that one Droplet can carry.
const PER_DROPLET: usize = 15;

impl Volume {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "region": regions::json_of(&self.region),
            "size_gigabytes": self.size_gigabytes,
            "created_at": self.created_at,
            "droplet_ids": self.droplet_ids,
            "tags": self.tags,
            "filesystem_type": self.filesystem_type,
            "filesystem_label": self.filesystem_label,
        })
    }
}

/// Whether the account may have one more.
pub(super) fn refusal(state: &State, context: &Context) -> Option<String> {
    let limit = context.faults.quotas().volume_limit.unwrap_or(LIMIT);
    let used = u64::try_from(state.volumes.len()).unwrap_or(u64::MAX);
    (used >= limit).then(|| format!("failed to create volume: volume limit of {limit} exceeded"))
}

/// `GET /v2/volumes?name&region`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let (name, region) = (call.query.get("name"), call.query.get("region"));
    let wanted = |volume: &&Volume| {
        name.is_none_or(|name| volume.name == name)
            && region.is_none_or(|region| volume.region == region)
    };
    let volumes = call.state.volumes.values().filter(wanted).map(Volume::json).collect();
    Reply::ok(page(&call.address(), &call.query, "volumes", volumes)?)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let volume = call.state.volumes.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "volume": volume.json() }))
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = fields.required_text("name")?;
    if !has_form(name, "^[a-z][a-z0-9-]{0,63}$") {
        return Err(ApiError::unprocessable(
            "volume name is invalid: must be lowercase, start with a letter and contain only letters, numbers and dashes",
        ));
    }
    let snapshot = match fields.text("snapshot_id")?.filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => Some(call.state.snapshots.get(id).ok_or_else(ApiError::not_found)?.clone()),
    };
    let region = match &snapshot {
        Some(snapshot) => snapshot.region.clone(),
        None => fields.required_text("region")?.to_owned(),
    };
    regions::find(&region).ok_or_else(|| ApiError::unprocessable("region is invalid"))?;
    let size = match fields.count("size_gigabytes")? {
        Some(size) => size,
        None => snapshot
            .as_ref()
            .map(|snapshot| snapshot.size_gigabytes)
            .ok_or_else(|| fields::missing("size_gigabytes"))?,
    };
    if !(1..=GREATEST).contains(&size) {
        return Err(ApiError::unprocessable("size_gigabytes must be between 1 and 16384"));
    }
    let filesystem = fields.text("filesystem_type")?.unwrap_or_default();
    if !["", "ext4", "xfs"].contains(&filesystem) {
        return Err(ApiError::unprocessable("filesystem_type must be ext4 or xfs"));
    }
    let taken = |volume: &Volume| volume.name == name && volume.region == region;
    if call.state.volumes.values().any(taken) {
        return Err(ApiError::conflict("failed to create volume: name already in use"));
    }
    if let Some(refusal) = refusal(call.state, call.context) {
        return Err(ApiError::unprocessable(refusal));
    }
    let fault = call.context.faults.create("volume", name);
    if let Some(message) = fault.fail {
        return Err(ApiError::unprocessable(message));
    }
    call.takes += fault.slow;
    let tags = fields::tags(&fields)?;
    call.state.ensure_tags(&tags);
    let volume = Volume {
        id: call.state.uuid("volume", name),
        name: name.to_owned(),
        description: fields.text("description")?.unwrap_or_default().to_owned(),
        region,
        size_gigabytes: size,
        created_at: Dates::date_now(),
        droplet_ids: Vec::new(),
        tags,
        filesystem_type: filesystem.to_owned(),
        filesystem_label: fields.text("filesystem_label")?.unwrap_or_default().to_owned(),
        cluster: None,
        claim_uid: None,
        ready_ms: call.now,
        message: None,
    };
    let reply = volume.json();
    call.state.volumes.insert(volume.id.clone(), volume);
    Reply::created(json!({ "volume": reply }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    let volume = call.state.volumes.get(id).ok_or_else(ApiError::not_found)?;
    if !volume.droplet_ids.is_empty() {
        return Err(ApiError::conflict(
            "failed to delete volume: volume is still attached to a Droplet",
        ));
    }
    call.state.volumes.shift_remove(id);
    Reply::nothing()
}

/// `DELETE /v2/volumes?name&region`.
pub(super) fn delete_by_name(call: &mut Call<'_>) -> Outcome {
    let id = by_name(call, call.query.get("name"), call.query.get("region"))?;
    delete(call, &id)
}

fn by_name(call: &Call<'_>, name: Option<&str>, region: Option<&str>) -> Result<String, ApiError> {
    let name = name.ok_or_else(|| ApiError::bad_request("name is required"))?;
    let found =
        call.state.volumes.values().find(|volume| {
            volume.name == name && region.is_none_or(|region| volume.region == region)
        });
    found.map(|volume| volume.id.clone()).ok_or_else(ApiError::not_found)
}

/// `POST /v2/volumes/{id}/actions`, or by name without the id.
pub(super) fn act(call: &mut Call<'_>, id: Option<&str>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let id = match id {
        Some(id) => id.to_owned(),
        None => by_name(call, Some(fields.required_text("volume_name")?), fields.text("region")?)?,
    };
    let volume = call.state.volumes.get(&id).ok_or_else(ApiError::not_found)?.clone();
    let kind = fields.choice("type", &["attach", "detach", "resize"])?;
    let kind = kind.ok_or_else(|| fields::missing("type"))?;
    let (mut droplet, mut size) = (None, None);
    if kind == "resize" {
        let wanted = fields.required_count("size_gigabytes")?;
        if wanted <= volume.size_gigabytes || wanted > GREATEST {
            return Err(ApiError::unprocessable(
                "size_gigabytes must be greater than the present size",
            ));
        }
        size = Some(wanted);
    } else {
        let wanted = fields.required_count("droplet_id")?;
        check_attachment(call, &volume, kind, wanted)?;
        droplet = Some(wanted);
    }
    let new = NewAction {
        kind: if kind == "resize" { "resize_volume" } else { kind },
        resource_type: "backend",
        resource: &id,
        region: &volume.region,
        droplet,
        size_gigabytes: size,
    };
    let action = actions::begin(call.state, call.now, &new);
    Reply::accepted(json!({ "action": action.json() }))
}

fn check_attachment(
    call: &Call<'_>,
    volume: &Volume,
    kind: &str,
    droplet: u64,
) -> Result<(), ApiError> {
    let target = call.state.droplets.get(&droplet).ok_or_else(ApiError::not_found)?;
    let attached = volume.droplet_ids.contains(&droplet);
    let carried =
        call.state.volumes.values().filter(|volume| volume.droplet_ids.contains(&droplet)).count();
    let refusal = match kind {
        "detach" if !attached => "volume is not attached to this Droplet",
        "attach" if attached => "volume is already attached to this Droplet",
        "attach" if !volume.droplet_ids.is_empty() => {
            "volume is already attached to another Droplet"
        }
        "attach" if target.region != volume.region => {
            "volume and Droplet are not in the same region"
        }
        "attach" if carried >= PER_DROPLET => "cannot attach more volumes to the Droplet",
        _ => return Ok(()),
    };
    Err(ApiError::unprocessable(refusal))
}

pub(super) fn action_done(state: &mut State, action: &Action) {
    let Some(volume) = state.volumes.get_mut(&action.resource) else { return };
    match (action.kind.as_str(), action.droplet) {
        ("attach", Some(droplet)) if !volume.droplet_ids.contains(&droplet) => {
            volume.droplet_ids.push(droplet);
        }
        ("detach", Some(droplet)) => volume.droplet_ids.retain(|attached| *attached != droplet),
        _ => {
            if let Some(size) = action.size_gigabytes {
                volume.size_gigabytes = size;
            }
        }
    }
}
