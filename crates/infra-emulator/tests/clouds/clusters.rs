//! Clusters, pools, nodes, credentials, upgrades and what is left behind.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

const CLUSTERS: &str = "/v2/kubernetes/clusters";

#[test]
fn a_cluster_takes_about_four_minutes_of_world_time() {
    run(async {
        let world = Served::new().await;
        let body = json!({
            "name": "hub", "region": "ams3", "version": "1.35", "tags": ["mine"], "ha": false,
            "maintenance_policy": { "start_time": "03:00", "day": "sunday" },
            "node_pools": [{ "name": "default", "size": "s-2vcpu-4gb", "count": 2 }],
        });
        let made = world.post(CLUSTERS, body).await["kubernetes_cluster"].clone();
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(made["status"]["state"], "provisioning");
        assert_eq!(made["version"], "1.35.5-do.0");
        assert_eq!(made["endpoint"], "");
        assert_eq!(made["tags"], json!(["k8s", format!("k8s:{id}"), "mine"]));
        assert_eq!(made["maintenance_policy"]["duration"], "4h0m0s");
        let node = &made["node_pools"][0]["nodes"][0];
        assert_eq!((&node["name"], &node["droplet_id"]), (&json!(""), &json!("")));

        let path = format!("{CLUSTERS}/{id}/credentials");
        assert_eq!(world.refused(Method::GET, &path, Value::Null).await.0, 404);
        world.until_running(&id).await;
        assert!((200..300).contains(&world.seconds()), "took {} s", world.seconds());
        let running = world.get(&format!("{CLUSTERS}/{id}")).await["kubernetes_cluster"].clone();
        let nodes = running["node_pools"][0]["nodes"].as_array().unwrap();
        assert!(nodes.iter().all(|node| node["status"]["state"] == "running"));
        assert!(nodes[0]["name"].as_str().unwrap().starts_with("default-"));
        let droplets = world.get(&format!("/v2/droplets?tag_name=k8s:{id}")).await;
        assert_eq!(droplets["meta"]["total"], 2);
        let said = world.get(&format!("{CLUSTERS}/{id}/status_messages")).await;
        assert_eq!(said["messages"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn wrong_bodies_are_refused_in_the_words_of_the_api() {
    run(async {
        let world = Served::new().await;
        let good = json!({
            "name": "hub", "region": "ams3", "version": "latest",
            "node_pools": [{ "name": "default", "size": "s-2vcpu-4gb", "count": 1 }],
        });
        let cases = [
            ("/name", json!("-x"), 422, "name must consist"),
            ("/region", json!("mars1"), 422, "invalid region"),
            ("/version", json!("1.19.9-do.0"), 422, "validation error: invalid version slug"),
            ("/node_pools", json!([]), 422, "at least one node pool"),
            ("/node_pools/0/size", json!("s-1vcpu-1gb"), 422, "invalid droplet size"),
            ("/node_pools/0/size", json!("gpu-h100x8-640gb"), 422, "invalid droplet size"),
            ("/node_pools/0/count", json!("2"), 400, "cannot unmarshal string"),
            ("/node_pools/0/count", json!(99), 422, "not enough available droplet limit"),
            ("/node_pools/0/name", json!("Big"), 422, "node pool name"),
            (
                "/node_pools/0/taints",
                json!([{ "key": "a", "value": "", "effect": "No" }]),
                422,
                "effect must",
            ),
            (
                "/node_pools/0/labels",
                json!({ "x.digitalocean.com/a": "b" }),
                422,
                "reserved domain",
            ),
            ("/node_pools/0/auto_scale", json!(true), 422, "min_nodes"),
            ("/vpc_uuid", json!("no"), 422, "UUID"),
            ("/maintenance_policy", json!({ "start_time": "25:00" }), 422, "HH:MM"),
            ("/tags", json!(["a b"]), 422, "Tag a b is invalid"),
            ("/ha", json!("yes"), 400, "cannot unmarshal"),
            ("/cluster_subnet", json!("x"), 422, "CIDR"),
        ];
        for (place, value, status, words) in cases {
            let mut body = good.clone();
            let (parent, field) = place.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[field] = value;
            let (found, message) = world.refused(Method::POST, CLUSTERS, body).await;
            assert_eq!(found, status, "{place}: {message}");
            assert!(message.contains(words), "{place}: {message}");
        }
        let mut extra = good.clone();
        extra["unheard_of"] = json!({ "ignored": true });
        world.post(CLUSTERS, extra).await;
        assert_eq!(world.refused(Method::POST, CLUSTERS, good).await.0, 422);
        assert_eq!(world.get(CLUSTERS).await["meta"]["total"], 1);
    });
}

#[test]
fn pools_grow_shrink_and_go() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 2).await;
        let pools = format!("{CLUSTERS}/{id}/node_pools");
        let body = json!({
            "name": "work", "size": "g-2vcpu-8gb", "count": 1, "labels": { "role": "work" },
            "taints": [{ "key": "only", "value": "", "effect": "NoSchedule" }],
        });
        let made = world.post(&pools, body.clone()).await["node_pool"].clone();
        let pool = format!("{pools}/{}", made["id"].as_str().unwrap());
        assert!(made["tags"].as_array().unwrap().contains(&json!("k8s:worker")));
        assert_eq!(world.refused(Method::POST, &pools, body).await.0, 422);

        world.put(&pool, json!({ "name": "work", "count": 3 })).await;
        world.sleep(200).await;
        let states = |pool: &Value| -> Vec<String> {
            let nodes = pool["node_pool"]["nodes"].as_array().unwrap();
            nodes.iter().map(|node| node["status"]["state"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(states(&world.get(&pool).await), ["running"; 3]);
        let shrunk = world.put(&pool, json!({ "name": "work", "count": 2 })).await;
        assert_eq!(states(&shrunk), ["running", "running", "draining"]);
        assert_eq!(shrunk["node_pool"]["labels"], json!({ "role": "work" }));
        world.sleep(120).await;
        assert_eq!(states(&world.get(&pool).await), ["running"; 2]);

        let node =
            world.get(&pool).await["node_pool"]["nodes"][0]["id"].as_str().unwrap().to_owned();
        world.delete(&format!("{pool}/nodes/{node}?replace=1")).await;
        world.sleep(200).await;
        let after = world.get(&pool).await;
        assert_eq!(states(&after), ["running"; 2]);
        assert!(!after.to_string().contains(&node));

        world.delete(&pool).await;
        assert_eq!(world.get(&pool).await["node_pool"]["count"], 0);
        world.sleep(120).await;
        assert_eq!(world.refused(Method::GET, &pool, Value::Null).await.0, 404);
        let rest = world.get(&pools).await;
        let last = format!("{pools}/{}", rest["node_pools"][0]["id"].as_str().unwrap());
        let (status, message) = world.refused(Method::DELETE, &last, Value::Null).await;
        assert_eq!(status, 422, "{message}");
        assert_eq!(world.get("/v2/droplets").await["meta"]["total"], 2);
    });
}

#[test]
fn the_droplet_limit_counts_what_pools_may_grow_to() {
    run(async {
        let world = Served::with_faults("quotas: { droplet_limit: 5 }").await;
        let id = world.cluster("hub", 1).await;
        let pools = format!("{CLUSTERS}/{id}/node_pools");
        let scaling = json!({
            "name": "auto", "size": "s-2vcpu-4gb", "count": 1,
            "auto_scale": true, "min_nodes": 1, "max_nodes": 5,
        });
        let (status, message) = world.refused(Method::POST, &pools, scaling.clone()).await;
        assert_eq!(status, 422);
        assert!(message.contains("not enough available droplet limit"), "{message}");
        let mut fits = scaling;
        fits["max_nodes"] = json!(4);
        let made = world.post(&pools, fits).await;
        assert_eq!(made["node_pool"]["max_nodes"], 4);
        assert_eq!(world.get("/v2/account").await["account"]["droplet_limit"], 5);
    });
}

#[test]
fn an_update_changes_what_it_names() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let path = format!("{CLUSTERS}/{id}");
        assert_eq!(world.refused(Method::PUT, &path, json!({ "tags": [] })).await.0, 422);
        let body = json!({ "name": "hub2", "auto_upgrade": true, "maintenance_policy": null });
        let updated = world.put(&path, body).await["kubernetes_cluster"].clone();
        assert_eq!(updated["name"], "hub2");
        assert_eq!(updated["auto_upgrade"], true);
        assert_eq!(updated["maintenance_policy"]["day"], "any");
        // From 1.36 on clusters are highly available unless they say otherwise, and stay so.
        assert_eq!(updated["ha"], true);
        let (status, message) =
            world.refused(Method::PUT, &path, json!({ "name": "hub2", "ha": false })).await;
        assert_eq!(status, 422, "{message}");
    });
}

#[test]
fn an_upgrade_replaces_the_nodes() {
    run(async {
        let world = Served::new().await;
        let body = json!({
            "name": "old", "region": "fra1", "version": "1.34",
            "node_pools": [{ "name": "default", "size": "s-2vcpu-4gb", "count": 2 }],
        });
        let made = world.post(CLUSTERS, body).await;
        let id = made["kubernetes_cluster"]["id"].as_str().unwrap();
        let path = format!("{CLUSTERS}/{id}");
        world.until_running(id).await;
        let before = world.get(&path).await["kubernetes_cluster"]["node_pools"][0]["nodes"].clone();
        let reachable = world.get(&format!("{path}/upgrades")).await;
        assert_eq!(reachable["available_upgrade_versions"][0]["slug"], "1.35.5-do.0");
        let upgrade = format!("{path}/upgrade");
        let (status, _) =
            world.refused(Method::POST, &upgrade, json!({ "version": "1.36.1-do.0" })).await;
        assert_eq!(status, 422);
        world.post(&upgrade, json!({ "version": "1.35.5-do.0" })).await;
        let state = world.get(&path).await["kubernetes_cluster"]["status"]["state"].clone();
        assert_eq!(state, "upgrading");
        world.until_running(id).await;
        world.sleep(60).await;
        let after = world.get(&path).await["kubernetes_cluster"].clone();
        assert_eq!(after["version"], "1.35.5-do.0");
        let ids = |nodes: &Value| -> Vec<String> {
            nodes.as_array().unwrap().iter().map(|node| node["id"].to_string()).collect()
        };
        let nodes = &after["node_pools"][0]["nodes"];
        assert_eq!(ids(nodes).len(), 2);
        assert!(ids(nodes).iter().all(|id| !ids(&before).contains(id)));
    });
}

#[test]
fn deleting_takes_a_while_and_leaves_no_droplets() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 2).await;
        let path = format!("{CLUSTERS}/{id}");
        let vpc =
            world.get(&path).await["kubernetes_cluster"]["vpc_uuid"].as_str().unwrap().to_owned();
        let members = world.get(&format!("/v2/vpcs/{vpc}/members")).await;
        assert_eq!(members["meta"]["total"], 3);
        world.delete(&path).await;
        let state = world.get(&path).await["kubernetes_cluster"]["status"]["state"].clone();
        assert_eq!(state, "deleting");
        world.sleep(61).await;
        assert_eq!(world.refused(Method::GET, &path, Value::Null).await.0, 404);
        assert_eq!(world.refused(Method::DELETE, &path, Value::Null).await.0, 404);
        assert_eq!(world.get("/v2/droplets").await["meta"]["total"], 0);
        let (status, message) =
            world.refused(Method::DELETE, &format!("/v2/vpcs/{vpc}"), Value::Null).await;
        assert_eq!((status, message.as_str()), (403, "Can not delete default VPCs"));
    });
}

#[test]
fn one_seed_gives_one_world() {
    run(async {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let world = Served::new().await;
            let _busy = world.clock.busy();
            let body = json!({
                "name": "hub", "region": "ams3", "version": "latest",
                "node_pools": [{ "name": "p", "size": "s-2vcpu-4gb", "count": 1 }],
            });
            let made = world.post(CLUSTERS, body).await["kubernetes_cluster"]["id"].clone();
            let shown = infra_emulator::show(world.directory.path()).unwrap();
            seen.push((made, world.token.clone(), shown["digitalocean"]["pending"].clone()));
        }
        assert_eq!(seen[0], seen[1]);
    });
}
