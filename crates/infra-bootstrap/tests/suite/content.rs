//! What an item brings besides its manifests: config maps and secrets from files, volumes on NFS, kustomizations; and what nodes bear.

use infra_plan::Node;
use serde_json::{Value as Json, json};

use super::life::patch_as;
use super::support::{Folder, HEAD, World};

const ITEM: &str = "stack:
  - name: shop
    manifests: k8s
    config_maps:
      - { name: settings, files: [conf, banner.txt], values: { mode: quick } }
      - { name: renamed, files: { app.toml: conf/main.toml } }
    secrets:
      - { name: keys, files: [id], values: { token: hunter2 } }
    volumes:
      - { name: data, nfs: { server: nfs.example.org, path: /export/data }, size: 100GiB, mount_options: [nfsvers=4.1] }
      - { name: books, nfs: { server: nfs.example.org, path: /export/books }, read_only: true }
";

const FILES: [(&str, &str); 5] = [
    ("k8s/a.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: web }\n"),
    ("conf/main.toml", "a = 1\n"),
    ("conf/deeper/left-out.toml", "b = 2\n"),
    ("banner.txt", "hello\n"),
    ("id", "private key\n"),
];

fn nodes(item: &str, files: &[(&str, &str)]) -> Vec<Node> {
    Folder::new(&format!("{HEAD}{item}"), files).nodes().unwrap()
}

