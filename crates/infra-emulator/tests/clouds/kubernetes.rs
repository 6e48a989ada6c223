//! The emulated clusters behind DOKS, over their own API, and what they make in the account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, ServeOnly};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Served, run};

/// The API of one cluster with one token.
struct Api<'a> {
    world: &'a Served,
    http: reqwest::Client,
    server: String,
    token: String,
}

impl<'a> Api<'a> {
    async fn of(world: &'a Served, id: &str, query: &str) -> Self {
        let path = format!("/v2/kubernetes/clusters/{id}/credentials{query}");
        let credentials = world.get(&path).await;
        let authority = credentials["certificate_authority_data"].as_str().unwrap();
        let authority = STANDARD.decode(authority).unwrap();
        let authority = reqwest::Certificate::from_pem(&authority).unwrap();
        let http =
            reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().unwrap();
        Self {
            world,
            http,
            server: credentials["server"].as_str().unwrap().to_owned(),
            token: credentials["token"].as_str().unwrap().to_owned(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let _busy = self.world.clock.busy();
        let mut request =
            self.http.request(method, format!("{}{path}", self.server)).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call(Method::POST, path, body).await;
        assert_eq!(status, 201, "{path}: {body}");
        body
    }

    /// Waits in world time until the object is as wanted.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..100 {
            last = self.call(Method::GET, path, Value::Null).await.1;
            if wanted(&last) {
                return last;
            }
            self.world.sleep(5).await;
        }
        panic!("{path} stays {last:#}");
    }
}

fn items(list: &Value) -> &Vec<Value> {
    list["items"].as_array().unwrap()
}

const SERVICES: &str = "/api/v1/namespaces/default/services";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "type": "LoadBalancer", "selector": { "app": name }, "ports": [{ "port": 80 }] },
    })
}

fn pod(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
        "spec": { "containers": [{ "name": "main", "image": image }] },
    })
}

#[test]
fn nodes_are_there_with_their_labels_and_follow_their_pool() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 2).await;
        let api = Api::of(&world, &id, "").await;
        let nodes = api.get("/api/v1/nodes").await;
        assert_eq!(items(&nodes).len(), 2);
        let labels = &items(&nodes)[0]["metadata"]["labels"];
        assert_eq!(labels["doks.digitalocean.com/node-pool"], "default");
        assert_eq!(labels["node.kubernetes.io/instance-type"], "s-2vcpu-4gb");
        let provider = items(&nodes)[0]["spec"]["providerID"].as_str().unwrap();
        let droplets = world.get("/v2/droplets").await["droplets"].to_string();
        assert!(droplets.contains(provider.strip_prefix("digitalocean://").unwrap()));

        let pools = format!("/v2/kubernetes/clusters/{id}/node_pools");
        let pool = world.get(&pools).await["node_pools"][0]["id"].as_str().unwrap().to_owned();
        let change = json!({
            "name": "default", "count": 1, "labels": { "new": "label" },
            "taints": [{ "key": "only", "value": "me", "effect": "NoSchedule" }],
        });
        world.put(&format!("{pools}/{pool}"), change).await;
        world.sleep(120).await;
        let nodes = api.get("/api/v1/nodes").await;
        assert_eq!(items(&nodes).len(), 1);
        assert_eq!(items(&nodes)[0]["metadata"]["labels"]["new"], "label");
        assert_eq!(items(&nodes)[0]["spec"]["taints"][0]["value"], "me");
    });
}

#[test]
fn tokens_expire_in_world_time() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let short = Api::of(&world, &id, "?expiry_seconds=60").await;
        let long = Api::of(&world, &id, "").await;
        short.get("/api/v1/namespaces").await;
        world.sleep(61).await;
        // The next event of the account has been handled when it answers.
        world.get("/v2/account").await;
        let (status, _) = short.call(Method::GET, "/api/v1/namespaces", Value::Null).await;
        assert_eq!(status, 401);
        long.get("/api/v1/namespaces").await;
        let path = format!("/v2/kubernetes/clusters/{id}/kubeconfig");
        let (status, text) = world.call(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 200);
        assert!(text.as_str().unwrap().contains("current-context: do-ams3-hub"), "{text}");
    });
}

#[test]
fn a_service_gets_a_load_balancer_that_outlives_its_cluster() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        api.post(SERVICES, service("web")).await;
        let address = "/status/loadBalancer/ingress/0/ip";
        let web = api.until(&format!("{SERVICES}/web"), |web| web.pointer(address).is_some()).await;
        let balancers = world.get("/v2/load_balancers").await["load_balancers"].clone();
        assert_eq!(web.pointer(address), Some(&balancers[0]["ip"]));
        assert_eq!(balancers[0]["forwarding_rules"][0]["entry_port"], 80);
        assert_eq!(balancers[0]["droplet_ids"].as_array().unwrap().len(), 1);

        let cluster = format!("/v2/kubernetes/clusters/{id}");
        let pool = world.get(&cluster).await["kubernetes_cluster"]["node_pools"][0]["id"].clone();
        let pool = format!("{cluster}/node_pools/{}", pool.as_str().unwrap());
        world.put(&pool, json!({ "name": "default", "count": 2 })).await;
        world.sleep(200).await;
        let grown = world.get("/v2/load_balancers").await["load_balancers"][0].clone();
        assert_eq!(grown["droplet_ids"].as_array().unwrap().len(), 2);
        let associated = format!("{cluster}/destroy_with_associated_resources");
        let found = world.get(&associated).await;
        assert_eq!(found["load_balancers"][0]["id"], balancers[0]["id"]);
        world.delete(&cluster).await;
        world.sleep(120).await;
        assert_eq!(world.get("/v2/load_balancers").await["meta"]["total"], 1);
    });
}

