//! A cluster that is there already, reached by its kubeconfig: the same life, and nothing of others is touched.

use serde_json::{Value, json};

use crate::scene::{Emulator, SPEED, Scene};

const FILE: &str = "apiVersion: infra/v1
name: lab
providers: { existing: { kubeconfig: kubeconfig } }
cluster: { existing: true }
stack:
  - { name: web, manifests: web.yaml }
";

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: registry.example.org/web:1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
";

/// A cluster in another process, and the file that uses it.
fn scene() -> (Scene, Emulator) {
    let mut scene = Scene::new(FILE);
    scene.write("web.yaml", WEB);
    let emulator = Emulator::start(&scene, "world", &["--only", "kubernetes", "--nodes", "2"]);
    let kubeconfig = emulator.endpoints["kubernetes"][0]["kubeconfig"].as_str().unwrap();
    std::fs::copy(scene.path().join(kubeconfig), scene.path().join("kubeconfig")).unwrap();
    scene.environment.insert("INFRA_WORLD_SPEED".into(), SPEED.into());
    (scene, emulator)
}

/// Speaks to the API as somebody else would.
pub fn ask(scene: &Scene, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let config: Value = serde_saphyr::from_str(&scene.read("kubeconfig")).unwrap();
    let cluster = &config["clusters"][0]["cluster"];
    let authority = cluster["certificate-authority-data"].as_str().unwrap();
    let authority =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, authority).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&authority).unwrap())
            .build()
            .unwrap();
        let url = format!("{}{path}", cluster["server"].as_str().unwrap());
        let token = config["users"][0]["user"]["token"].as_str().unwrap();
        let mut request = client.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            let kind =
                if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    })
}

#[test]
fn the_whole_life_on_somebody_elses_cluster() {
    let (scene, _emulator) = scene();
    let foreign =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "theirs" } });
    assert_eq!(ask(&scene, "POST", "/api/v1/namespaces", Some(foreign)).0, 201);
    scene.run(&["up", "--yes"]).ends(0);
    scene.run(&["plan", "--exit-code"]).ends(0);
    let writes = scene.writes("world");
    scene.run(&["up", "--yes"]).ends(0);
    assert_eq!(scene.writes("world"), writes, "a second up writes nothing");

    scene.write("web.yaml", &WEB.replace("replicas: 2", "replicas: 3"));
    let plan = scene.run(&["plan", "--exit-code", "--verbose"]).ends(2);
    assert!(plan.stdout.contains("spec.replicas"), "{}", plan.stdout);
    scene.run(&["up", "--yes"]).ends(0);

    let deployment = "/apis/apps/v1/namespaces/web/deployments/web";
    let by_hand = format!("{deployment}?fieldManager=by-hand");
    ask(&scene, "PATCH", &by_hand, Some(json!({ "spec": { "replicas": 1 } })));
    scene.run(&["drift"]).ends(2);
    // Whoever changed it owns it now. The plan says so before anything is done.
    let writes = scene.writes("world");
    let refused = scene.run(&["up", "--yes"]).ends(1);
    assert!(refused.stderr.contains("`spec.replicas` is owned by `by-hand`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("force_conflicts"), "{}", refused.stderr);
    assert_eq!(scene.writes("world"), writes);
    scene.edit("manifests: web.yaml", "manifests: web.yaml, force_conflicts: true");
    scene.run(&["up", "--yes"]).ends(0);
    assert_eq!(ask(&scene, "GET", deployment, None).1["status"]["readyReplicas"], 3);

    let down = scene.run(&["down", "--yes"]).ends(0);
    assert!(
        down.stderr.contains("leftovers: none (asked: existing: what bears"),
        "{}",
        down.stderr
    );
    assert_eq!(ask(&scene, "GET", "/api/v1/namespaces/web", None).0, 404);
    assert_eq!(ask(&scene, "GET", "/api/v1/namespaces/theirs", None).0, 200);
}

#[test]
fn what_still_bears_our_marker_is_told() {
    let (scene, _emulator) = scene();
    scene.run(&["up", "--yes"]).ends(0);
    let (_, namespace) = ask(&scene, "GET", "/api/v1/namespaces/web", None);
    let annotations = namespace["metadata"]["annotations"].clone();
    let forgotten = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "forgotten", "annotations": annotations } });
    assert_eq!(ask(&scene, "POST", "/api/v1/namespaces", Some(forgotten)).0, 201);
    let down = scene.run(&["down", "--yes"]).ends(7);
    assert!(down.stderr.contains("Namespace forgotten"), "{}", down.stderr);
    assert_eq!(
        ask(&scene, "GET", "/api/v1/namespaces/forgotten", None).0,
        200,
        "told, not deleted"
    );
}

/// An object of that name is there, and is not ours: it is neither changed nor, by `down`, deleted.
#[test]
fn what_others_made_is_neither_changed_nor_deleted() {
    let (scene, _emulator) = scene();
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "web" } });
    ask(&scene, "POST", "/api/v1/namespaces", Some(namespace));
    let refused = scene.run(&["up", "--yes"]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("namespace.web"), "{}", refused.stderr);
    let writes = scene.writes("world");
    scene.run(&["down", "--yes"]).ends(0);
    assert_eq!(scene.writes("world"), writes);
    assert_eq!(ask(&scene, "GET", "/api/v1/namespaces/web", None).0, 200);
}

#[test]
fn a_cluster_that_does_not_answer_is_an_error_with_a_next_step() {
    let (scene, emulator) = scene();
    drop(emulator);
    let told = scene.run(&["plan"]);
    assert!(matches!(told.code, 1), "{}: {}", told.code, told.stderr);
    assert!(told.stderr.contains("start the cluster of the context"), "{}", told.stderr);
    std::fs::remove_file(scene.path().join("kubeconfig")).unwrap();
    let told = scene.run(&["plan"]).ends(5);
    assert!(told.stderr.contains("kubeconfig:"), "{}", told.stderr);
}
