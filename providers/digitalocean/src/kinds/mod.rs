//! One kind of resource per file.

pub(crate) mod address;
pub(crate) mod address_binding;
pub(crate) mod cluster;
pub(crate) mod node_pool;
pub(crate) mod registry;
pub(crate) mod registry_integration;
