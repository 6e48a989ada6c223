//! A cluster in a temporary directory, and a client that knows nothing but HTTP and JSON.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use infra_clock::WorldClock;
use infra_emulator::kubernetes::{ApiFaults, Cluster, ClusterOptions, NodeOptions, PodBehaviour};
use infra_emulator::surroundings::{NoCloud, Surroundings};
use serde_json::{Value, json};

/// How long anything may take, in world time; a jumping clock makes it cheap.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) clock: WorldClock,
    pub(crate) client: Client,
    pub(crate) directory: Arc<tempfile::TempDir>,
}

#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    clock: WorldClock,
}

pub(crate) struct Setting {
    pub(crate) nodes: u8,
    pub(crate) pods: PodBehaviour,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    pub(crate) directory: Arc<tempfile::TempDir>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            nodes: 3,
            pods: PodBehaviour::default(),
            surroundings: Arc::new(NoCloud),
            directory: Arc::new(tempfile::tempdir().unwrap()),
        }
    }
}

/// Runs a test on a runtime of its own; the clock watches workers, so the test runs on one.
pub(crate) fn run<F: Future<Output = ()> + Send + 'static>(test: F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(test).await.unwrap() });
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Setting::default()).await
    }

    pub(crate) async fn with(setting: Setting) -> Self {
        let clock = WorldClock::jumping(Duration::ZERO);
        let cluster = Cluster::start(ClusterOptions {
            name: "test".into(),
            id: "test-id".into(),
            directory: setting.directory.path().join("cluster"),
            clock: clock.clone(),
            surroundings: setting.surroundings,
            version: "1.36.2".into(),
            controllers: true,
            admin_token: None,
            port: None,
            nodes: (1..=setting.nodes).map(node).collect(),
            pods: setting.pods,
            faults: ApiFaults::default(),
        })
        .await
        .unwrap();
        let client = Client::of(&cluster, cluster.admin_token(), &clock);
        Self { cluster, clock, client, directory: setting.directory }
    }
}

pub(crate) fn node(number: u8) -> NodeOptions {
    NodeOptions {
        name: format!("node-{number}"),
        cpu_millis: 4000,
        memory_bytes: 8 << 30,
        internal_ip: format!("10.0.0.{number}"),
        ..NodeOptions::default()
    }
}

impl Client {
    pub(crate) fn of(cluster: &Cluster, token: &str, clock: &WorldClock) -> Self {
        let authority = reqwest::Certificate::from_pem(cluster.ca_pem().as_bytes()).unwrap();
        let http = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
        Self { http, url: cluster.server_url(), token: token.into(), clock: clock.clone() }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, String)>,
    ) -> (u16, Value) {
        let response = self.open(method, path, body).await;
        let code = response.status().as_u16();
        let text = response.text().await.unwrap();
        (code, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        body: Option<(&str, String)>,
    ) -> reqwest::Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some((kind, text)) = body {
            request = request.header("content-type", kind).body(text);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    pub(crate) async fn create(&self, path: &str, object: Value) -> Value {
        let body = Some(("application/json", object.to_string()));
        let (code, answer) = self.send("POST", path, body).await;
        assert_eq!(code, 201, "{answer}");
        answer
    }

    pub(crate) async fn merge(&self, path: &str, patch: Value) -> (u16, Value) {
        self.send("PATCH", path, Some(("application/merge-patch+json", patch.to_string()))).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send("DELETE", path, None).await
    }

    /// Reads a path until a condition holds.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(u16, &Value) -> bool) -> Value {
        let deadline = self.clock.now() + PATIENCE;
        loop {
            let (code, answer) = self.get(path).await;
            if holds(code, &answer) {
                return answer;
            }
            assert!(self.clock.now() < deadline, "{path} never got there: {code} {answer:#}");
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    pub(crate) async fn until_gone(&self, path: &str) {
        self.until(path, |code, _| code == 404).await;
    }
}

pub(crate) fn deployment(name: &str, replicas: u32) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "nginx:1.27"}]},
            },
        },
    })
}

pub(crate) fn reasons(events: &Value, about: &str) -> Vec<String> {
    events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["involvedObject"]["name"].as_str().unwrap().starts_with(about))
        .map(|event| event["reason"].as_str().unwrap().to_owned())
        .collect()
}
