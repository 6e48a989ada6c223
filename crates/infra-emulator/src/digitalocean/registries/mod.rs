//! The container registry service (DOCR): registries, subscription, credentials, repositories, garbage collection, integration
//! with clusters. The images themselves are in [`crate::registry`].

pub(super) mod authority;
pub(super) mod crud;
pub(super) mod docker_credentials;
pub(super) mod garbage;
pub(super) mod integration;
pub(super) mod model;
pub(super) mod repositories;
pub(super) mod subscription;
