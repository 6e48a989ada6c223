//! Load balancers, reserved IPs and VPCs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Served, run};

fn balancer(name: &str) -> Value {
    json!({
        "name": name, "region": "ams3", "tag": "web",
        "forwarding_rules": [{
            "entry_protocol": "http", "entry_port": 80,
            "target_protocol": "http", "target_port": 8080,
        }],
    })
}

#[test]
fn a_load_balancer_gets_its_address_after_a_minute() {
    run(async {
        let world = Served::new().await;
        let made = world.post("/v2/load_balancers", balancer("one")).await["load_balancer"].clone();
        assert_eq!((&made["status"], &made["ip"]), (&json!("new"), &json!("")));
        let path = format!("/v2/load_balancers/{}", made["id"].as_str().unwrap());
        world.sleep(91).await;
        let active = world.get(&path).await["load_balancer"].clone();
        assert_eq!(active["status"], "active");
        assert!(active["ip"].as_str().unwrap().starts_with("203.0.113."));
        assert_eq!(active["health_check"]["path"], "/");
        let taken = world.refused(Method::POST, "/v2/load_balancers", balancer("one")).await;
        assert_eq!(taken.0, 422);
        let mut full = balancer("renamed");
        full["redirect_http_to_https"] = json!(true);
        let changed = world.put(&path, full).await["load_balancer"].clone();
        assert_eq!(changed["name"], "renamed");
        assert_eq!(changed["ip"], active["ip"]);
        let rule = json!({ "forwarding_rules": [{
            "entry_protocol": "tcp", "entry_port": 22, "target_protocol": "tcp", "target_port": 22,
        }]});
        world.post(&format!("{path}/forwarding_rules"), rule).await;
        let rules = world.get(&path).await["load_balancer"]["forwarding_rules"].clone();
        assert_eq!(rules.as_array().unwrap().len(), 2);
        world.delete(&path).await;
        world.sleep(10).await;
        assert_eq!(world.refused(Method::GET, &path, Value::Null).await.0, 404);
    });
}

#[test]
fn a_load_balancer_without_rules_is_refused() {
    run(async {
        let world = Served::new().await;
        let mut body = balancer("x");
        body["forwarding_rules"] = json!([]);
        assert_eq!(world.refused(Method::POST, "/v2/load_balancers", body).await.0, 422);
        let mut body = balancer("x");
        body["size_unit"] = json!(101);
        assert_eq!(world.refused(Method::POST, "/v2/load_balancers", body).await.0, 422);
    });
}

#[test]
fn a_reserved_ip_sits_on_one_droplet() {
    run(async {
        let world = Served::new().await;
        world.cluster("hub", 2).await;
        let droplets = world.get("/v2/droplets").await;
        let droplet = |index: usize| droplets["droplets"][index]["id"].as_u64().unwrap();
        let made = world.post("/v2/reserved_ips", json!({ "region": "ams3" })).await;
        let ip = made["reserved_ip"]["ip"].as_str().unwrap().to_owned();
        assert_eq!(made["reserved_ip"]["droplet"], Value::Null);
        let path = format!("/v2/reserved_ips/{ip}");
        let actions = format!("{path}/actions");
        let unassign = json!({ "type": "unassign" });
        assert_eq!(world.refused(Method::POST, &actions, unassign.clone()).await.0, 422);
        let assign = json!({ "type": "assign", "droplet_id": droplet(0) });
        let action = world.post(&actions, assign.clone()).await["action"].clone();
        assert_eq!(action["status"], "in-progress");
        assert_eq!(world.get(&path).await["reserved_ip"]["locked"], true);
        assert_eq!(world.refused(Method::POST, &actions, unassign.clone()).await.0, 422);
        world.sleep(10).await;
        let assigned = world.get(&path).await["reserved_ip"].clone();
        assert_eq!(
            (&assigned["locked"], &assigned["droplet"]["id"]),
            (&json!(false), &json!(droplet(0)))
        );
        let done = world.get(&format!("{actions}/{}", action["id"])).await;
        assert_eq!(done["action"]["status"], "completed");

        let second = json!({ "droplet_id": droplet(0) });
        let (status, message) = world.refused(Method::POST, "/v2/reserved_ips", second).await;
        assert_eq!(status, 422, "{message}");
        let both = json!({ "droplet_id": droplet(1), "region": "ams3" });
        assert_eq!(world.refused(Method::POST, "/v2/reserved_ips", both).await.0, 422);
        let direct = world.post("/v2/reserved_ips", json!({ "droplet_id": droplet(1) })).await;
        assert_eq!(direct["links"]["droplets"][0]["id"], droplet(1));
        world.post("/v2/reserved_ips", json!({ "region": "nyc3" })).await;
        let full =
            world.refused(Method::POST, "/v2/reserved_ips", json!({ "region": "nyc3" })).await;
        assert!(full.1.contains("reserved IP limit of 3"), "{}", full.1);
        world.delete(&path).await;
        assert_eq!(world.get("/v2/reserved_ips").await["meta"]["total"], 2);
    });
}

#[test]
fn ranges_of_vpcs_do_not_overlap() {
    run(async {
        let world = Served::new().await;
        let vpc =
            |name: &str, range: &str| json!({ "name": name, "region": "ams3", "ip_range": range });
        let first = world.post("/v2/vpcs", vpc("a", "10.10.0.0/20")).await;
        assert_eq!(first["vpc"]["default"], true);
        for (range, words) in [
            ("10.10.8.0/24", "overlaps"),
            ("10.0.0.0/8", "between /16 and /28"),
            ("8.8.0.0/20", "RFC 1918"),
            ("10.11.0.1/20", "CIDR"),
        ] {
            let (status, message) = world.refused(Method::POST, "/v2/vpcs", vpc("b", range)).await;
            assert_eq!(status, 422);
            assert!(message.contains(words), "{range}: {message}");
        }
        let second = world.post("/v2/vpcs", json!({ "name": "b", "region": "ams3" })).await;
        let id = second["vpc"]["id"].as_str().unwrap().to_owned();
        let body = json!({
            "name": "in-it", "region": "ams3", "version": "latest", "vpc_uuid": id,
            "node_pools": [{ "name": "p", "size": "s-2vcpu-4gb", "count": 1 }],
        });
        let cluster = world.post("/v2/kubernetes/clusters", body).await;
        assert_eq!(cluster["kubernetes_cluster"]["vpc_uuid"], id);
        let path = format!("/v2/vpcs/{id}");
        assert_eq!(world.refused(Method::DELETE, &path, Value::Null).await.0, 409);
        let id = cluster["kubernetes_cluster"]["id"].as_str().unwrap();
        world.delete(&format!("/v2/kubernetes/clusters/{id}")).await;
        world.sleep(120).await;
        world.delete(&path).await;
    });
}
