//! Rendered files to objects and hooks, in Helm's order.

mod hook;
mod manifest;
mod order;

pub use hook::{Hook, HookEvent};
pub use manifest::{Manifest, ManifestError, sort_manifests, split_manifests};
pub use order::{INSTALL_ORDER, UNINSTALL_ORDER, sort_for_uninstall};
