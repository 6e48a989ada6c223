//! Everything that exists in a world, read from its files and through no client.

use std::path::Path;

use serde_json::{Value, json};

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
        "requests": { "total": requests.len(), "mutating": mutating },
    }))
}
