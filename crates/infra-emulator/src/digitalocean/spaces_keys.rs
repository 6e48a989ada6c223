//! Access keys of Spaces. The data plane of Spaces is not emulated.

use serde_json::{Value, json};

use super::call::Call;
use super::fields::{self, Fields};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::SpacesKey;
use crate::runtime::Dates;

const LIMIT: usize = 200;

impl SpacesKey {
    /// Without the secret, which is shown once.
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "access_key": self.access_key,
            "grants": self.grants,
            "created_at": self.created_at,
        })
    }

    fn grants(&self) -> impl Iterator<Item = &Value> {
        self.grants.as_array().into_iter().flatten()
    }
}

/// `GET /v2/spaces/keys?name&bucket&permission&sort&sort_direction`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let query = &call.query;
    let (name, bucket) = (query.get("name"), query.get("bucket"));
    let permission = query.get("permission");
    let granted = |key: &SpacesKey, field: &str, wanted: Option<&str>| {
        wanted.is_none_or(|wanted| key.grants().any(|grant| grant[field] == wanted))
    };
    let mut keys: Vec<&SpacesKey> = call
        .state
        .spaces_keys
        .values()
        .filter(|key| name.is_none_or(|name| key.name == name))
        .filter(|key| granted(key, "bucket", bucket) && granted(key, "permission", permission))
        .collect();
    if query.get("sort") == Some("name") {
        keys.sort_by(|one, other| one.name.cmp(&other.name));
    }
    if query.get("sort_direction") != Some("asc") {
        keys.reverse();
    }
    let keys = keys.into_iter().map(SpacesKey::json).collect();
    Reply::ok(page(&call.address(), &call.query, "keys", keys)?)
}

fn grants(fields: &Fields<'_>) -> Result<Value, ApiError> {
    let mut grants = Vec::new();
    for value in fields.list("grants")?.into_iter().flatten() {
        let grant = Fields::of(value)?;
        let bucket = grant.text("bucket")?.unwrap_or_default();
        let permission = grant.choice("permission", &["read", "readwrite", "fullaccess", ""])?;
        let permission = permission.ok_or_else(|| fields::missing("permission"))?;
        if (permission == "fullaccess") != bucket.is_empty() && !permission.is_empty() {
            return Err(ApiError::bad_request(
                "fullaccess goes without a bucket, every other permission with one",
            ));
        }
        grants.push(json!({ "bucket": bucket, "permission": permission }));
    }
    let full = grants.iter().filter(|grant| grant["permission"] == "fullaccess").count();
    if full > 0 && full < grants.len() {
        return Err(ApiError::bad_request("fullaccess cannot be mixed with other permissions"));
    }
    Ok(grants.into())
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = fields.required_text("name")?.to_owned();
    let grants = grants(&fields)?;
    if call.state.spaces_keys.len() >= LIMIT {
        return Err(ApiError::bad_request("the account has reached its limit of 200 keys"));
    }
    let purpose = call.state.purpose("spaces key", &name);
    let hex = call.state.seed().hex(&purpose);
    let key = SpacesKey {
        name,
        access_key: format!("DO00{}", hex[..16].to_uppercase()),
        secret_key: hex[16..59].to_owned(),
        grants,
        created_at: Dates::date_now(),
    };
    let mut reply = key.json();
    reply["secret_key"] = key.secret_key.clone().into();
    call.state.spaces_keys.insert(key.access_key.clone(), key);
    Reply::created(json!({ "key": reply }))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let key = call.state.spaces_keys.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "key": key.json() }))
}

/// `PUT` and `PATCH`: only the name changes.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body()?;
    let name = Fields::of(&body)?.required_text("name")?;
    let key = call.state.spaces_keys.get_mut(id).ok_or_else(ApiError::not_found)?;
    name.clone_into(&mut key.name);
    Reply::ok(json!({ "key": key.json() }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    call.state.spaces_keys.shift_remove(id).ok_or_else(ApiError::not_found)?;
    Reply::nothing()
}
