//! Claims: provisioned by class, bound statically, kept while in use, reclaimed.

use serde_json::json;

use crate::harness::{World, run};

const CORE: &str = "/api/v1/namespaces/default";

#[test]
fn a_static_volume_without_class_is_bound_and_released() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        let volume = |name: &str, size: &str| {
            json!({"metadata": {"name": name}, "spec": {
                "capacity": {"storage": size},
                "accessModes": ["ReadWriteMany"],
                "nfs": {"server": "192.0.2.1", "path": "/data"},
            }})
        };
        client.create("/api/v1/persistentvolumes", volume("small", "1Gi")).await;
        client.create("/api/v1/persistentvolumes", volume("large", "50Gi")).await;
        client.create("/api/v1/persistentvolumes", volume("fits", "10Gi")).await;
        let claim = json!({"metadata": {"name": "shared"}, "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "",
            "resources": {"requests": {"storage": "5Gi"}},
        }});
        client.create(&format!("{CORE}/persistentvolumeclaims"), claim).await;
        let path = format!("{CORE}/persistentvolumeclaims/shared");
        let bound = client.until(&path, |_, it| it["status"]["phase"] == "Bound").await;
        assert_eq!(bound["spec"]["volumeName"], "fits");
        assert_eq!(bound["status"]["capacity"]["storage"], "10Gi");
        client.delete(&path).await;
        client.until_gone(&path).await;
        let path = "/api/v1/persistentvolumes/fits";
        client.until(path, |_, it| it["status"]["phase"] == "Released").await;
    });
}

#[test]
fn a_claim_waits_for_its_first_consumer_and_is_kept_while_in_use() {
    run(async {
        let world = World::new().await;
        let client = &world.client;
        let class = json!({
            "metadata": {"name": "later"},
            "provisioner": "volumes.emulated.infra",
            "volumeBindingMode": "WaitForFirstConsumer",
        });
        client.create("/apis/storage.k8s.io/v1/storageclasses", class).await;
        let claim = json!({"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "later",
            "resources": {"requests": {"storage": "1Gi"}},
        }});
        client.create(&format!("{CORE}/persistentvolumeclaims"), claim).await;
        let path = format!("{CORE}/persistentvolumeclaims/data");
        let events = format!("{CORE}/events?fieldSelector=involvedObject.name=data");
        client.until(&events, |_, it| it["items"][0]["reason"] == "WaitForFirstConsumer").await;
        let pod = json!({"metadata": {"name": "user"}, "spec": {
            "containers": [{"name": "main", "image": "nginx"}],
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
        }});
        client.create(&format!("{CORE}/pods"), pod).await;
        client
            .until(&format!("{CORE}/pods/user"), |_, it| it["status"]["phase"] == "Running")
            .await;
        let bound = client.get(&path).await.1;
        let volume = bound["spec"]["volumeName"].as_str().unwrap().to_owned();
        client.delete(&path).await;
        let (code, kept) = client.get(&path).await;
        assert_eq!((code, kept["status"]["phase"].as_str()), (200, Some("Bound")));
        client.delete(&format!("{CORE}/pods/user")).await;
        client.until_gone(&path).await;
        client.until_gone(&format!("/api/v1/persistentvolumes/{volume}")).await;
    });
}
