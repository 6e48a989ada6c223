//! An emulated account with a registry, and a context that logs in to it.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use infra_clock::{WorldClock, wall_now};
use infra_emulator::{Emulator, EmulatorOptions, FaultScript};
use infra_plan::{Address, Marker, Secret, Value};
use infra_provider::{
    AccessError, AccessSource, ClusterAccess, Context, Progress, RegistryLogin, Subject,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::layout::Written;

pub(crate) const REGISTRY: &str = "hub-images";

/// A served world.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) context: Context,
    pub(crate) logins: Arc<Mutex<usize>>,
    directory: tempfile::TempDir,
}

struct Access {
    login: Option<RegistryLogin>,
    logins: Arc<Mutex<usize>>,
}

impl AccessSource for Access {
    fn access<'run>(
        &'run self,
        _: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>> {
        Box::pin(async { Err(AccessError::Absent) })
    }

    fn registry<'run>(
        &'run self,
        _: &'run Address,
        _: bool,
    ) -> BoxFuture<'run, Result<RegistryLogin, AccessError>> {
        *self.logins.lock().unwrap() += 1;
        Box::pin(async { self.login.clone().ok_or(AccessError::Absent) })
    }

    fn forget(&self, _: &Address) {}
}

impl World {
    pub(crate) async fn new(faults: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = WorldClock::jumping(std::time::Duration::ZERO);
        let mut options = EmulatorOptions::new(directory.path(), clock.clone());
        options.faults = FaultScript::parse(faults, "test").unwrap();
        let emulator = Emulator::start(options).await.unwrap();
        let endpoints = emulator.endpoints();
        let api = endpoints.digitalocean.unwrap();
        let made = reqwest::Client::new()
            .post(format!("{}/v2/registries", api.url))
            .bearer_auth(&api.token)
            .json(&json!({ "name": REGISTRY, "subscription_tier_slug": "starter" }))
            .send()
            .await
            .unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
        let login = RegistryLogin {
            host: "registry.digitalocean.com".into(),
            path: REGISTRY.into(),
            endpoint: Some(format!("http://{}", endpoints.registry.unwrap().host)),
            username: api.token.clone(),
            password: Secret::new(api.token),
            expires: Some(wall_now()),
        };
        let logins = Arc::default();
        let access = Access { login: Some(login), logins: Arc::clone(&logins) };
        let deployment = Marker { name: "hub".into(), deployment: "0".into() };
        let context = Context {
            clock,
            progress: Progress::default(),
            cancel: CancellationToken::new(),
            deployment,
            access: Arc::new(access),
        };
        Self { emulator, context, logins, directory }
    }

    /// The same world with a login that is wrong, or with none.
    pub(crate) fn with_password(&self, password: Option<&str>) -> Context {
        let login = password.map(|password| RegistryLogin {
            host: "registry.digitalocean.com".into(),
            path: REGISTRY.into(),
            endpoint: Some(format!("http://{}", self.emulator.endpoints().registry.unwrap().host)),
            username: "me".into(),
            password: Secret::new(password.into()),
            expires: None,
        });
        let access = Access { login, logins: Arc::default() };
        Context { access: Arc::new(access), ..self.context.clone() }
    }

    /// What the registry holds, past all protocols.
    pub(crate) fn shown(&self) -> serde_json::Value {
        infra_emulator::show(self.directory.path()).unwrap()["registry"].clone()
    }

    /// Requests to the registry of this method that were carried out.
    pub(crate) fn requests(&self, method: &str) -> Vec<String> {
        let records = self.emulator.requests();
        let wanted = records.iter().filter(|record| {
            record.service == "registry" && record.method == method && record.status < 300
        });
        wanted.map(|record| record.path.clone()).collect()
    }
}

/// The subject of an image from this layout.
pub(crate) fn image(layout: &Written, tag: &str) -> Subject {
    let inputs = Value::map([
        ("name", Value::from("app")),
        ("registry", Value::from("registry.images")),
        ("registry_id", Value::from(REGISTRY)),
        ("host", Value::from("registry.digitalocean.com")),
        ("path", Value::from(REGISTRY)),
        ("repository", Value::from("app")),
        ("tag", Value::from(tag)),
        ("digest", Value::from(layout.digest.as_str())),
        ("layout", Value::from(layout.path().to_string_lossy().into_owned())),
    ]);
    let address = Address::of("image", "app/images");
    Subject { address, id: None, inputs, prior: None }
}

/// Runs a test in a task, as the jumping clock watches the workers of the runtime only.
pub(crate) fn run<F: Future<Output = ()> + Send + 'static>(test: F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(test).await.unwrap() });
}
