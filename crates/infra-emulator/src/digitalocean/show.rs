//! The account as `show` lists it: straight from its file, without secrets and without the emulator's own bookkeeping.

use serde_json::{Map, Value, json};

/// What exists in an account's file.
pub(crate) fn show(account: &Value) -> Value {
    let values = |name: &str| -> Vec<Value> {
        account[name].as_object().map(|map| map.values().cloned().collect()).unwrap_or_default()
    };
    let mut shown = Map::new();
    for name in [
        "clusters",
        "droplets",
        "load_balancers",
        "volumes",
        "snapshots",
        "vpcs",
        "tags",
        "reserved_ips",
        "projects",
        "certificates",
        "spaces_keys",
        "ssh_keys",
        "registries",
        "garbage_collections",
    ] {
        let cleaned: Vec<Value> = values(name).into_iter().map(without_secrets).collect();
        shown.insert(name.to_owned(), cleaned.into());
    }
    let credentials = account["docker_credentials"].as_array().map_or(0, Vec::len);
    shown.insert("docker_credentials".to_owned(), json!(credentials));
    shown.insert("subscription".to_owned(), account["subscription"].clone());
    let pending = account["schedule"].as_array().cloned().unwrap_or_default();
    let pending: Vec<Value> =
        pending.into_iter().filter(|due| due["event"]["token_expired"].is_null()).collect();
    shown.insert("pending".to_owned(), pending.into());
    shown.into()
}

fn without_secrets(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        for name in ["token", "tokens", "secret_key", "messages", "lint"] {
            map.shift_remove(name);
        }
    }
    value
}
