//! The life of a deployment that has no workload: up, again, change, drift, down; and what ends a command early.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::scene::{Emulator, Scene, told};

/// A cluster with two pools, a registry, an address on a node.
pub const FILE: &str = r#"apiVersion: infra/v1
name: hub
providers:
  digitalocean: { region: ams3 }
cluster:
  version: "1.36"
  pools:
    - { name: default, count: 2, size: { cpus: 2, memory: 4GiB } }
    - { name: big, count: 1, size: { cpus: 4, memory: 8GiB } }
registries: [{ name: images }]
addresses: [{ name: hub, bind: { pool: default } }]
"#;

/// The world of a rehearsal of it.
const WORLD: &str = ".infra/rehearsal/hub/world";

fn plan(scene: &Scene) -> Value {
    scene.run(&["plan", "--rehearse", "--output", "json"]).ends(0).json()
}

/// `ACTION ADDRESS` of each operation that is no wait.
fn operations(plan: &Value) -> Vec<String> {
    let operations = plan["changes"].as_array().unwrap().iter();
    let shown = operations.filter(|operation| operation["action"] != "wait");
    shown
        .map(|one| {
            format!("{} {}", one["action"].as_str().unwrap(), one["address"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_whole_life() {
    let scene = Scene::new(FILE);
    let first = scene.run(&["up", "--rehearse"]).ends(0);
    assert!(first.stdout.is_empty(), "data only on stdout");
    assert!(first.stderr.contains("7 created"), "{}", first.stderr);
    assert!(operations(&plan(&scene)).is_empty());
    let writes = scene.writes(WORLD);
    assert!(writes >= 5, "{writes}");
    scene.run(&["up", "--rehearse"]).ends(0);
    assert_eq!(scene.writes(WORLD), writes, "a second up writes nothing");

    scene.edit("name: default, count: 2", "name: default, count: 3, labels: { team: a }");
    let change = plan(&scene);
    assert_eq!(operations(&change), ["update node_pool.main/default"]);
    let paths: Vec<_> = change["changes"][0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].clone())
        .collect();
    assert_eq!(paths, ["count", "labels.team"]);
    scene.run(&["plan", "--rehearse", "--out", "saved.plan"]).ends(0);
    scene.run(&["apply", "saved.plan", "--rehearse"]).ends(0);
    let stale = scene.run(&["apply", "saved.plan", "--rehearse"]).ends(8);
    assert!(stale.stderr.contains("infra plan --out"), "{}", stale.stderr);
    let world = scene.world(WORLD);
    assert_eq!(world["digitalocean"]["clusters"].as_array().unwrap().len(), 1);

    let down = scene.run(&["down", "--rehearse"]).ends(0);
    assert!(down.stderr.contains("leftovers: none"), "{}", down.stderr);
    let left = scene.world(WORLD);
    for kind in ["clusters", "droplets", "load_balancers", "volumes", "reserved_ips", "registries"]
    {
        assert_eq!(left["digitalocean"][kind].as_array().unwrap().len(), 0, "{kind}");
    }
}

#[test]
fn drift_made_behind_our_back_is_found() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["drift", "--rehearse"]).ends(0);
    {
        let emulator = Emulator::start(&scene, WORLD, &[]);
        let (url, token) = (
            &emulator.endpoints["digitalocean"]["url"],
            &emulator.endpoints["digitalocean"]["token"],
        );
        let (url, token) = (url.as_str().unwrap(), token.as_str().unwrap());
        let get = request("GET", &format!("{url}/v2/kubernetes/clusters"), token, None);
        let cluster = &get["kubernetes_clusters"][0];
        let pool = cluster["node_pools"]
            .as_array()
            .unwrap()
            .iter()
            .find(|pool| pool["name"] == "big")
            .unwrap();
        let path = format!(
            "{url}/v2/kubernetes/clusters/{}/node_pools/{}",
            cluster["id"].as_str().unwrap(),
            pool["id"].as_str().unwrap()
        );
        request("PUT", &path, token, Some(r#"{"name": "big", "count": 2}"#));
    }
    let drift = scene.run(&["drift", "--rehearse", "--output", "json"]).ends(2).json();
    assert_eq!(operations(&drift), ["update node_pool.main/big"]);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["drift", "--rehearse"]).ends(0);
}

fn request(method: &str, url: &str, token: &str, body: Option<&'static str>) -> Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::new();
        let mut request = client.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    })
}

#[test]
fn what_is_protected_is_not_deleted_unasked() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.edit("registries: [{ name: images }]\n", "");
    let refused = scene.run(&["up", "--rehearse", "--yes"]).ends(1);
    assert!(refused.stderr.contains("--allow-delete registry.images"), "{}", refused.stderr);
    assert_eq!(scene.world(WORLD)["digitalocean"]["registries"].as_array().unwrap().len(), 1);
    scene.run(&["up", "--rehearse", "--allow-delete", "registry.images"]).ends(0);
    assert_eq!(scene.world(WORLD)["digitalocean"]["registries"].as_array().unwrap().len(), 0);
}

#[test]
fn a_quota_is_found_before_the_first_write() {
    let scene = Scene::new(&FILE.replace("count: 2", "count: 900"));
    let told = scene.run(&["up", "--rehearse"]).ends(6);
    assert!(told.stderr.contains("Droplets"), "{}", told.stderr);
    assert_eq!(scene.writes(WORLD), 0);
}

#[test]
fn an_interrupted_run_keeps_its_state_and_goes_on() {
    let mut scene = Scene::new(FILE);
    let emulator = Emulator::start(&scene, "world", &[]);
    emulator.connect(&mut scene);
    let mut up = scene
        .command(&["up", "--yes", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("wait_progressed")).unwrap().unwrap();
    let locked = scene.run(&["up", "--yes"]).ends(4);
    assert!(locked.stderr.contains("infra up"), "the holder is named: {}", locked.stderr);
    assert!(Command::new("kill").args(["-INT", &up.id().to_string()]).status().unwrap().success());
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(rest.last().unwrap().contains("\"cancelled\""), "{rest:?}");
    assert_eq!(up.wait().unwrap().code(), Some(130));
    told(scene.command(&["up", "--yes"]).output().unwrap()).ends(0);
    let status = scene.run(&["status", "--output", "json"]).ends(0).json();
    let ready = status["resources"].as_array().unwrap().iter().all(|one| one["state"] == "ready");
    assert!(ready, "{status}");
    assert_eq!(scene.world("world")["digitalocean"]["clusters"].as_array().unwrap().len(), 1);
}

#[test]
fn a_rehearsed_state_and_a_real_one_are_kept_apart() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.edit(
        "name: hub\n",
        "name: hub\nstate: { backend: local, path: .infra/rehearsal/hub/state }\n",
    );
    let refused = scene.run(&["status"]).ends(3);
    assert!(refused.stderr.contains("rehears"), "{}", refused.stderr);
}
