//! Volumes, snapshots and tags.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

fn volume(name: &str) -> Value {
    json!({ "name": name, "region": "ams3", "size_gigabytes": 10, "filesystem_type": "ext4" })
}

#[test]
fn a_volume_is_attached_resized_detached_and_deleted() {
    run(async {
        let world = Served::new().await;
        world.cluster("hub", 1).await;
        let droplet = world.get("/v2/droplets").await["droplets"][0]["id"].as_u64().unwrap();
        let made = world.post("/v2/volumes", volume("data")).await["volume"].clone();
        let path = format!("/v2/volumes/{}", made["id"].as_str().unwrap());
        assert_eq!(world.refused(Method::POST, "/v2/volumes", volume("data")).await.0, 409);
        let act = |body: Value| {
            let (world, path) = (&world, format!("{path}/actions"));
            async move {
                let action = world.post(&path, body).await["action"].clone();
                world.sleep(10).await;
                let done = world.get(&format!("{path}/{}", action["id"])).await;
                assert_eq!(done["action"]["status"], "completed");
            }
        };
        act(json!({ "type": "attach", "droplet_id": droplet })).await;
        assert_eq!(world.get(&path).await["volume"]["droplet_ids"], json!([droplet]));
        assert_eq!(world.refused(Method::DELETE, &path, Value::Null).await.0, 409);
        act(json!({ "type": "resize", "size_gigabytes": 20 })).await;
        assert_eq!(world.get(&path).await["volume"]["size_gigabytes"], 20);
        act(json!({ "type": "detach", "droplet_id": droplet })).await;
        let snapshot = world.post(&format!("{path}/snapshots"), json!({ "name": "s" })).await;
        let found = world.get("/v2/volumes?name=data&region=ams3").await;
        assert_eq!(found["meta"]["total"], 1);
        world.delete("/v2/volumes?name=data&region=ams3").await;
        let id = snapshot["snapshot"]["id"].as_str().unwrap();
        let again = json!({ "name": "again", "snapshot_id": id, "region": "ams3" });
        let restored = world.post("/v2/volumes", again).await;
        assert_eq!(restored["volume"]["size_gigabytes"], 20);
        world.delete(&format!("/v2/volumes/snapshots/{id}")).await;
    });
}

#[test]
fn tags_are_matched_without_case_and_counted() {
    run(async {
        let world = Served::new().await;
        world.post("/v2/tags", json!({ "name": "Mine" })).await;
        let again = world.post("/v2/tags", json!({ "name": "mine" })).await;
        assert_eq!(again["tag"]["name"], "Mine");
        let made = world.post("/v2/volumes", volume("data")).await;
        let id = made["volume"]["id"].as_str().unwrap().to_owned();
        let resources = json!({ "resources": [{ "resource_id": id, "resource_type": "volume" }] });
        world.post("/v2/tags/mine/resources", resources.clone()).await;
        let tag = world.get("/v2/tags/MINE").await["tag"].clone();
        assert_eq!(tag["resources"]["count"], 1);
        assert!(tag["resources"]["last_tagged_uri"].as_str().unwrap().ends_with(&id));
        let (status, _) = world.call(Method::DELETE, "/v2/tags/Mine/resources", resources).await;
        assert_eq!(status, 204);
        assert_eq!(world.get(&format!("/v2/volumes/{id}")).await["volume"]["tags"], json!([]));
        let bad = world.refused(Method::POST, "/v2/tags", json!({ "name": "a b" })).await;
        assert_eq!(bad.0, 422);
        world.delete("/v2/tags/mine").await;
        assert_eq!(world.refused(Method::GET, "/v2/tags/mine", Value::Null).await.0, 404);
    });
}
