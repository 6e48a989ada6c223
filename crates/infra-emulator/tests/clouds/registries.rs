//! The registry service of DigitalOcean: registries, subscription, credentials, integration, garbage collection.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

fn registry(name: &str, tier: &str) -> Value {
    json!({ "name": name, "subscription_tier_slug": tier, "region": "fra1" })
}

#[test]
fn making_a_registry_lasts_thirteen_seconds() {
    run(async {
        let world = Served::new().await;
        assert_eq!(world.refused(Method::GET, "/v2/registry", Value::Null).await.0, 404);
        let nameless = json!({ "name": "images" });
        assert_eq!(world.refused(Method::POST, "/v2/registries", nameless).await.0, 422);
        let made = world.lasting_post("/v2/registries", registry("images", "basic")).await;
        assert_eq!(made["registry"]["region"], "fra1");
        assert!((12..=14).contains(&world.seconds()));
        assert_eq!(world.get("/v2/registry").await["registry"]["name"], "images");
        let name = json!({ "name": "images" });
        assert_eq!(world.refused(Method::POST, "/v2/registries/validate-name", name).await.0, 409);
        let twice = world.refused(Method::POST, "/v2/registry", registry("more", "basic")).await;
        assert_eq!(twice, (422, "user already has a registry".to_owned()));
        let second = world.refused(Method::POST, "/v2/registries", registry("more", "basic")).await;
        assert_eq!(second.0, 422);
        world.post("/v2/registries/subscription", json!({ "tier_slug": "professional" })).await;
        world.lasting_post("/v2/registries", registry("more", "professional")).await;
        assert_eq!(world.refused(Method::GET, "/v2/registry", Value::Null).await.0, 412);
        world.delete("/v2/registries/more").await;
        world.delete("/v2/registry").await;
        assert_eq!(world.get("/v2/registries").await["registries"], json!([]));
    });
}

#[test]
fn upper_case_names_are_refused() {
    run(async {
        let world = Served::new().await;
        for name in ["Images", "1images", "images-", ""] {
            let refused =
                world.refused(Method::POST, "/v2/registries", registry(name, "basic")).await;
            assert_eq!(refused.0, 422, "{name}");
        }
    });
}

#[test]
fn garbage_collection_goes_through_its_states() {
    run(async {
        let world = Served::new().await;
        world.lasting_post("/v2/registries", registry("images", "basic")).await;
        let path = "/v2/registries/images/garbage-collection";
        let kind = json!({ "type": "untagged manifests and unreferenced blobs" });
        world.post(path, kind.clone()).await;
        assert_eq!(world.refused(Method::POST, path, kind).await.0, 409);
        let running = world.get(path).await["garbage_collection"].clone();
        assert_eq!(running["status"], "requested");
        world.sleep(10).await;
        let later = world.get(path).await["garbage_collection"]["status"].clone();
        let states = ["waiting for write JWTs to expire", "scanning manifests"];
        assert!(states.contains(&later.as_str().unwrap()), "{later}");
        world.sleep(120).await;
        assert_eq!(world.refused(Method::GET, path, Value::Null).await.0, 404);
        let history = world.get("/v2/registries/images/garbage-collections").await;
        assert_eq!(history["garbage_collections"][0]["status"], "succeeded");
    });
}

#[test]
fn integration_is_seen_on_the_cluster() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        world.lasting_post("/v2/registries", registry("images", "basic")).await;
        let body = json!({ "cluster_uuids": [id], "registries": ["images"] });
        let (status, _) = world.call(Method::POST, "/v2/kubernetes/registries", body.clone()).await;
        assert_eq!(status, 204);
        let path = format!("/v2/kubernetes/clusters/{id}");
        let cluster = world.get(&path).await["kubernetes_cluster"].clone();
        assert_eq!(cluster["registry_enabled"], true);
        assert_eq!(cluster["registries"], json!(["images"]));
        let (status, _) = world.call(Method::DELETE, "/v2/kubernetes/registries", body).await;
        assert_eq!(status, 204);
        assert_eq!(world.get(&path).await["kubernetes_cluster"]["registry_enabled"], false);
        let unknown = json!({ "cluster_uuids": [id], "registries": ["nobody"] });
        assert_eq!(world.refused(Method::POST, "/v2/kubernetes/registries", unknown).await.0, 404);
    });
}
