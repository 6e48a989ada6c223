//! What goes wrong, and what is said about it.

use infra_emulator::kubernetes::{PodBehaviour, PodScript, RequestFault};
use infra_provider::{ErrorKind, ProviderError};
use serde_json::json;

use super::support::{World, shop};

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: \"example.org/web:1\" }] }
";

async fn fails(script: PodScript, manifests: &str) -> ProviderError {
    let pods = PodBehaviour { scripts: vec![script], ..PodBehaviour::default() };
    let mut world = World::with(pods).await;
    world.up(&shop("", manifests)).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_does_not_exist_ends_the_wait() {
    let script = PodScript {
        image: "example.org/web".into(),
        pull_error: Some("manifest unknown: not found".into()),
        ..PodScript::default()
    };
    let error = fails(script, WEB).await;
    assert_eq!(error.kind, ErrorKind::Failed);
    assert!(error.message.contains("example.org/web:1"), "{error}");
    assert!(!error.next_steps.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_loop_is_told_with_its_last_line() {
    let script = PodScript {
        exit_code: Some(3),
        run_seconds: Some(1.0),
        log: Some("cannot open database\n".into()),
        ..PodScript::default()
    };
    let error = fails(script, WEB).await;
    assert!(error.message.contains("again and again"), "{error}");
    assert!(error.message.contains("cannot open database"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_scheduled_is_told_in_the_schedulers_words() {
    let big = WEB.replace(
        "image: \"example.org/web:1\"",
        "image: \"example.org/web:1\", resources: { requests: { memory: 100Gi } }",
    );
    let error = fails(PodScript::default(), &big).await;
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert!(error.message.contains("Insufficient memory"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_smoke_test_fails_the_run() {
    let script =
        PodScript { image: "example.org/test".into(), exit_code: Some(1), ..PodScript::default() };
    let pods = PodBehaviour { scripts: vec![script], ..PodBehaviour::default() };
    let mut world = World::with(pods).await;
    let nodes =
        shop("    smoke_test: { image: \"example.org/test:1\", command: \"false\" }\n", WEB);
    let error = world.up(&nodes).await.unwrap_err();
    assert!(error.message.contains("the smoke test failed"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_of_others_are_not_taken() {
    let mut world = World::new().await;
    world.up(&shop("", WEB)).await.unwrap();
    let path = "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=somebody&force=true";
    let applied = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "example.org/web:2"}]}}}});
    world.send("PATCH", path, "application/apply-patch+yaml", &applied).await;
    let error = world.up(&shop("", WEB)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("`somebody`") && error.message.contains("image"), "{error}");
    world.up(&shop("    force_conflicts: true\n", WEB)).await.unwrap();
    let live = world.get("apps/v1", "Deployment", "shop/web").await.unwrap();
    assert_eq!(live["spec"]["template"]["spec"]["containers"][0]["image"], "example.org/web:1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_others_are_not_touched() {
    let mut world = World::new().await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    post(&world, "/api/v1/namespaces", &namespace).await;
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}});
    post(&world, "/api/v1/namespaces/shop/configmaps", &map).await;
    let manifests =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: b }\n";
    let error = world.up(&shop("", manifests)).await.unwrap_err();
    assert!(error.message.contains("foreign main/namespace.shop"), "{error}");
    world.up(&shop("    adopt: true\n", manifests)).await.unwrap();
    let live = world.get("v1", "ConfigMap", "shop/settings").await.unwrap();
    assert_eq!(live["data"]["a"], "b");
}

pub(crate) async fn post(world: &World, path: &str, object: &serde_json::Value) {
    world.send("POST", path, "application/json", object).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_faults_of_the_server_are_survived() {
    let mut world = World::new().await;
    world.emulated.faults().fail_requests(RequestFault {
        verb: "patch".into(),
        code: 503,
        times: 2,
        ..RequestFault::default()
    });
    world.emulated.faults().fail_requests(RequestFault {
        verb: "list".into(),
        code: 429,
        retry_after_seconds: Some(1),
        times: 2,
        ..RequestFault::default()
    });
    world.emulated.faults().cut_watches(Some(std::time::Duration::from_millis(20)));
    world.up(&shop("", WEB)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_is_never_served_is_told() {
    let mut world = World::new().await;
    world.emulated.faults().stall_definitions(true);
    let definition = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Thing, plural: things }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
";
    let error = world.up(&shop("", definition)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert!(error.operation.contains("things.example.org"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_quota_ends_the_wait() {
    let mut world = World::new().await;
    let quota = "apiVersion: v1
kind: ResourceQuota
metadata: { name: small }
spec: { hard: { pods: \"0\" } }
";
    world.up(&shop("", quota)).await.unwrap();
    let error = world.up(&shop("", &format!("{quota}---\n{WEB}"))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Quota, "{error}");
    assert!(error.message.contains("exceeded quota"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_holds_an_object_is_told() {
    let mut world = World::new().await;
    let held = "apiVersion: v1
kind: ConfigMap
metadata: { name: held, finalizers: [example.org/keep] }
";
    world.up(&shop("", held)).await.unwrap();
    let error = world.down().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert!(error.message.contains("example.org/keep"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_are_refused() {
    let wrong = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndatta: { a: b }\n";
    let mut world = World::new().await;
    let error = world.up(&shop("", wrong)).await.unwrap_err();
    assert!(error.message.contains("datta"), "{error}");
}
