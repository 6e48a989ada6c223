//! Wire types of the DigitalOcean API, version 2: what this provider reads, and no more. Unknown fields and states are accepted.

pub(crate) mod account;
pub(crate) mod kubernetes;
pub(crate) mod network;
pub(crate) mod registry;
