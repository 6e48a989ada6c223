//! Faults of the cluster itself while an item is applied, waited for or taken down.

use std::time::Duration;

use infra_emulator::kubernetes::PodBehaviour;
use infra_provider::ErrorKind;
use serde_json::json;

use super::failures::post;
use super::life::patch_as;
use super::support::{World, shop};

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: \"example.org/web:1\" }] }
";

/// A kind, a webhook that judges it, what serves the webhook, and an object of the kind.
const HOOKED: &str = "apiVersion: example.org/v1
kind: Thing
metadata: { name: one }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Thing, plural: things }
  versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: judge }
webhooks:
  - name: judge.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    rules: [{ apiGroups: [example.org], apiVersions: [v1], resources: [things], operations: [CREATE, UPDATE] }]
    clientConfig: { service: { namespace: shop, name: judge, path: /judge } }
---
apiVersion: v1
kind: Service
metadata: { name: judge }
spec: { selector: { app: web }, ports: [{ port: 443 }] }
---
";

fn slow_pods() -> PodBehaviour {
    PodBehaviour { ready_seconds: 45.0, ..PodBehaviour::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watches_that_break_all_the_time_are_taken_up_again() {
    let mut world = World::with(slow_pods()).await;
    world.emulated.faults().cut_watches(Some(Duration::from_millis(5)));
    world.up(&shop("", WEB)).await.unwrap();
    let live = world.get("apps/v1", "Deployment", "shop/web").await.unwrap();
    assert_eq!(live["status"]["readyReplicas"], 2);
    world.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_of_the_same_set_is_waited_for() {
    let mut world = World::with(slow_pods()).await;
    world.up(&shop("", &format!("{HOOKED}{WEB}"))).await.unwrap();
    assert!(world.get("example.org/v1", "Thing", "shop/one").await.is_some());
    let ready = world.get("apps/v1", "Deployment", "shop/web").await.unwrap();
    assert_eq!(ready["status"]["readyReplicas"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_never_answers_is_told_with_a_next_step() {
    let mut world = World::new().await;
    let error = world.up(&shop("", HOOKED)).await.unwrap_err();
    assert!(error.message.contains("judge.example.org"), "{error}");
    assert!(format!("{:?}", error.next_steps).contains("webhook"), "{:?}", error.next_steps);
    assert!(error.operation.contains("Thing"), "{error}");
}

/// What somebody else put into our namespace holds it: that is told, by its resource and its finalizer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_hangs_is_explained() {
    let mut world = World::new().await;
    world.up(&shop("", WEB)).await.unwrap();
    let held = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "theirs", "finalizers": ["example.org/never"] } });
    post(&world, "/api/v1/namespaces/shop/configmaps", &held).await;
    let error = world.down().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert!(error.message.contains("Namespace/shop"), "{error}");
    assert!(error.message.contains("example.org/never"), "{error}");
    assert!(error.message.contains("configmaps/theirs"), "{error}");
    assert!(!error.next_steps.is_empty());
    // Freed by whoever holds it, it goes the next time.
    let free = json!({ "metadata": { "finalizers": null } });
    patch_as(&world, "/api/v1/namespaces/shop/configmaps/theirs", &free).await;
}
