//! Random requests: nothing that a client sends may break an emulator.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Served;

/// Paths with what a good body for them has; random values take the place of some fields.
fn bodies() -> Vec<(Method, &'static str, Value)> {
    let pool = json!({
        "name": "p", "size": "s-2vcpu-4gb", "count": 1, "labels": { "a": "b" }, "auto_scale": false,
        "taints": [{ "key": "k", "value": "v", "effect": "NoSchedule" }], "min_nodes": 1, "max_nodes": 2,
    });
    let cluster = json!({
        "name": "c", "region": "ams3", "version": "latest", "node_pools": [pool], "tags": ["t"],
        "maintenance_policy": { "start_time": "00:00", "day": "any" }, "vpc_uuid": "", "ha": true,
        "control_plane_firewall": { "enabled": true, "allowed_addresses": ["10.0.0.1"] },
        "cluster_autoscaler_configuration": { "scale_down_utilization_threshold": 0.5 },
    });
    let balancer = json!({
        "name": "b", "region": "ams3", "tag": "t", "size_unit": 1, "health_check": { "port": 80 },
        "sticky_sessions": { "type": "none" }, "firewall": { "allow": ["ip:1.2.3.4"] },
        "forwarding_rules": [{
            "entry_protocol": "tcp", "entry_port": 1, "target_protocol": "tcp", "target_port": 1,
        }],
    });
    vec![
        (Method::POST, "/v2/kubernetes/clusters", cluster),
        (Method::POST, "/v2/load_balancers", balancer),
        (
            Method::POST,
            "/v2/volumes",
            json!({ "name": "v", "region": "ams3", "size_gigabytes": 1 }),
        ),
        (
            Method::POST,
            "/v2/vpcs",
            json!({ "name": "n", "region": "ams3", "ip_range": "10.9.0.0/20" }),
        ),
        (Method::POST, "/v2/reserved_ips", json!({ "region": "ams3", "droplet_id": 1 })),
        (Method::POST, "/v2/tags", json!({ "name": "t" })),
        (
            Method::POST,
            "/v2/tags/t/resources",
            json!({ "resources": [{ "resource_id": "1", "resource_type": "volume" }] }),
        ),
        (
            Method::POST,
            "/v2/spaces/keys",
            json!({ "name": "s", "grants": [{ "bucket": "b", "permission": "read" }] }),
        ),
        (Method::POST, "/v2/projects", json!({ "name": "p", "purpose": "x" })),
        (
            Method::POST,
            "/v2/certificates",
            json!({ "name": "c", "type": "lets_encrypt", "dns_names": ["a"] }),
        ),
        (Method::POST, "/v2/account/keys", json!({ "name": "k", "public_key": "ssh-rsa AAAA" })),
        (Method::POST, "/v2/registries/validate-name", json!({ "name": "r" })),
        (
            Method::POST,
            "/v2/kubernetes/registries",
            json!({ "cluster_uuids": ["x"], "registries": ["r"] }),
        ),
        (Method::DELETE, "/v2/kubernetes/registries", json!({ "cluster_uuids": ["x"] })),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), found));
        }
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items.for_each(|(index, inner)| places(inner, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn served() -> (tokio::runtime::Runtime, Served) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let quotas = "quotas: { requests_per_minute: 1000000, requests_per_hour: 1000000 }";
    let world = runtime.block_on(async { Served::with_faults(quotas).await });
    (runtime, world)
}

fn cases(count: u32) -> TestRunner {
    TestRunner::new(Config { cases: count, failure_persistence: None, ..Config::default() })
}

#[test]
fn wrong_bodies_are_refused_and_never_break_the_account() {
    let (runtime, world) = served();
    let bodies = bodies();
    let strategy = (0..bodies.len(), any::<prop::sample::Index>(), value());
    let outcome = cases(300).run(&strategy, |(chosen, place, random)| {
        let (method, path, mut body) = bodies[chosen].clone();
        let mut found = Vec::new();
        places(&body, "", &mut found);
        *body.pointer_mut(&found[place.index(found.len())]).unwrap() = random;
        let (status, reply) = runtime.block_on(world.call(method, path, body.clone()));
        prop_assert!(status.as_u16() < 500, "{path} {body}: {status} {reply}");
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(world.get("/v2/account"));
}

#[test]
fn strange_paths_and_queries_are_answered() {
    let (runtime, world) = served();
    let host = world.emulator.endpoints().registry.unwrap().host;
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH];
    let strategy = (0..methods.len(), "(/[a-z0-9_%.:-]{0,12}){1,6}", "[a-z0-9_=&%-]{0,30}");
    let outcome = cases(300).run(&strategy, |(method, path, query)| {
        for base in [world.url.clone(), format!("http://{host}")] {
            let url = format!("{base}/v2{path}?{query}");
            let request = world.http.request(methods[method].clone(), &url);
            let request = request.bearer_auth(&world.token).body("{}");
            let reply = runtime.block_on(async { request.send().await });
            let status = reply.unwrap().status().as_u16();
            prop_assert!(status < 500, "{url}: {status}");
        }
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(world.get("/v2/account"));
}
