//! Registries themselves, by the present paths (`/v2/registries`) and the old ones (`/v2/registry`).

use serde_json::{Value, json};

use super::model::Registry;
use super::subscription;
use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::tiers;
use crate::digitalocean::events::Effect;
use crate::digitalocean::fields::{Fields, has_form};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::runtime::Dates;

/// Seconds that making a registry takes; the call itself lasts so long.
const CREATION: (u64, u64) = (12, 14);

/// The only registry, for the old paths.
pub(in crate::digitalocean) fn only(call: &Call<'_>) -> Result<String, ApiError> {
    match call.state.registries.len() {
        0 => Err(ApiError::not_found()),
        1 => call.state.registries.keys().next().cloned().ok_or_else(ApiError::not_found),
        _ => Err(ApiError::new(
            http::StatusCode::PRECONDITION_FAILED,
            "This API is not supported for accounts with multiple registries. Use /v2/registries/{registry_name} instead.",
        )),
    }
}

/// A registry that exists, for the present paths.
pub(in crate::digitalocean) fn existing(call: &Call<'_>, name: &str) -> Result<(), ApiError> {
    call.state.registries.get(name).map(|_| ()).ok_or_else(ApiError::not_found)
}

pub(in crate::digitalocean) fn list(call: &mut Call<'_>) -> Outcome {
    let (state, context) = (&call.state, call.context);
    let list: Vec<Value> =
        state.registries.values().map(|registry| registry.json(state, context)).collect();
    Reply::ok(json!({ "registries": list }))
}

pub(in crate::digitalocean) fn get(call: &mut Call<'_>, name: &str) -> Outcome {
    let registry = call.state.registries.get(name).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "registry": registry.json(call.state, call.context) }))
}

pub(in crate::digitalocean) fn get_only(call: &mut Call<'_>) -> Outcome {
    let name = only(call)?;
    get(call, &name)
}

fn checked_name(fields: &Fields<'_>) -> Result<String, ApiError> {
    let name = fields.required_text("name")?;
    if has_form(name, "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$") {
        return Ok(name.to_owned());
    }
    Err(ApiError::unprocessable(
        "invalid registry name: lowercase letters, digits and '-' only, starting with a letter and ending with a letter or digit, at most 63 characters",
    ))
}

/// `POST /v2/registries` and `POST /v2/registry` (`old`).
pub(in crate::digitalocean) fn create(call: &mut Call<'_>, old: bool) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = checked_name(&fields)?;
    let region = fields.choice("region", &tiers::REGISTRY_REGIONS)?.unwrap_or("nyc3").to_owned();
    let asked = fields.choice("subscription_tier_slug", &["starter", "basic", "professional"])?;
    if old && !call.state.registries.is_empty() {
        return Err(ApiError::unprocessable("user already has a registry"));
    }
    if call.state.registries.contains_key(&name) {
        return Err(ApiError::conflict("name already exists"));
    }
    let present = call.state.subscription.as_ref().map(|subscription| subscription.tier.clone());
    let Some(tier) = asked.map(str::to_owned).or(present) else {
        return Err(ApiError::unprocessable("subscription_tier_slug is required"));
    };
    let allowed = tiers::find(&tier).map_or(1, |tier| tier.registries);
    let allowed = call.context.faults.quotas().registry_limit.unwrap_or(allowed);
    if u64::try_from(call.state.registries.len()).unwrap_or(u64::MAX) >= allowed {
        return Err(ApiError::unprocessable(format!(
            "registry limit reached: the {tier} subscription allows {allowed}"
        )));
    }
    let fault = call.context.faults.create("registry", &name);
    if let Some(message) = fault.fail {
        return Err(ApiError::unprocessable(message));
    }
    subscription::set(call.state, &tier);
    call.takes += fault.slow + call.state.takes("registry", &name, CREATION);
    let registry = Registry { name: name.clone(), region, created_at: Dates::date_now() };
    let reply = registry.json(call.state, call.context);
    call.state.registries.insert(name, registry);
    Reply::created(json!({ "registry": reply }))
}

/// `DELETE`: the images go as well, and every credential of the registry.
pub(in crate::digitalocean) fn delete(call: &mut Call<'_>, name: &str) -> Outcome {
    existing(call, name)?;
    call.state.registries.shift_remove(name);
    call.state.docker_credentials.retain(|credential| credential.registry != name);
    call.state.garbage_collections.retain(|_, collection| collection.registry != name);
    call.context.images.delete_registry(name);
    for cluster in call.state.clusters.values_mut() {
        if let Some(index) = cluster.registries.iter().position(|own| own == name) {
            cluster.registries.remove(index);
            call.effects.push(Effect::SyncRegistries { cluster: cluster.id.clone() });
        }
    }
    if call.state.registries.is_empty() {
        call.state.subscription = None;
    }
    Reply::nothing()
}

pub(in crate::digitalocean) fn delete_only(call: &mut Call<'_>) -> Outcome {
    let name = only(call)?;
    delete(call, &name)
}

/// `POST .../validate-name`: 204 if it is free.
pub(in crate::digitalocean) fn validate_name(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let name = checked_name(&Fields::of(&body)?)?;
    if call.state.registries.contains_key(&name) {
        return Err(ApiError::conflict("name already exists"));
    }
    Reply::nothing()
}
