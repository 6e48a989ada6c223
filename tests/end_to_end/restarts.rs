//! The API server goes away in the middle of an apply and comes back: the run goes on, and ends with one of everything.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::existing::ask;
use crate::scene::{Emulator, Scene, told};

const FILE: &str = "apiVersion: infra/v1
name: lab
providers: { existing: { kubeconfig: kubeconfig } }
cluster: { existing: true }
stack:
  - { name: shop, manifests: objects.yaml.tera }
";

const OBJECTS: &str = "{% for number in range(end=60) %}
apiVersion: v1
kind: ConfigMap
metadata: { name: settings-{{ number }} }
data: { number: \"{{ number }}\" }
---
{% endfor %}
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: registry.example.org/web:1 }] }
";

/// The most that anything may take here, on the wall.
const PATIENCE: Duration = Duration::from_secs(120);

fn scene(faults: &str) -> (Scene, Emulator) {
    let mut scene = Scene::new(FILE);
    scene.write("objects.yaml.tera", OBJECTS);
    scene.write("faults.yaml", faults);
    let arguments = ["--only", "kubernetes", "--nodes", "2", "--faults", "faults.yaml"];
    let emulator = Emulator::start(&scene, "world", &arguments);
    let kubeconfig = emulator.endpoints["kubernetes"][0]["kubeconfig"].as_str().unwrap();
    std::fs::copy(scene.path().join(kubeconfig), scene.path().join("kubeconfig")).unwrap();
    // The world's minutes must be long enough for a process to start.
    scene.environment.insert("INFRA_WORLD_SPEED".into(), "20".into());
    (scene, emulator)
}

fn settings(scene: &Scene) -> usize {
    let (_, list) = ask(scene, "GET", "/api/v1/namespaces/shop/configmaps", None);
    let names = list["items"].as_array().unwrap().iter().map(|item| &item["metadata"]["name"]);
    names.filter(|name| name.as_str().unwrap().starts_with("settings-")).count()
}

#[test]
fn an_api_server_that_restarts_in_mid_apply_is_waited_for() {
    let rule = "rules: [{ match: { service: kubernetes, method: PATCH, path: configmaps/settings }, after: 20, times: 1, then: { hold: gate } }]\n";
    let (scene, emulator) = scene(rule);
    let up = scene
        .command(&["up", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let journal = scene.path().join("world/requests.jsonl");
    while !std::fs::read_to_string(&journal).unwrap().contains("\"fault\":\"hold\"") {
        assert!(began.elapsed() < PATIENCE, "the request does not come");
        std::thread::yield_now();
    }
    // With everything that was under way, and without a word.
    Command::new("kill").args(["-KILL", &emulator.process().to_string()]).status().unwrap();
    drop(emulator);
    let _again = Emulator::start(&scene, "world", &["--only", "kubernetes", "--nodes", "2"]);
    let told = told(up.wait_with_output().unwrap()).ends(0);
    assert!(told.stderr.contains("main/shop: ready"), "{}", told.stderr);
    assert_eq!(settings(&scene), 60);
    scene.run(&["plan", "--exit-code"]).ends(0);
}

#[test]
fn slow_answers_throttling_and_broken_watches_cost_time_and_nothing_else() {
    let rules = "rules:
  - { match: { service: kubernetes, method: PATCH, path: configmaps }, times: 3, then: { delay: 25s } }
  - { match: { service: kubernetes, method: PATCH }, after: 5, times: 4, then: { status: 429, headers: { retry-after: \"2\" } } }
  - { match: { service: kubernetes, method: GET }, after: 3, times: 3, then: { status: 503 } }
  - { match: { service: kubernetes, method: PATCH }, after: 12, times: 2, then: { reset: true } }
  - { match: { service: kubernetes, method: PATCH }, after: 20, times: 2, then: { lose_reply: true } }
kubernetes: { cut_watches: 1s, pods: { ready_seconds: 300 } }
";
    let (scene, _emulator) = scene(rules);
    let up = scene.run(&["up", "--yes", "--output", "json"]).ends(0);
    let events: Vec<Value> =
        up.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let retried =
        events.iter().filter(|event| event["body"]["type"] == "operation_retried").count();
    assert!(retried >= 4, "{retried} retries were told");
    assert_eq!(settings(&scene), 60);
    scene.run(&["plan", "--exit-code"]).ends(0);
}
