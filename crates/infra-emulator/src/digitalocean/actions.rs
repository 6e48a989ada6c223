//! Actions: what is under way with volumes and reserved IPs.

use serde_json::json;

use super::call::Call;
use super::events::Event;
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{Action, State};
use crate::runtime::Dates;

/// An action that is to begin.
pub(super) struct NewAction<'a> {
    pub(super) kind: &'a str,
    pub(super) resource_type: &'a str,
    pub(super) resource: &'a str,
    pub(super) region: &'a str,
    pub(super) droplet: Option<u64>,
    pub(super) size_gigabytes: Option<u64>,
}

/// Begins an action that ends some seconds later.
pub(super) fn begin(state: &mut State, now: u64, new: &NewAction<'_>) -> Action {
    let id = state.number("action", &format!("{}/{}", new.resource, new.kind));
    let action = Action {
        id,
        status: "in-progress".into(),
        kind: new.kind.to_owned(),
        started_at: Dates::date_now(),
        completed_at: None,
        // Addresses are numbers on the wire here; volumes have none.
        resource_id: new.resource.parse::<std::net::Ipv4Addr>().ok().map(|ip| u32::from(ip).into()),
        resource_type: new.resource_type.to_owned(),
        region: new.region.to_owned(),
        resource: new.resource.to_owned(),
        droplet: new.droplet,
        size_gigabytes: new.size_gigabytes,
    };
    state.actions.insert(id, action.clone());
    let takes = state.takes("action", &id.to_string(), (2, 6));
    state.after(now, takes, Event::ActionCompleted { action: id });
    action
}

pub(super) fn completed(state: &mut State, id: u64) {
    let Some(action) = state.actions.get_mut(&id) else { return };
    action.status = "completed".into();
    action.completed_at = Some(Dates::date_now());
    let action = action.clone();
    match action.resource_type.as_str() {
        "floating_ip" | "reserved_ip" => super::reserved_ips::action_done(state, &action),
        _ => super::volumes::action_done(state, &action),
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let actions = call.state.actions.values().rev().map(Action::json).collect();
    Reply::ok(page(&call.address(), &call.query, "actions", actions)?)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let action = id.parse().ok().and_then(|id: u64| call.state.actions.get(&id));
    Reply::ok(json!({ "action": action.ok_or_else(ApiError::not_found)?.json() }))
}

/// The actions of one resource.
pub(super) fn list_of(call: &mut Call<'_>, resource: &str) -> Outcome {
    let own = call.state.actions.values().rev().filter(|action| action.resource == resource);
    let actions = own.map(Action::json).collect();
    Reply::ok(page(&call.address(), &call.query, "actions", actions)?)
}

/// An action of one resource.
pub(super) fn get_of(call: &mut Call<'_>, resource: &str, id: &str) -> Outcome {
    let action = id.parse().ok().and_then(|id: u64| call.state.actions.get(&id));
    let action =
        action.filter(|action| action.resource == resource).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "action": action.json() }))
}
