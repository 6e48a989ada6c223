//! The fault script at work.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

#[test]
fn a_rule_answers_in_place_of_the_emulator() {
    run(async {
        let world = Served::with_faults(
            "rules: [{ match: { service: digitalocean, method: get, path: ^/v2/account }, after: 1, times: 1, \
             then: { status: 503, headers: { retry-after: '7' } } }]",
        )
        .await;
        world.get("/v2/account").await;
        let refused = world.request(Method::GET, "/v2/account").send().await.unwrap();
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.headers()["retry-after"], "7");
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["id"], "service_unavailable");
        world.get("/v2/account").await;
    });
}

#[test]
fn a_lost_reply_has_happened_and_a_reset_has_not() {
    run(async {
        let world = Served::with_faults(
            "rules:\n- { match: { body: lost }, then: { lose_reply: true } }\n\
             - { match: { body: never }, then: { reset: true } }",
        )
        .await;
        for name in ["lost", "never"] {
            let request = world.request(Method::POST, "/v2/tags").json(&json!({ "name": name }));
            assert!(request.send().await.is_err());
        }
        let tags = world.get("/v2/tags").await;
        assert_eq!(tags["meta"]["total"], 1);
        assert_eq!(tags["tags"][0]["name"], "lost");
        let journal = world.emulator.requests();
        let seen: Vec<_> = journal
            .iter()
            .map(|record| (record.status, record.mutating, record.fault.as_str()))
            .collect();
        assert_eq!(seen, [(201, true, "lose_reply"), (0, false, "reset"), (200, false, "")]);
    });
}

#[test]
fn a_delay_is_world_time() {
    run(async {
        let world = Served::with_faults("rules: [{ then: { delay: 10m } }]").await;
        world.lasting_call(Method::GET, "/v2/account", Value::Null).await;
        assert_eq!(world.seconds(), 600);
    });
}

#[test]
fn a_held_answer_waits_for_its_release() {
    run(async {
        let world =
            Served::with_faults("rules: [{ match: { method: POST }, then: { hold: gate } }]").await;
        let request = world.request(Method::POST, "/v2/tags").json(&json!({ "name": "held" }));
        let held = tokio::spawn(request.send());
        // The deed is done while its answer is held.
        while world.get("/v2/tags").await["meta"]["total"] != 1 {
            tokio::task::yield_now().await;
        }
        assert!(!held.is_finished());
        world.emulator.release("gate");
        assert_eq!(held.await.unwrap().unwrap().status(), 201);
    });
}

#[test]
fn a_release_can_come_from_another_process() {
    run(async {
        let world = Served::with_faults("rules: [{ then: { hold: gate } }]").await;
        let held = tokio::spawn(world.request(Method::GET, "/v2/tags").send());
        std::fs::create_dir(world.directory.path().join("released")).unwrap();
        std::fs::write(world.directory.path().join("released/gate"), "").unwrap();
        assert_eq!(held.await.unwrap().unwrap().status(), 200);
    });
}

#[test]
fn creates_fail_or_are_slow() {
    run(async {
        let world = Served::with_faults(
            "creates:\n- { kind: cluster, name: ^bad, fail: no capacity in ams3 }\n\
             - { kind: load_balancer, slow: 10m }\n- { kind: node, name: slow/, times: 1, slow: 20m }",
        )
        .await;
        let cluster = |name: &str| {
            json!({
                "name": name, "region": "ams3", "version": "latest",
                "node_pools": [{ "name": "p", "size": "s-2vcpu-4gb", "count": 1 }],
            })
        };
        let path = "/v2/kubernetes/clusters";
        let made = world.post(path, cluster("bad")).await;
        let id = made["kubernetes_cluster"]["id"].as_str().unwrap();
        world.sleep(100).await;
        let failed =
            world.get(&format!("{path}/{id}")).await["kubernetes_cluster"]["status"].clone();
        assert_eq!(failed, json!({ "state": "error", "message": "no capacity in ams3" }));

        let body = json!({
            "name": "lb", "region": "ams3", "tag": "web",
            "forwarding_rules": [{
                "entry_protocol": "tcp", "entry_port": 80, "target_protocol": "tcp", "target_port": 80,
            }],
        });
        world.post("/v2/load_balancers", body).await;
        world.sleep(300).await;
        let list = world.get("/v2/load_balancers").await;
        assert_eq!(list["load_balancers"][0]["status"], "new");

        let made = world.post(path, cluster("slow")).await;
        let id = made["kubernetes_cluster"]["id"].as_str().unwrap();
        world.sleep(600).await;
        let cluster = world.get(&format!("{path}/{id}")).await["kubernetes_cluster"].clone();
        assert_eq!(cluster["status"]["state"], "provisioning");
        let later = world.get("/v2/load_balancers").await;
        assert_eq!(later["load_balancers"][0]["status"], "active");
        world.until_running(id).await;
    });
}
