//! Virtual private clouds and what lives in them.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::call::Call;
use super::catalogue::regions;
use super::fields::{Fields, has_form};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::{State, Vpc};
use crate::runtime::Dates;

impl Vpc {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "urn": format!("do:vpc:{}", self.id),
            "name": self.name,
            "description": self.description,
            "region": self.region,
            "ip_range": self.ip_range,
            "default": self.default,
            "created_at": self.created_at,
        })
    }
}

/// (name, URN, date) of everything in a VPC.
fn members(state: &State, id: &str) -> Vec<(String, String, String)> {
    let clusters =
        state.clusters.values().filter(|cluster| cluster.vpc_uuid == id).map(|cluster| {
            let urn = format!("do:kubernetes:{}", cluster.id);
            (cluster.name.clone(), urn, cluster.created_at.clone())
        });
    let droplets =
        state.droplets.values().filter(|droplet| droplet.vpc_uuid == id).map(|droplet| {
            let urn = format!("do:droplet:{}", droplet.id);
            (droplet.name.clone(), urn, droplet.created_at.clone())
        });
    let balancers = state.load_balancers.values().filter(|own| own.vpc_uuid == id).map(|own| {
        (own.name.clone(), format!("do:loadbalancer:{}", own.id), own.created_at.clone())
    });
    clusters.chain(droplets).chain(balancers).collect()
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let vpcs = call.state.vpcs.values().map(Vpc::json).collect();
    Reply::ok(page(&call.address(), &call.query, "vpcs", vpcs)?)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let vpc = call.state.vpcs.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(json!({ "vpc": vpc.json() }))
}

fn name(call: &Call<'_>, name: &str, own: &str) -> Result<String, ApiError> {
    if !has_form(name, r"^[a-zA-Z0-9\-.]+$") {
        return Err(ApiError::unprocessable(
            "name may only contain letters, numbers, dashes, and periods",
        ));
    }
    if call.state.vpcs.values().any(|vpc| vpc.name == name && vpc.id != own) {
        return Err(ApiError::conflict("a VPC with this name already exists in your account"));
    }
    Ok(name.to_owned())
}

fn description(fields: &Fields<'_>) -> Result<Option<String>, ApiError> {
    match fields.text("description")? {
        Some(text) if text.chars().count() > 255 => {
            Err(ApiError::unprocessable("description is too long (maximum is 255 characters)"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = name(call, fields.required_text("name")?, "")?;
    let region = fields.required_text("region")?;
    regions::find(region).ok_or_else(|| ApiError::unprocessable("region is invalid"))?;
    let description = description(&fields)?.unwrap_or_default();
    let ip_range = match fields.text("ip_range")?.filter(|range| !range.is_empty()) {
        None => call.state.free_range(),
        Some(range) => checked_range(call, range)?,
    };
    // The first VPC of a region is its default.
    let default = !call.state.vpcs.values().any(|vpc| vpc.region == region);
    let id = call.state.uuid("vpc", &name);
    let created_at = Dates::date_now();
    let region = region.to_owned();
    let vpc = Vpc { id: id.clone(), name, description, region, ip_range, default, created_at };
    let reply = vpc.json();
    call.state.vpcs.insert(id, vpc);
    Reply::created(json!({ "vpc": reply }))
}

/// First and last address of a range such as `10.10.0.0/20`.
fn bounds(range: &str) -> Option<(u32, u32, u32)> {
    let (address, length) = range.split_once('/')?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
    let size = u64::from(u32::MAX) + 1;
    let hosts = u32::try_from((size >> length) - 1).ok()?;
    (address & hosts == 0).then_some((address, address | hosts, length))
}

fn checked_range(call: &Call<'_>, range: &str) -> Result<String, ApiError> {
    let refuse = |message: &str| Err(ApiError::unprocessable(message));
    let Some((first, last, length)) = bounds(range) else {
        return refuse("ip_range is not a valid network in CIDR notation");
    };
    if !(16..=28).contains(&length) {
        return refuse("ip_range must be between /16 and /28");
    }
    if !Ipv4Addr::from(first).is_private() || !Ipv4Addr::from(last).is_private() {
        return refuse("ip_range must be within the private ranges of RFC 1918");
    }
    let overlaps = call.state.vpcs.values().any(|vpc| {
        bounds(&vpc.ip_range).is_some_and(|(start, end, _)| start <= last && first <= end)
    });
    if overlaps {
        return refuse("This range/size overlaps with another VPC network in your account");
    }
    Ok(range.to_owned())
}

/// `PUT` (name required) and `PATCH`.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let old = call.state.vpcs.get(id).ok_or_else(ApiError::not_found)?.clone();
    let given = if call.method == "PUT" {
        Some(fields.required_text("name")?)
    } else {
        fields.text("name")?
    };
    let name = name(call, given.unwrap_or(&old.name), id)?;
    let description = description(&fields)?;
    let default = fields.boolean("default")?.unwrap_or(false);
    if default {
        for vpc in call.state.vpcs.values_mut().filter(|vpc| vpc.region == old.region) {
            vpc.default = vpc.id == id;
        }
    }
    let vpc = call.state.vpcs.get_mut(id).ok_or_else(ApiError::not_found)?;
    vpc.name = name;
    vpc.description = description.unwrap_or(old.description);
    Reply::ok(json!({ "vpc": vpc.json() }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    let vpc = call.state.vpcs.get(id).ok_or_else(ApiError::not_found)?;
    if vpc.default {
        return Err(ApiError::new(http::StatusCode::FORBIDDEN, "Can not delete default VPCs"));
    }
    if !members(call.state, id).is_empty() {
        return Err(ApiError::conflict("Can not delete VPC with members"));
    }
    call.state.vpcs.shift_remove(id);
    Reply::nothing()
}

pub(super) fn list_members(call: &mut Call<'_>, id: &str) -> Outcome {
    call.state.vpcs.get(id).ok_or_else(ApiError::not_found)?;
    let kind = call.query.get("resource_type").map(|kind| format!("do:{kind}:"));
    let members = members(call.state, id)
        .into_iter()
        .filter(|(_, urn, _)| kind.as_deref().is_none_or(|kind| urn.starts_with(kind)))
        .map(|(name, urn, date)| json!({ "name": name, "urn": urn, "created_at": date }))
        .collect();
    Reply::ok(page(&call.address(), &call.query, "members", members)?)
}

/// Peerings are not emulated: there are none.
pub(super) fn list_peerings(call: &mut Call<'_>, id: &str) -> Outcome {
    call.state.vpcs.get(id).ok_or_else(ApiError::not_found)?;
    Reply::ok(page(&call.address(), &call.query, "peerings", Vec::new())?)
}
