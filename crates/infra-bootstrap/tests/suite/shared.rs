//! What items share: storage classes, pull secrets, credentials that are refused.

use base64::Engine as _;
use infra_kube::Json;
use infra_plan::Address;
use serde_json::json;

use super::failures::post;
use super::life::patch_as;
use super::support::{Folder, HEAD, World};

const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

fn class(name: &str, default: bool) -> Json {
    json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": name, "annotations": {DEFAULT: default.to_string()}},
        "provisioner": "csi.example.org", "parameters": {"type": "fast"}})
}

async fn defaults(world: &World) -> Vec<String> {
    let api = world.api().await;
    let list = api.get_path("/apis/storage.k8s.io/v1/storageclasses", "list").await.unwrap();
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .filter(|class| class["metadata"]["annotations"][DEFAULT] == "true")
        .map(|class| class["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_always_one_default_class() {
    let mut world = World::new().await;
    let path = "/apis/storage.k8s.io/v1/storageclasses";
    for name in defaults(&world).await {
        let mark = json!({"metadata": {"annotations": {DEFAULT: "false"}}});
        patch_as(&world, &format!("{path}/{name}"), &mark).await;
    }
    post(&world, path, &class("brought", true)).await;
    let infra = format!("{HEAD}storage_classes: [{{ name: ours, default: true }}]\n");
    let nodes = Folder::new(&infra, &[]).nodes().unwrap();
    assert_eq!(world.up(&nodes).await.unwrap(), ["create main/storage_class.ours"]);
    assert_eq!(defaults(&world).await, ["ours"]);
    let made = world.get("storage.k8s.io/v1", "StorageClass", "ours").await.unwrap();
    assert_eq!(made["provisioner"], "csi.example.org");
    assert_eq!(made["parameters"]["type"], "fast");
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    // Somebody makes another one the default as well.
    let mark = json!({"metadata": {"annotations": {DEFAULT: "true"}}});
    patch_as(&world, &format!("{path}/brought"), &mark).await;
    assert_eq!(world.up(&nodes).await.unwrap(), ["update main/storage_class.ours"]);
    assert_eq!(defaults(&world).await, ["ours"]);
    world.down().await.unwrap();
    assert_eq!(defaults(&world).await, ["brought"], "the former default is the default again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pull_secrets_hold_the_registrys_login() {
    let mut world = World::new().await;
    let infra = format!(
        "{HEAD}registries: [{{ name: images, integrate: [] }}]\nstack:\n  - name: shop\n    \
         manifests: a.yaml\n    pull_secrets: [images]\n"
    );
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n";
    let nodes = Folder::new(&infra, &[("a.yaml", map)]).nodes().unwrap();
    world.up(&nodes).await.unwrap();
    let secret = world.get("v1", "Secret", "shop/images").await.unwrap();
    assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
    let document = secret["data"][".dockerconfigjson"].as_str().unwrap();
    let document = base64::engine::general_purpose::STANDARD.decode(document).unwrap();
    let document: Json = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["auths"]["registry.example.org"]["username"], "user");
    assert_eq!(document["auths"]["registry.example.org"]["password"], "hunter2");
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
    let address: Address = "main/pull_secret.shop/images".parse().unwrap();
    assert!(!format!("{:?}", world.kept[&address].outputs).contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_credential_is_replaced_once() {
    let mut world = World::new().await;
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n";
    let infra = format!("{HEAD}stack: [{{ name: shop, manifests: a.yaml }}]\n");
    let nodes = Folder::new(&infra, &[("a.yaml", map)]).nodes().unwrap();
    world.stale_token();
    assert_eq!(world.up(&nodes).await.unwrap().len(), 2);
    assert_eq!(world.forgotten(), 1);
}
