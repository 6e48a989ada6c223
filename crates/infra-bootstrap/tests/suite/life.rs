//! Changes, drift, prune: the file changes, the cluster follows; the cluster changes, the plan says so.

use infra_event::Action;
use infra_kube::{Json, ObjectRef};
use serde_json::json;

use super::support::{World, shop};

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: {{ values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: example.org/web:1
          env: [{ name: MODE, value: quick }]
          ports: [{ containerPort: 8080 }]
          resources: { requests: { cpu: 100m, memory: 1024Mi } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
stringData: { key: hunter2 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080 }]
";

fn item(replicas: u32) -> String {
    format!("    values: {{ replicas: {replicas} }}\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_changes_just_that() {
    let mut world = World::new().await;
    world.up(&shop(&item(2), WEB)).await.unwrap();
    let nodes = shop(&item(3), &WEB.replace("blue", "green"));
    let shop_node = nodes.iter().find(|node| node.address.as_str() == "main/shop").unwrap();
    let planned = world.plan(shop_node).await.unwrap();
    let mut told: Vec<String> = planned
        .changes
        .iter()
        .map(|change| format!("{}: {} -> {}", change.path, change.before, change.after))
        .collect();
    told.sort();
    assert_eq!(told, ["data.colour: \"blue\" -> \"green\"", "spec.replicas: 2 -> 3"]);
    let before = world.versions();
    assert_eq!(world.up(&nodes).await.unwrap(), ["update main/shop"]);
    let after = world.versions();
    for same in ["Secret/shop/keys", "Service/shop/web"] {
        assert_eq!(before[same], after[same], "{same} was not to be written");
    }
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_found_in_every_field() {
    let mut world = World::new().await;
    let nodes = shop(&format!("{}    force_conflicts: true\n", item(1)), WEB);
    world.up(&nodes).await.unwrap();
    let node = nodes.iter().find(|node| node.address.as_str() == "main/shop").unwrap();
    let object =
        |version: &str, kind: &str, name: &str| ObjectRef::new(version, kind, Some("shop"), name);
    let deployment = object("apps/v1", "Deployment", "web");
    let container =
        |fields: Json| json!({"spec": {"template": {"spec": {"containers": [fields]}}}});
    let whole = json!({"name": "web", "image": "example.org/web:1",
        "env": [{"name": "MODE", "value": "quick"}], "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}});
    let with = |pointer: &str, value: Json| {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        container(changed)
    };
    let cases = [
        (&deployment, json!({"spec": {"replicas": 2}}), "spec.replicas"),
        (
            &deployment,
            with("/image", json!("example.org/web:2")),
            "spec.template.spec.containers[web].image",
        ),
        (
            &deployment,
            with("/env/0/value", json!("slow")),
            "spec.template.spec.containers[web].env[MODE].value",
        ),
        (
            &deployment,
            with("/resources/requests/memory", json!("2Gi")),
            "spec.template.spec.containers[web].resources.requests.memory",
        ),
        (&object("v1", "ConfigMap", "settings"), json!({"data": {"colour": "red"}}), "data.colour"),
        (&object("v1", "Secret", "keys"), json!({"data": {"key": "eA=="}}), "data.key"),
    ];
    for (object, patch, path) in cases {
        let resource = world.api().await.resource(object).await.unwrap().path(object);
        patch_as(&world, &resource, &patch).await;
        let planned = world.plan(node).await.unwrap();
        assert_eq!(planned.action, "update", "{path}");
        let paths: Vec<&str> = planned.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, [path]);
        if object.kind == "Secret" {
            assert_eq!(planned.changes[0].before.to_string(), "(secret)");
            assert_eq!(planned.changes[0].after.to_string(), "(secret)");
        }
        assert_eq!(world.up(&nodes).await.unwrap(), ["update main/shop"], "{path} is repaired");
    }
}

/// Changes an object as somebody else.
pub(crate) async fn patch_as(world: &World, path: &str, patch: &Json) {
    let path = format!("{path}?fieldManager=somebody");
    world.send("PATCH", &path, "application/merge-patch+json", patch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_leaves_the_file_leaves_the_cluster() {
    let mut world = World::new().await;
    world.up(&shop(&item(1), WEB)).await.unwrap();
    let claim = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\ndata: { a: b }\n";
    let without: String = WEB
        .split("---\n")
        .filter(|part| !part.contains("ConfigMap"))
        .collect::<Vec<_>>()
        .join("---\n");
    let nodes = shop(&item(1), &format!("{without}{claim}"));
    let node = nodes.iter().find(|node| node.address.as_str() == "main/shop").unwrap();
    let rows = world.plan(node).await.unwrap().observed.unwrap().rows.unwrap();
    let acted: Vec<String> =
        rows.iter().filter_map(|row| Some(format!("{} {}", row.action?, row.address))).collect();
    assert_eq!(
        acted,
        ["create main/shop/ConfigMap/shop/other", "delete main/shop/ConfigMap/shop/settings"]
    );
    assert!(rows.iter().any(|row| row.action == Some(Action::Delete)));
    world.up(&nodes).await.unwrap();
    assert_eq!(world.get("v1", "ConfigMap", "shop/settings").await, None);
    assert!(world.get("v1", "ConfigMap", "shop/other").await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_immutable_field_is_a_replacement_said_beforehand() {
    let mut world = World::new().await;
    world.up(&shop(&item(1), WEB)).await.unwrap();
    let nodes = shop(&item(1), &WEB.replace("app: web", "app: shop"));
    let node = nodes.iter().find(|node| node.address.as_str() == "main/shop").unwrap();
    let rows = world.plan(node).await.unwrap().observed.unwrap().rows.unwrap();
    let replaced = rows.iter().find(|row| row.action == Some(Action::Replace)).unwrap();
    assert_eq!(replaced.address.as_str(), "main/shop/Deployment.apps/shop/web");
    assert_eq!(world.up(&nodes).await.unwrap(), ["update main/shop"]);
    let live = world.get("apps/v1", "Deployment", "shop/web").await.unwrap();
    assert_eq!(live["spec"]["selector"]["matchLabels"]["app"], "shop");
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_come_first() {
    let mut world = World::new().await;
    let things = "apiVersion: example.org/v1
kind: Thing
metadata: { name: one }
spec: { size: 3 }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: things.example.org }
spec:
  group: example.org
  scope: Namespaced
  names: { kind: Thing, plural: things, singular: thing }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: integer } } } }
";
    let nodes = shop("", things);
    world.up(&nodes).await.unwrap();
    let thing = world.get("example.org/v1", "Thing", "shop/one").await.unwrap();
    assert_eq!(thing["spec"]["size"], 3);
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    world.down().await.unwrap();
    assert_eq!(
        world
            .get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things.example.org")
            .await,
        None
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_holds_data_or_is_to_be_kept_stays() {
    let mut world = World::new().await;
    let kept = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kept, annotations: { infra-rs.github.io/prune: keep } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: goes }
";
    let rest = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: rest }\n";
    world.up(&shop("", &format!("{kept}---\n{rest}"))).await.unwrap();
    world.up(&shop("", rest)).await.unwrap();
    assert!(world.get("v1", "PersistentVolumeClaim", "shop/data").await.is_some());
    assert!(world.get("v1", "ConfigMap", "shop/kept").await.is_some());
    assert_eq!(world.get("v1", "ConfigMap", "shop/goes").await, None);
    assert_eq!(world.up(&shop("", rest)).await.unwrap(), Vec::<String>::new());
    world.down().await.unwrap();
    assert_eq!(world.get("v1", "PersistentVolumeClaim", "shop/data").await, None, "it was ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_broke_off_is_completed_by_the_next() {
    let mut world = World::new().await;
    world.emulated.faults().fail_requests(infra_emulator::kubernetes::RequestFault {
        verb: "patch".into(),
        path: "/deployments/".into(),
        code: 403,
        times: 1,
        ..Default::default()
    });
    let nodes = shop(&item(1), WEB);
    world.up(&nodes).await.unwrap_err();
    assert!(world.get("v1", "ConfigMap", "shop/settings").await.is_some());
    assert_eq!(world.up(&nodes).await.unwrap(), ["update main/shop"]);
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
}
