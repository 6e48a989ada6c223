//! A world in a temporary directory and a client for it.

use std::path::Path;
use std::time::Duration;

use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, FaultScript, World};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A served world.
pub(crate) struct Served {
    pub(crate) emulator: Emulator,
    pub(crate) clock: WorldClock,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// Opens the world of a directory with a clock that jumps.
pub(crate) async fn open(directory: &Path, faults: &str) -> (Emulator, WorldClock) {
    let clock = WorldClock::jumping(World::elapsed(directory).unwrap());
    let mut options = EmulatorOptions::new(directory, clock.clone());
    options.faults = FaultScript::parse(faults, "test").unwrap();
    (Emulator::start(options).await.unwrap(), clock)
}

impl Served {
    pub(crate) async fn new() -> Self {
        Self::with_faults("{}").await
    }

    pub(crate) async fn with_faults(faults: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::in_directory(directory, faults).await
    }

    pub(crate) async fn in_directory(directory: tempfile::TempDir, faults: &str) -> Self {
        let (emulator, clock) = open(directory.path(), faults).await;
        let api = emulator.endpoints().digitalocean.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { emulator, clock, directory, http, url: api.url, token: api.token }
    }

    /// Leaves the world and opens it again.
    pub(crate) async fn reopened(self) -> Self {
        self.emulator.stop().await.unwrap();
        Self::in_directory(self.directory, "{}").await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// A call that takes no world time: the clock stands still until its answer is here.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let _busy = self.clock.busy();
        self.lasting_call(method, path, body).await
    }

    /// A call that may take world time.
    pub(crate) async fn lasting_call(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, reply) = self.call(Method::POST, path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {reply}");
        reply
    }

    pub(crate) async fn lasting_post(&self, path: &str, body: Value) -> Value {
        let (status, reply) = self.lasting_call(Method::POST, path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {reply}");
        reply
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Value {
        let (status, reply) = self.call(Method::PUT, path, body).await;
        assert!(status.is_success(), "PUT {path}: {status} {reply}");
        reply
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, reply) = self.call(Method::DELETE, path, Value::Null).await;
        assert!(status.is_success(), "DELETE {path}: {status} {reply}");
    }

    /// The status and the message of a call that is refused.
    pub(crate) async fn refused(&self, method: Method, path: &str, body: Value) -> (u16, String) {
        let (status, reply) = self.call(method, path, body).await;
        assert!(!status.is_success(), "{path} was not refused: {reply}");
        (status.as_u16(), reply["message"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) async fn sleep(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.clock.now().as_duration().as_secs()
    }

    /// A cluster with one pool of that many nodes, running; its id.
    pub(crate) async fn cluster(&self, name: &str, count: u64) -> String {
        let body = serde_json::json!({
            "name": name,
            "region": "ams3",
            "version": "latest",
            "node_pools": [{ "name": "default", "size": "s-2vcpu-4gb", "count": count }],
        });
        let made = self.post("/v2/kubernetes/clusters", body).await;
        let id = made["kubernetes_cluster"]["id"].as_str().unwrap().to_owned();
        self.until_running(&id).await;
        id
    }

    pub(crate) async fn until_running(&self, id: &str) {
        for _ in 0..200 {
            let cluster = self.get(&format!("/v2/kubernetes/clusters/{id}")).await;
            if cluster["kubernetes_cluster"]["status"]["state"] == "running" {
                return;
            }
            self.sleep(5).await;
        }
        panic!("the cluster does not become running");
    }
}

/// Runs a test in a task, as the jumping clock watches the workers of the runtime only.
pub(crate) fn run<F: Future<Output = ()> + Send + 'static>(test: F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(test).await.unwrap() });
}
