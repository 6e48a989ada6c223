//! What DigitalOcean sells: regions, Droplet sizes, Kubernetes versions, registry tiers. Slugs are the public ones.

pub(super) mod regions;
pub(super) mod sizes;
pub(super) mod tiers;
pub(super) mod versions;
