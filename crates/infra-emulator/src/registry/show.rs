//! The registry's data as `show` lists it.

use std::path::Path;

use serde_json::{Value, json};

use super::store::Store;

/// Repositories with their manifests and tags, by registry.
pub(crate) fn show(root: &Path) -> Value {
    let store = Store::at(root.to_owned());
    let mut repositories = Vec::new();
    for registry in store.registries() {
        for repository in store.repositories(&registry) {
            let manifests: Vec<Value> = store
                .manifests(&registry, &repository)
                .into_iter()
                .map(|record| {
                    let bytes = record.total_bytes();
                    json!({ "digest": record.digest, "tags": record.tags, "bytes": bytes })
                })
                .collect();
            repositories.push(
                json!({ "registry": registry, "repository": repository, "manifests": manifests }),
            );
        }
    }
    json!({ "repositories": repositories })
}
