//! Everything that exists in a world, read from its files and through no client.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::world::read_json;
use super::{EmulatorError, World};

/// Lists what exists in the world of a directory. Works while another process serves it; secrets are left out.
///
/// # Errors
/// [`EmulatorError::NoWorld`] if there is none, and whatever keeps its files from being read.
pub fn show(directory: &Path) -> Result<Value, EmulatorError> {
    let identity = World::identity(directory)?
        .ok_or_else(|| EmulatorError::NoWorld { path: directory.to_owned() })?;
    let account: Option<Value> = read_json(directory, &directory.join(crate::digitalocean::FILE))?;
    let requests =
        std::fs::read_to_string(directory.join(super::journal::FILE)).unwrap_or_default();
    let requests: Vec<Value> =
        requests.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mutating = requests.iter().filter(|record| record["mutating"] == true).count();
    Ok(json!({
        "world": {
            "directory": directory,
            "format": identity.format,
            "seed": identity.seed,
            "elapsed_ms": identity.elapsed_ms,
            "created": identity.created,
        },
        "digitalocean": account.as_ref().map(crate::digitalocean::show),
        "registry": crate::registry::show(&directory.join("registry")),
        "kubernetes": clusters(&directory.join("kubernetes")),
        "requests": { "total": requests.len(), "mutating": mutating },
    }))
}

/// The objects of every cluster, by resource, namespace and name.
fn clusters(folder: &Path) -> Value {
    let mut shown = Map::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path().join("objects.jsonl")).unwrap_or_default();
        shown.insert(entry.file_name().to_string_lossy().into_owned(), objects(&text).into());
    }
    shown.into()
}

/// What is left after all the changes of a log: each line has resource, namespace, name, and the object or null.
fn objects(log: &str) -> Vec<Value> {
    let mut left = BTreeMap::new();
    for line in log.lines() {
        // The last line may be half written.
        let Ok(change) = serde_json::from_str::<Value>(line) else { continue };
        let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
        let key = (text("r"), text("s"), text("n"));
        if key.0.is_empty() {
            continue;
        }
        match &change["o"] {
            Value::Null => left.remove(&key),
            object => left.insert(key, object["metadata"]["uid"].clone()),
        };
    }
    let describe = |((resource, namespace, name), uid)| json!({ "resource": resource, "namespace": namespace, "name": name, "uid": uid });
    left.into_iter().map(describe).collect()
}
