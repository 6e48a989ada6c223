//! The subscription and the options.

use serde_json::{Value, json};

use super::model::Subscription;
use crate::digitalocean::call::Call;
use crate::digitalocean::catalogue::tiers::{self, REGISTRY_REGIONS, TIERS};
use crate::digitalocean::fields::{self, Fields};
use crate::digitalocean::reply::{ApiError, Outcome, Reply};
use crate::digitalocean::state::State;
use crate::runtime::Dates;

/// Sets the account's tier.
pub(super) fn set(state: &mut State, tier: &str) {
    let now = Dates::date_now();
    let created_at = match &state.subscription {
        Some(known) if known.tier == tier => return,
        Some(known) => known.created_at.clone(),
        None => now.clone(),
    };
    state.subscription = Some(Subscription { tier: tier.to_owned(), created_at, updated_at: now });
}

pub(in crate::digitalocean) fn get(call: &mut Call<'_>) -> Outcome {
    let subscription = call.state.subscription.as_ref().ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "subscription": subscription.json() }))
}

/// Repositories and bytes of all registries together.
fn usage(call: &Call<'_>) -> (u64, u64) {
    let images = &call.context.images;
    let names = call.state.registries.keys();
    names.fold((0, 0), |(repositories, bytes), name| {
        let own = u64::try_from(images.repositories(name).len()).unwrap_or(u64::MAX);
        (repositories + own, bytes + images.usage(name))
    })
}

/// `POST`: changes the tier.
pub(in crate::digitalocean) fn update(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let slug = Fields::of(&body)?.choice("tier_slug", &["starter", "basic", "professional"])?;
    let slug = slug.ok_or_else(|| fields::missing("tier_slug"))?;
    let tier = tiers::find(slug).ok_or_else(|| fields::missing("tier_slug"))?;
    let (repositories, bytes) = usage(call);
    let reasons = tier.reasons_against(repositories, bytes);
    let held = u64::try_from(call.state.registries.len()).unwrap_or(u64::MAX);
    if !reasons.is_empty() || held > tier.registries {
        return Err(ApiError::unprocessable(format!(
            "not eligible for the {slug} subscription: {}",
            if reasons.is_empty() { "too many registries".to_owned() } else { reasons.join(", ") }
        )));
    }
    set(call.state, slug);
    get(call)
}

pub(in crate::digitalocean) fn options(call: &mut Call<'_>) -> Outcome {
    let (repositories, bytes) = usage(call);
    let tiers: Vec<Value> = TIERS
        .iter()
        .map(|tier| {
            let reasons = tier.reasons_against(repositories, bytes);
            let mut value = tier.json();
            value["eligible"] = reasons.is_empty().into();
            if !reasons.is_empty() {
                value["eligibility_reasons"] = reasons.into();
            }
            value
        })
        .collect();
    Reply::ok(json!({
        "options": { "available_regions": REGISTRY_REGIONS, "subscription_tiers": tiers },
    }))
}
