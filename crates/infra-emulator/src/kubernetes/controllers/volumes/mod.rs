//! Claims and volumes: static binding, provisioning through the surroundings, protection, reclaiming.

mod binding;
mod claims;
mod reclaim;

pub(super) use claims::Claims;
pub(super) use reclaim::Volumes;
