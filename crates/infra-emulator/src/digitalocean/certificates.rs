//! Certificates for load balancers: kept by name; what is in them is not looked at.

use serde_json::json;

use super::call::Call;
use super::fields::{self, Fields};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use crate::runtime::Dates;

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let name = call.query.get("name").filter(|name| !name.is_empty());
    let all = call.state.certificates.values();
    let list = all.filter(|own| name.is_none_or(|name| own["name"] == name)).cloned().collect();
    Reply::ok(page(&call.address(), &call.query, "certificates", list)?)
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = fields.required_text("name")?;
    if call.state.certificates.values().any(|known| known["name"] == name) {
        return Err(ApiError::unprocessable("name has already been taken"));
    }
    let kind = fields.choice("type", &["custom", "lets_encrypt"])?.unwrap_or("custom");
    let dns_names = fields.texts("dns_names")?.unwrap_or_default();
    if kind == "custom" {
        fields.required_text("private_key")?;
        fields.required_text("leaf_certificate")?;
    } else if dns_names.is_empty() {
        return Err(fields::missing("dns_names"));
    }
    let id = call.state.uuid("certificate", name);
    let fingerprint = call.state.seed().hex(&format!("certificate/{id}"));
    let quarter = std::time::Duration::from_secs(90 * 24 * 3600);
    let certificate = json!({
        "id": id,
        "name": name,
        "not_after": call.context.dates.date_ahead(quarter),
        "sha1_fingerprint": fingerprint[..40],
        "created_at": Dates::date_now(),
        "dns_names": dns_names,
        "state": "verified",
        "type": kind,
    });
    call.state.certificates.insert(id, certificate.clone());
    Reply::created(json!({ "certificate": certificate }))
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let certificate = call.state.certificates.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "certificate": certificate }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    call.state.certificates.shift_remove(id).ok_or_else(ApiError::not_found)?;
    Reply::nothing()
}
