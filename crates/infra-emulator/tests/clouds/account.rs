//! Authentication, catalogue, paging, rate limit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

#[test]
fn only_the_worlds_token_opens_the_api() {
    run(async {
        let world = Served::new().await;
        let account = world.get("/v2/account").await;
        assert_eq!(account["account"]["droplet_limit"], 25);
        let url = format!("{}/v2/account", world.url);
        for token in ["dop_v1_wrong", ""] {
            let reply = world.http.get(&url).bearer_auth(token).send().await.unwrap();
            assert_eq!(reply.status(), 401);
            let body: Value = reply.json().await.unwrap();
            assert_eq!(body["id"], "unauthorized");
            assert!(body["request_id"].is_string());
        }
        let (status, _) = world.refused(Method::GET, "/v2/nothing", Value::Null).await;
        assert_eq!(status, 404);
    });
}

#[test]
fn every_answer_tells_the_rate_limit_and_its_request_id() {
    run(async {
        let world = Served::new().await;
        let first = world.request(Method::GET, "/v2/regions").send().await.unwrap();
        let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("ratelimit-limit"), "5000");
        assert_eq!(header("ratelimit-remaining"), "4999");
        assert!(header("ratelimit-reset").parse::<i64>().unwrap() > 1_700_000_000);
        assert!(!header("x-request-id").is_empty());
    });
}

#[test]
fn the_minute_limit_is_counted_in_world_time() {
    run(async {
        let world = Served::with_faults("quotas: { requests_per_minute: 3 }").await;
        for _ in 0..3 {
            world.get("/v2/account").await;
        }
        let refused = world.request(Method::GET, "/v2/account").send().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["ratelimit-remaining"], "0");
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((55..=60).contains(&wait));
        world.sleep(wait).await;
        world.get("/v2/account").await;
    });
}

#[test]
fn lists_are_paged_with_absolute_links() {
    run(async {
        let world = Served::new().await;
        let mut next = format!("{}/v2/sizes?per_page=30", world.url);
        let mut slugs = Vec::new();
        let mut pages = 0;
        loop {
            let page = world.http.get(&next).bearer_auth(&world.token).send().await.unwrap();
            let page: Value = page.json().await.unwrap();
            pages += 1;
            let sizes = page["sizes"].as_array().unwrap();
            slugs.extend(sizes.iter().map(|size| size["slug"].as_str().unwrap().to_owned()));
            assert_eq!(page["meta"]["total"], 66);
            match page["links"]["pages"]["next"].as_str() {
                Some(link) => next = link.to_owned(),
                None => break,
            }
        }
        assert_eq!((pages, slugs.len()), (3, 66));
        assert!(slugs.contains(&"gpu-h100x1-80gb".to_owned()));
        let single = world.get("/v2/regions?per_page=200").await;
        assert_eq!(single["links"], json!({}));
        let (status, _) = world.refused(Method::GET, "/v2/sizes?per_page=201", Value::Null).await;
        assert_eq!(status, 400);
    });
}

#[test]
fn small_things_of_the_account_can_be_made_and_deleted() {
    run(async {
        let world = Served::new().await;
        let key = json!({ "name": "me", "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me" });
        let made = world.post("/v2/account/keys", key.clone()).await;
        let fingerprint = made["ssh_key"]["fingerprint"].as_str().unwrap().to_owned();
        let (status, _) = world.refused(Method::POST, "/v2/account/keys", key).await;
        assert_eq!(status, 422);
        world.delete(&format!("/v2/account/keys/{fingerprint}")).await;

        let spaces = json!({ "name": "k", "grants": [{ "bucket": "b", "permission": "read" }] });
        let made = world.post("/v2/spaces/keys", spaces).await;
        assert!(made["key"]["secret_key"].is_string());
        let id = made["key"]["access_key"].as_str().unwrap();
        let read = world.get(&format!("/v2/spaces/keys/{id}")).await;
        assert_eq!(read["key"]["secret_key"], Value::Null);
        let mixed = json!({ "name": "m", "grants": [
            { "bucket": "", "permission": "fullaccess" }, { "bucket": "b", "permission": "read" },
        ]});
        assert_eq!(world.refused(Method::POST, "/v2/spaces/keys", mixed).await.0, 400);

        let project = json!({ "name": "p", "purpose": "testing" });
        let made = world.post("/v2/projects", project).await;
        let id = made["project"]["id"].as_str().unwrap().to_owned();
        let urn = json!({ "resources": ["do:volume:1"] });
        world.post(&format!("/v2/projects/{id}/resources"), urn).await;
        let path = format!("/v2/projects/{id}");
        assert_eq!(world.refused(Method::DELETE, &path, Value::Null).await.0, 412);
        let moved = json!({ "resources": ["do:volume:1"] });
        world.post("/v2/projects/default/resources", moved).await;
        world.delete(&path).await;

        let lets = json!({ "name": "c", "type": "lets_encrypt", "dns_names": ["example.org"] });
        let made = world.post("/v2/certificates", lets).await;
        let id = made["certificate"]["id"].as_str().unwrap();
        world.delete(&format!("/v2/certificates/{id}")).await;
    });
}
