//! The account, its SSH keys, and the lists of regions and sizes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::Call;
use super::catalogue::{regions, sizes};
use super::fields::Fields;
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};

pub(super) const EMAIL: &str = "someone@example.com";

pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    let quotas = call.context.faults.quotas();
    let reserved = quotas.reserved_ip_limit.unwrap_or(super::reserved_ips::LIMIT);
    let seed = call.state.seed();
    Reply::ok(json!({ "account": {
        "droplet_limit": call.droplet_limit(),
        "floating_ip_limit": reserved,
        "reserved_ip_limit": reserved,
        "volume_limit": quotas.volume_limit.unwrap_or(super::volumes::LIMIT),
        "email": EMAIL,
        "name": "Some One",
        "uuid": seed.uuid("account"),
        "email_verified": true,
        "status": "active",
        "status_message": "",
        "team": { "uuid": seed.uuid("team"), "name": "My Team" },
    }}))
}

pub(super) fn regions(call: &mut Call<'_>) -> Outcome {
    let list = regions::REGIONS.iter().map(regions::Region::json).collect();
    Reply::ok(page(&call.address(), &call.query, "regions", list)?)
}

pub(super) fn sizes(call: &mut Call<'_>) -> Outcome {
    let list = sizes::SIZES.iter().map(sizes::Size::json).collect();
    Reply::ok(page(&call.address(), &call.query, "sizes", list)?)
}

pub(super) fn list_keys(call: &mut Call<'_>) -> Outcome {
    let keys = call.state.ssh_keys.values().cloned().collect();
    Reply::ok(page(&call.address(), &call.query, "ssh_keys", keys)?)
}

pub(super) fn create_key(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let (name, key) = (fields.required_text("name")?, fields.required_text("public_key")?);
    let fingerprint = fingerprint(key).ok_or_else(|| {
        ApiError::unprocessable("Key invalid, key should be of the format `type key [comment]`")
    })?;
    if call.state.ssh_keys.values().any(|known| known["fingerprint"] == fingerprint.as_str()) {
        return Err(ApiError::unprocessable("SSH Key is already in use on your account"));
    }
    let id = call.state.number("ssh key", name);
    let value = json!({ "id": id, "fingerprint": fingerprint, "public_key": key, "name": name });
    call.state.ssh_keys.insert(id, value.clone());
    Reply::created(json!({ "ssh_key": value }))
}

/// Sixteen bytes in colon form, like an MD5 fingerprint, but of another hash.
fn fingerprint(key: &str) -> Option<String> {
    use sha2::{Digest, Sha256};
    let mut parts = key.split_whitespace();
    let kind = parts.next().filter(|kind| kind.starts_with("ssh-") || kind.starts_with("ecdsa-"));
    let data = STANDARD.decode(kind.and_then(|_| parts.next())?).ok()?;
    let hash = Sha256::digest(data);
    let pairs: Vec<String> = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Some(pairs.join(":"))
}

fn key_id(call: &Call<'_>, identifier: &str) -> Result<u64, ApiError> {
    let found = call
        .state
        .ssh_keys
        .iter()
        .find(|(id, key)| id.to_string() == identifier || key["fingerprint"] == identifier);
    found.map(|(id, _)| *id).ok_or_else(ApiError::not_found)
}

pub(super) fn get_key(call: &mut Call<'_>, identifier: &str) -> Outcome {
    let id = key_id(call, identifier)?;
    Reply::ok(json!({ "ssh_key": call.state.ssh_keys.get(&id) }))
}

pub(super) fn update_key(call: &mut Call<'_>, identifier: &str) -> Outcome {
    let id = key_id(call, identifier)?;
    let body = call.body()?;
    let name = Fields::of(&body)?.required_text("name")?;
    let key: &mut Value = call.state.ssh_keys.get_mut(&id).ok_or_else(ApiError::not_found)?;
    key["name"] = name.into();
    Reply::ok(json!({ "ssh_key": key }))
}

pub(super) fn delete_key(call: &mut Call<'_>, identifier: &str) -> Outcome {
    let id = key_id(call, identifier)?;
    call.state.ssh_keys.shift_remove(&id);
    Reply::nothing()
}
