//! DOKS: clusters, node pools and nodes, credentials, upgrades, and what clusters leave behind.

pub(super) mod associated;
pub(super) mod create;
pub(super) mod credentials;
pub(super) mod lifecycle;
pub(super) mod lint;
pub(super) mod model;
pub(super) mod nodes;
pub(super) mod options;
pub(super) mod pools;
pub(super) mod settings;
pub(super) mod update;
