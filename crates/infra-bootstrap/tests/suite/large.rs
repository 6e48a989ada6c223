//! Many objects: few requests when nothing changed.

use super::support::{World, shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_unchanged_objects_cost_few_requests() {
    let manifests = "{% for number in range(end=170) %}
apiVersion: v1
kind: ConfigMap
metadata: { name: settings-{{ number }} }
data: { number: \"{{ number }}\" }
---
apiVersion: v1
kind: Service
metadata: { name: service-{{ number }} }
spec: { selector: { app: a }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: secret-{{ number }} }
stringData: { number: \"{{ number }}\" }
---
{% endfor %}";
    let mut world = World::new().await;
    let nodes = shop("", manifests);
    world.up(&nodes).await.unwrap();
    let made = world.kinds.clients().requests();
    assert!((510..=560).contains(&made), "{made} requests for the first run");
    let before = world.versions();
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    assert_eq!(world.versions(), before);
    let second = world.kinds.clients().requests() - made;
    assert!(second <= 20, "{second} requests for the unchanged run");
}
