//! Watches end, resume and expire.

use std::time::Duration;

use infra_emulator::kubernetes::RequestFault;
use serde_json::{Value, json};

use crate::harness::{Client, World, run};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

async fn events(client: &Client, query: &str) -> Vec<Value> {
    let response = client.open("GET", &format!("{MAPS}?watch=1{query}"), None).await;
    let text = response.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_watch_is_cut_resumes_and_expires() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        world.cluster.faults().cut_watches(Some(Duration::from_millis(50)));
        let first = client.create(MAPS, json!({"metadata": {"name": "one"}})).await;
        let version = first["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        client.create(MAPS, json!({"metadata": {"name": "two"}})).await;
        let resumed = events(client, &format!("&resourceVersion={version}")).await;
        let names: Vec<_> = resumed.iter().map(|it| &it["object"]["metadata"]["name"]).collect();
        assert_eq!(names, ["two"]);
        world.cluster.forget_history();
        let expired = events(client, &format!("&resourceVersion={version}")).await;
        assert_eq!(expired.len(), 1);
        assert_eq!(expired[0]["type"], "ERROR");
        assert_eq!(expired[0]["object"]["code"], 410);
        assert_eq!(expired[0]["object"]["reason"], "Expired");
    });
}

#[test]
fn requests_fail_as_scripted_and_then_succeed() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        world.cluster.faults().fail_requests(RequestFault {
            path: "configmaps".into(),
            code: 429,
            retry_after_seconds: Some(7),
            times: 1,
            ..RequestFault::default()
        });
        let response = client.open("GET", MAPS, None).await;
        assert_eq!(response.status().as_u16(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(client.get(MAPS).await.0, 200);
    });
}