#[test]
fn deleting_a_service_releases_its_load_balancer() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        api.post(SERVICES, service("web")).await;
        let path = format!("{SERVICES}/web");
        api.until(&path, |web| web.pointer("/status/loadBalancer/ingress/0/ip").is_some()).await;
        let (status, _) = api.call(Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, 200);
        api.until(&path, |gone| gone["code"] == 404).await;
        assert_eq!(world.get("/v2/load_balancers").await["meta"]["total"], 0);
    });
}

#[test]
fn a_claim_gets_a_volume_and_everything_can_go_with_the_cluster() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let claims = "/api/v1/namespaces/default/persistentvolumeclaims";
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "data" },
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": { "requests": { "storage": "5Gi" } },
            },
        });
        api.post(claims, claim).await;
        api.until(&format!("{claims}/data"), |claim| claim["status"]["phase"] == "Bound").await;
        let volume = world.get("/v2/volumes").await["volumes"][0].clone();
        assert_eq!(volume["size_gigabytes"], 5);
        assert_eq!(volume["description"], "Created by DigitalOcean CSI driver");
        assert!(volume["name"].as_str().unwrap().starts_with("pvc-"));
        let associated = format!("/v2/kubernetes/clusters/{id}/destroy_with_associated_resources");
        assert_eq!(world.get(&associated).await["volumes"][0]["id"], volume["id"]);
        world.delete(&format!("{associated}/dangerous")).await;
        world.sleep(120).await;
        assert_eq!(world.get("/v2/volumes").await["meta"]["total"], 0);
        assert_eq!(world.get("/v2/kubernetes/clusters").await["meta"]["total"], 0);
    });
}

#[test]
fn integration_puts_the_pull_secret_into_every_namespace() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let registry = json!({ "name": "images", "subscription_tier_slug": "basic" });
        world.lasting_post("/v2/registries", registry).await;
        let body = json!({ "cluster_uuids": [id], "registries": ["images"] });
        world.call(Method::POST, "/v2/kubernetes/registries", body.clone()).await;
        let secret = api.get("/api/v1/namespaces/default/secrets/images").await;
        assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        let wanted = json!([{ "name": "images" }]);
        assert_eq!(api.get(account).await["imagePullSecrets"], wanted);

        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "later" } });
        api.post("/api/v1/namespaces", namespace).await;
        api.until("/api/v1/namespaces/later/secrets/images", |found| found["kind"] == "Secret")
            .await;
        api.until("/api/v1/namespaces/later/serviceaccounts/default", |account| {
            account["imagePullSecrets"] == wanted
        })
        .await;
        world.call(Method::DELETE, "/v2/kubernetes/registries", body).await;
        let (status, _) =
            api.call(Method::GET, "/api/v1/namespaces/later/secrets/images", Value::Null).await;
        assert_eq!(status, 404);
        let cleared = api.get(account).await["imagePullSecrets"].clone();
        assert!(cleared.as_array().is_none_or(Vec::is_empty), "{cleared}");
    });
}

#[test]
fn images_of_the_worlds_registries_must_exist_and_be_authorised() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let registry = json!({ "name": "images", "subscription_tier_slug": "basic" });
        world.lasting_post("/v2/registries", registry).await;
        crate::registry::push(&world, "images/app", "1").await;
        let image = "registry.digitalocean.com/images/app";
        let waiting = "/status/containerStatuses/0/state/waiting/reason";
        let pull_fails = |pod: &Value| {
            let reason = pod.pointer(waiting).and_then(Value::as_str).unwrap_or_default();
            ["ErrImagePull", "ImagePullBackOff"].contains(&reason)
        };
        let runs = |pod: &Value| pod["status"]["phase"] == "Running";
        api.post(PODS, pod("early", &format!("{image}:1"))).await;
        api.until(&format!("{PODS}/early"), pull_fails).await;
        let body = json!({ "cluster_uuids": [id], "registries": ["images"] });
        world.call(Method::POST, "/v2/kubernetes/registries", body).await;
        api.post(PODS, pod("good", &format!("{image}:1"))).await;
        api.until(&format!("{PODS}/good"), runs).await;
        api.post(PODS, pod("absent", &format!("{image}:2"))).await;
        api.until(&format!("{PODS}/absent"), pull_fails).await;
        api.post(PODS, pod("other", "nginx:1.29")).await;
        api.until(&format!("{PODS}/other"), runs).await;
    });
}