fn problems(item: &str, files: &[(&str, &str)]) -> String {
    let problems = Folder::new(&format!("{HEAD}{item}"), files).nodes().unwrap_err();
    problems.iter().map(|problem| format!("{problem} {:?}\n", problem.next_steps)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_and_texts_become_config_maps_and_secrets() {
    let mut world = World::new().await;
    let nodes = nodes(ITEM, &FILES);
    assert!(!format!("{nodes:?}").contains("aHVudGVyMg"), "secrets are not printed");
    world.up(&nodes).await.unwrap();
    let settings = world.get("v1", "ConfigMap", "shop/settings").await.unwrap();
    assert_eq!(
        settings["data"],
        json!({ "main.toml": "a = 1\n", "banner.txt": "hello\n", "mode": "quick" })
    );
    let renamed = world.get("v1", "ConfigMap", "shop/renamed").await.unwrap();
    assert_eq!(renamed["data"], json!({ "app.toml": "a = 1\n" }));
    let keys = world.get("v1", "Secret", "shop/keys").await.unwrap();
    assert_eq!(keys["data"], json!({ "id": "cHJpdmF0ZSBrZXkK", "token": "aHVudGVyMg==" }));
    assert_eq!(world.up(&nodes).await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn volumes_on_nfs_are_bound_to_their_claims() {
    let mut world = World::new().await;
    world.up(&nodes(ITEM, &FILES)).await.unwrap();
    let claim = world.get("v1", "PersistentVolumeClaim", "shop/data").await.unwrap();
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_eq!(claim["spec"]["volumeName"], "shop-data");
    let volume = world.get("v1", "PersistentVolume", "shop-data").await.unwrap();
    assert_eq!(
        volume["spec"]["nfs"],
        json!({ "server": "nfs.example.org", "path": "/export/data" })
    );
    assert_eq!(volume["spec"]["capacity"]["storage"], "100Gi");
    assert_eq!(volume["spec"]["mountOptions"], json!(["nfsvers=4.1"]));
    let books = world.get("v1", "PersistentVolume", "shop-books").await.unwrap();
    assert_eq!(books["spec"]["accessModes"], json!(["ReadOnlyMany"]));
    assert_eq!(books["spec"]["nfs"]["readOnly"], true);
    world.down().await.unwrap();
    assert!(world.get("v1", "PersistentVolume", "shop-data").await.is_none());
}

#[test]
fn what_is_wrong_with_files_is_told() {
    let with = |content: &str| {
        problems(&format!("stack: [{{ name: shop, manifests: k8s, {content} }}]\n"), &FILES)
    };
    let told = with("config_maps: [{ name: a, files: [missing.txt] }]");
    assert!(told.contains("`missing.txt` cannot be read"), "{told}");
    let told = with("config_maps: [{ name: a, files: [conf], values: { main.toml: x } }]");
    assert!(told.contains("the key `main.toml` twice"), "{told}");
    let told = with("config_maps: [{ name: a, files: { key: conf } }]");
    assert!(told.contains("`key` is one key, and `conf` a folder"), "{told}");
    let large = "x".repeat((1 << 20) + 1);
    let files = [FILES[0], ("large", large.as_str())];
    let item = "stack: [{ name: shop, manifests: k8s, secrets: [{ name: a, files: large }] }]\n";
    let told = problems(item, &files);
    assert!(told.contains("the API keeps 1048576"), "{told}");
}

#[test]
fn kustomizations_are_checked_before_anything_runs() {
    let item = "stack: [{ name: shop, kustomize: overlays/dev }]\n";
    let told = problems(item, &[("overlays/dev/readme.md", "")]);
    assert!(told.contains("there is no kustomization.yaml in `overlays/dev`"), "{told}");
    let overlay = "resources: [../../base, extra.yaml, 'https://example.org/a.yaml', github.com/owner/repository]
patches: [{ path: patch.yaml }, { patch: '{}' }]
configMapGenerator: [{ name: a, files: [key=missing.txt], envs: [b.env] }]
helmCharts: [{ name: thing }]
";
    let base = "resources: [a.yaml]\n";
    let told = problems(
        item,
        &[("overlays/dev/kustomization.yaml", overlay), ("base/kustomization.yml", base)],
    );
    for expected in [
        "uses `helmCharts`, which needs helm",
        "`base/kustomization.yml` names `a.yaml`",
        "names `extra.yaml` in `resources`, which is not there",
        "fetches `https://example.org/a.yaml`",
        "fetches `github.com/owner/repository`",
        "names `patch.yaml` in `patches`",
        "names `missing.txt` in `configMapGenerator`",
        "names `b.env` in `configMapGenerator`",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

const NODES: &str = "apiVersion: infra/v1
name: test
providers: { digitalocean: { region: ams3 } }
cluster:
  pools: [{ name: default, count: 3, size: { cpus: 4, memory: 8GiB } }]
  nodes:
    - { name: gpu, select: { names: [NODE] }, labels: { leafai.affinity: production }, taints: ['nvidia.com/gpu=present:NoSchedule'] }
    - { name: all, labels: { team: a } }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_bear_the_labels_and_taints_of_the_file_and_keep_those_of_others() {
    let mut world = World::new().await;
    let first = world.node_names().remove(0);
    let file = NODES.replace("NODE", &first);
    let nodes = |file: &str| Folder::new(file, &[]).nodes().unwrap();
    let path = format!("/api/v1/nodes/{first}");
    let theirs = json!([{ "key": "theirs", "effect": "NoExecute" }]);
    patch_as(&world, &path, &json!({ "spec": { "taints": theirs } })).await;
    world.up(&nodes(&file)).await.unwrap();
    let taints = |node: &Json| -> Vec<String> {
        let taints = node["spec"]["taints"].as_array().into_iter().flatten();
        taints
            .map(|taint| format!("{}={}", taint["key"], taint["value"]).replace('"', ""))
            .collect()
    };
    let node = world.get("v1", "Node", &first).await.unwrap();
    assert_eq!(node["metadata"]["labels"]["leafai.affinity"], "production");
    assert_eq!(node["metadata"]["labels"]["team"], "a");
    assert_eq!(taints(&node), ["theirs=null", "nvidia.com/gpu=present"]);
    assert_eq!(world.up(&nodes(&file)).await.unwrap(), Vec::<String>::new());

    // One node of several differs: that is found, and mended.
    patch_as(&world, &path, &json!({ "metadata": { "labels": { "team": "b" } } })).await;
    assert_eq!(world.up(&nodes(&file)).await.unwrap(), ["update main/nodes.all"]);
    let changed = file.replace("leafai.affinity: production", "leafai.affinity: test");
    let changed = changed.replace(", taints: ['nvidia.com/gpu=present:NoSchedule']", "");
    assert_eq!(world.up(&nodes(&changed)).await.unwrap(), ["update main/nodes.gpu"]);
    let node = world.get("v1", "Node", &first).await.unwrap();
    assert_eq!(node["metadata"]["labels"]["leafai.affinity"], "test");
    assert_eq!(taints(&node), ["theirs=null"]);
    world.down().await.unwrap();
    let node = world.get("v1", "Node", &first).await.unwrap();
    assert_eq!(node["metadata"]["labels"].get("team"), None);
    assert_eq!(taints(&node), ["theirs=null"]);
    let wrong = nodes(&NODES.replace("NODE", "no-such-node"));
    let error = world.up(&wrong).await.unwrap_err();
    assert!(error.to_string().contains("no-such-node"), "{error}");
}
