//! The kinds of resources in clusters, one per file.

mod item;
pub mod manifests;
pub mod namespace;
pub mod node_settings;
pub mod password;
mod place;
pub mod pull_secret;
pub mod smoke_test;
pub mod storage_class;

pub use item::Item;
pub(crate) use item::is_node;