#[test]
fn scripted_pulls_fail_and_then_succeed() {
    run(async {
        let world = Served::with_faults(
            "images:\n- { image: ^nginx, times: 1, answer: { unreachable: no route to host } }\n\
             - { image: gone, answer: not_found }",
        )
        .await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let reason = |pod: &Value| {
            let waiting = pod.pointer("/status/containerStatuses/0/state/waiting/reason");
            waiting.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        api.post(PODS, pod("gone", "example.org/gone:1")).await;
        let refused = api.until(&format!("{PODS}/gone"), |pod| reason(pod).contains("Pull")).await;
        assert!(["ErrImagePull", "ImagePullBackOff"].contains(&reason(&refused).as_str()));
        api.post(PODS, pod("web", "nginx:1.29")).await;
        api.until(&format!("{PODS}/web"), |pod| pod["status"]["phase"] == "Running").await;
        let events = api.get("/api/v1/namespaces/default/events").await.to_string();
        assert!(events.contains("no route to host"));
    });
}

#[test]
fn fault_rules_befall_api_servers_too() {
    run(async {
        let world = Served::with_faults(
            "rules:\n\
             - { match: { service: kubernetes, path: /configmaps/held }, times: 1, then: { status: 429, headers: { retry-after: '1' } } }\n\
             - { match: { service: kubernetes, method: POST, body: lost }, times: 1, then: { lose_reply: true } }\n\
             - { match: { service: kubernetes, method: POST, body: never }, times: 1, then: { reset: true } }",
        )
        .await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let path = "/api/v1/namespaces/default/configmaps";
        let (status, body) = api.call(Method::GET, &format!("{path}/held"), Value::Null).await;
        assert_eq!((status.as_u16(), &body["kind"]), (429, &json!("Status")));
        for name in ["lost", "never"] {
            let map =
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } });
            let request = api.http.post(format!("{}{path}", api.server)).bearer_auth(&api.token);
            let outcome = match request.json(&map).send().await {
                Ok(response) => response.bytes().await.map(|_| ()),
                Err(error) => Err(error),
            };
            assert!(outcome.is_err(), "{name} was answered");
        }
        api.get(&format!("{path}/lost")).await;
        let (status, _) = api.call(Method::GET, &format!("{path}/never"), Value::Null).await;
        assert_eq!(status, 404);
        let asked = world.emulator.requests();
        let faults = asked.iter().filter(|record| record.cluster == id && !record.fault.is_empty());
        let faults: Vec<&str> = faults.map(|record| record.fault.as_str()).collect();
        assert_eq!(faults, ["status", "lose_reply", "reset"]);
    });
}

#[test]
fn a_world_is_left_and_its_clusters_come_back() {
    run(async {
        let world = Served::new().await;
        let id = world.cluster("hub", 1).await;
        let api = Api::of(&world, &id, "").await;
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "kept" }, "data": { "a": "b" },
        });
        api.post("/api/v1/namespaces/default/configmaps", map).await;
        let shown = infra_emulator::show(world.directory.path()).unwrap();
        let objects = shown["kubernetes"][&id].as_array().unwrap();
        let is_kept =
            |object: &&Value| object["resource"] == "configmaps" && object["name"] == "kept";
        assert_eq!(objects.iter().filter(is_kept).count(), 1);
        let asked = world.emulator.requests();
        let made = asked.iter().find(|record| record.service == "kubernetes").unwrap();
        assert_eq!((made.method.as_str(), made.status, made.mutating), ("POST", 201, true));
        assert_eq!(made.cluster, id);
        let token = api.token.clone();
        let server = api.server.clone();
        drop(api);
        let world = world.reopened().await;
        let api = Api { token, ..Api::of(&world, &id, "").await };
        assert_eq!(api.server, server);
        let kept = api.get("/api/v1/namespaces/default/configmaps/kept").await;
        assert_eq!(kept["data"]["a"], "b");
        let endpoints = world.emulator.endpoints();
        let kubeconfig = std::fs::read_to_string(&endpoints.kubernetes[0].kubeconfig).unwrap();
        assert!(kubeconfig.contains(&server));
    });
}

#[test]
fn a_cluster_can_be_served_alone() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let clock = WorldClock::jumping(std::time::Duration::ZERO);
        let mut options = EmulatorOptions::new(folder.path(), clock);
        options.only = ServeOnly::Kubernetes { nodes: 3, controllers: true };
        let emulator = Emulator::start(options.clone()).await.unwrap();
        let endpoints = emulator.endpoints();
        assert!(endpoints.digitalocean.is_none());
        let kubeconfig = std::fs::read_to_string(&endpoints.kubernetes[0].kubeconfig).unwrap();
        assert!(kubeconfig.contains(&endpoints.kubernetes[0].server));
        emulator.stop().await.unwrap();
        let again = Emulator::start(options).await.unwrap();
        assert_eq!(again.endpoints(), endpoints);
        again.stop().await.unwrap();
    });
}
