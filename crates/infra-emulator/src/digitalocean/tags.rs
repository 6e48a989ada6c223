//! Tags: names are kept as first written and matched without case.

use serde_json::{Value, json};

use super::call::Call;
use super::fields::{self, Fields, is_tag};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{State, Tag};

fn json_of(state: &State, tag: &Tag, base: &str) -> Value {
    let carries = |tags: &[String]| tags.iter().any(|own| own.eq_ignore_ascii_case(&tag.name));
    let resource = |uris: Vec<String>| match uris.last() {
        Some(last) => json!({ "count": uris.len(), "last_tagged_uri": last }),
        None => json!({ "count": 0 }),
    };
    let droplets: Vec<String> = state
        .droplets
        .values()
        .filter(|droplet| carries(&droplet.tags))
        .map(|droplet| format!("{base}/v2/droplets/{}", droplet.id))
        .collect();
    let volumes: Vec<String> = state
        .volumes
        .values()
        .filter(|volume| carries(&volume.tags))
        .map(|volume| format!("{base}/v2/volumes/{}", volume.id))
        .collect();
    let snapshots: Vec<String> = state
        .snapshots
        .values()
        .filter(|snapshot| carries(&snapshot.tags))
        .map(|snapshot| format!("{base}/v2/snapshots/{}", snapshot.id))
        .collect();
    let count = droplets.len() + volumes.len() + snapshots.len();
    let last = [&droplets, &volumes, &snapshots].iter().rev().find_map(|uris| uris.last()).cloned();
    let mut resources = json!({
        "count": count,
        "droplets": resource(droplets),
        "images": resource(Vec::new()),
        "volumes": resource(volumes),
        "volume_snapshots": resource(snapshots),
        "databases": resource(Vec::new()),
    });
    if let Some(last) = last {
        resources["last_tagged_uri"] = last.into();
    }
    json!({ "name": tag.name, "resources": resources })
}

fn find<'a>(state: &'a State, name: &str) -> Result<&'a Tag, ApiError> {
    state.tags.get(&name.to_lowercase()).ok_or_else(ApiError::not_found)
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let state = &call.state;
    let tags = state.tags.values().map(|tag| json_of(state, tag, call.base)).collect();
    Reply::ok(page(&call.address(), &call.query, "tags", tags)?)
}

pub(super) fn get(call: &mut Call<'_>, name: &str) -> Outcome {
    let tag = find(call.state, name)?;
    Reply::ok(json!({ "tag": json_of(call.state, tag, call.base) }))
}

/// `POST`: making a tag that exists gives the tag that exists.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let name = Fields::of(&body)?.required_text("name")?;
    if !is_tag(name) {
        return Err(ApiError::unprocessable(
            "Name is invalid: tags may only contain letters, numbers, colons, dashes, and underscores",
        ));
    }
    call.state.ensure_tags(&[name.to_owned()]);
    let tag = find(call.state, name)?;
    Reply::created(json!({ "tag": json_of(call.state, tag, call.base) }))
}

/// `DELETE`: removes it from everything that carries it.
pub(super) fn delete(call: &mut Call<'_>, name: &str) -> Outcome {
    find(call.state, name)?;
    let state = &mut call.state;
    state.tags.shift_remove(&name.to_lowercase());
    for droplet in state.droplets.values_mut() {
        droplet.tags.retain(|own| !own.eq_ignore_ascii_case(name));
    }
    for volume in state.volumes.values_mut() {
        volume.tags.retain(|own| !own.eq_ignore_ascii_case(name));
    }
    for snapshot in state.snapshots.values_mut() {
        snapshot.tags.retain(|own| !own.eq_ignore_ascii_case(name));
    }
    Reply::nothing()
}

/// `POST` and `DELETE .../resources`.
pub(super) fn resources(call: &mut Call<'_>, name: &str, add: bool) -> Outcome {
    let body = call.body()?;
    let tag = find(call.state, name)?.name.clone();
    let list = Fields::of(&body)?.list("resources")?.ok_or_else(|| fields::missing("resources"))?;
    let mut wanted = Vec::new();
    for value in list {
        let resource = Fields::of(value)?;
        let kinds = ["droplet", "image", "volume", "volume_snapshot"];
        let kind = resource.choice("resource_type", &kinds)?;
        let kind = kind.ok_or_else(|| fields::missing("resource_type"))?;
        let id = resource.required_text("resource_id")?;
        tags_of(call.state, kind, id).ok_or_else(ApiError::not_found)?;
        wanted.push((kind, id));
    }
    for (kind, id) in wanted {
        let Some(tags) = tags_of(call.state, kind, id) else { continue };
        tags.retain(|own| !own.eq_ignore_ascii_case(&tag));
        if add {
            tags.push(tag.clone());
        }
    }
    Reply::nothing()
}

fn tags_of<'a>(state: &'a mut State, kind: &str, id: &str) -> Option<&'a mut Vec<String>> {
    match kind {
        "droplet" => {
            let id: u64 = id.parse().ok()?;
            state.droplets.get_mut(&id).map(|droplet| &mut droplet.tags)
        }
        "volume" => state.volumes.get_mut(id).map(|volume| &mut volume.tags),
        "volume_snapshot" => state.snapshots.get_mut(id).map(|snapshot| &mut snapshot.tags),
        _ => None,
    }
}
