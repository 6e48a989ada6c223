//! The world directory: kept, locked, shown.

use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorError, EmulatorOptions, World, show};
use serde_json::json;

use crate::client::{Served, run};

#[test]
fn a_world_goes_on_where_it_was_left() {
    run(async {
        let world = Served::new().await;
        let body = json!({
            "name": "hub", "region": "ams3", "version": "latest",
            "node_pools": [{ "name": "p", "size": "s-2vcpu-4gb", "count": 1 }],
        });
        let made = world.post("/v2/kubernetes/clusters", body).await;
        let id = made["kubernetes_cluster"]["id"].as_str().unwrap().to_owned();
        world.sleep(100).await;
        let (url, token) = (world.url.clone(), world.token.clone());
        let world = world.reopened().await;
        assert_eq!((&world.url, &world.token), (&url, &token));
        assert!((100..110).contains(&world.seconds()));
        let path = format!("/v2/kubernetes/clusters/{id}");
        let state = world.get(&path).await["kubernetes_cluster"]["status"]["state"].clone();
        assert_eq!(state, "provisioning");
        world.until_running(&id).await;
        assert!((200..300).contains(&world.seconds()), "{}", world.seconds());
    });
}

#[test]
fn one_world_is_served_once() {
    run(async {
        let world = Served::new().await;
        let options = EmulatorOptions::new(world.directory.path(), WorldClock::real());
        let second = Emulator::start(options).await;
        assert!(matches!(second.err(), Some(EmulatorError::InUse { .. })));
    });
}

#[test]
fn a_world_is_shown_from_its_files_while_it_is_served() {
    run(async {
        let world = Served::new().await;
        world.post("/v2/tags", json!({ "name": "mine" })).await;
        let body = json!({ "name": "v", "region": "ams3", "size_gigabytes": 1 });
        world.post("/v2/volumes", body).await;
        let shown = show(world.directory.path()).unwrap();
        assert_eq!(shown["digitalocean"]["volumes"][0]["name"], "v");
        assert_eq!(shown["digitalocean"]["tags"].as_array().unwrap().len(), 1);
        assert_eq!(shown["requests"], json!({ "total": 2, "mutating": 2 }));
        assert!(!shown.to_string().contains(&world.token));
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(show(empty.path()), Err(EmulatorError::NoWorld { .. })));
    });
}

#[test]
fn a_damaged_or_foreign_world_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("world.json"), "{").unwrap();
    let error = World::elapsed(folder.path()).unwrap_err().to_string();
    assert!(error.contains("delete the folder"), "{error}");
    let foreign = json!({ "format": 99, "seed": 1, "elapsed_ms": 0, "created": "" });
    std::fs::write(folder.path().join("world.json"), foreign.to_string()).unwrap();
    let error = World::elapsed(folder.path()).unwrap_err();
    assert!(matches!(error, EmulatorError::Format { found: 99, .. }));
}

#[cfg(unix)]
#[test]
fn files_of_a_world_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    run(async {
        let world = Served::new().await;
        world.get("/v2/account").await;
        for entry in std::fs::read_dir(world.directory.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
            let secret = !["lock", "registry"].contains(&entry.file_name().to_str().unwrap());
            assert!(!secret || mode == 0, "{:?} {mode:o}", entry.path());
        }
    });
}
