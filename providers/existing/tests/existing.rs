//! The provider on an emulated cluster: which kubeconfigs are taken, what is refused and how, and that nothing is ever written.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use futures::future::BoxFuture;
use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, ServeOnly};
use infra_existing::{ExistingClusters, connect};
use infra_plan::{Address, Marker};
use infra_provider::{
    AccessError, AccessSource, ClusterAccess, Context, ErrorKind, ExpandRequest, Progress,
    Provider, RegistryLogin, Subject, Survey,
};
use infra_spec::{Environment, FileReader, LoadOptions, Sources, Spec};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
}

impl FileReader for Nothing {
    fn read(&self, _path: &Path) -> std::io::Result<Vec<u8>> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

impl AccessSource for Nothing {
    fn access<'run>(
        &'run self,
        _cluster: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>> {
        Box::pin(async { Err(AccessError::Absent) })
    }

    fn registry<'run>(
        &'run self,
        _registry: &'run Address,
        _write: bool,
    ) -> BoxFuture<'run, Result<RegistryLogin, AccessError>> {
        Box::pin(async { Err(AccessError::Absent) })
    }

    fn forget(&self, _cluster: &Address) {}
}

fn context() -> Context {
    let deployment = Marker { name: "trial".to_owned(), deployment: "abc".to_owned() };
    let (progress, cancel) = (Progress::default(), CancellationToken::new());
    Context { clock: WorldClock::real(), progress, cancel, deployment, access: Arc::new(Nothing) }
}

/// The file with this provider block and cluster, as it stands in `folder`.
fn spec(folder: &Path, block: &str, cluster: &str) -> Spec {
    let text = format!(
        "apiVersion: infra/v1\nname: trial\nproviders: {{ existing: {{ {block} }} }}\ncluster: {cluster}\n"
    );
    let mut sources = Sources::new();
    sources.push(folder.join("infra.yaml").display().to_string(), text.into_bytes());
    let options = LoadOptions {
        provider: None,
        environment: &Nothing,
        files: &Nothing,
        rehearse: false,
        provider_types: &["existing"],
    };
    infra_spec::load(&sources, &options).unwrap().spec
}

fn provider(spec: &Spec) -> Arc<ExistingClusters> {
    connect(&spec.providers["existing"], spec, None).unwrap()
}

struct Scene {
    folder: tempfile::TempDir,
    emulator: Emulator,
    /// The kubeconfig of the emulated cluster's administrator.
    whole: Json,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = EmulatorOptions::new(folder.path().join("world"), WorldClock::real());
        options.only = ServeOnly::Kubernetes { nodes: 1, controllers: false };
        let emulator = Emulator::start(options).await.unwrap();
        let path = emulator.endpoints().kubernetes[0].kubeconfig.clone();
        let whole: Json = serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        Self { folder, emulator, whole }
    }

    /// Writes a kubeconfig beside the file: that of the administrator, changed.
    fn kubeconfig(&self, change: impl FnOnce(&mut Json)) {
        let mut changed = self.whole.clone();
        change(&mut changed);
        std::fs::write(self.folder.path().join("config"), changed.to_string()).unwrap();
    }

    fn spec(&self, cluster: &str) -> Spec {
        spec(self.folder.path(), "kubeconfig: ./config", cluster)
    }

    async fn observe(
        &self,
        spec: &Spec,
    ) -> Result<infra_plan::Observed, infra_provider::ProviderError> {
        let provider = provider(spec);
        let survey = Survey::default();
        let request = ExpandRequest { spec, instance: "existing", survey: &survey };
        let node = provider.expand(&request).unwrap().remove(0);
        let subject = Subject { address: node.address, id: None, inputs: node.inputs, prior: None };
        let resource = provider.resource("cluster").unwrap();
        resource.observe(&context(), &subject).await.map(Option::unwrap)
    }
}

fn user(config: &mut Json) -> &mut Json {
    &mut config["users"][0]["user"]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_credential_of_a_kubeconfig_leads_to_the_same_cluster() {
    let scene = Scene::new().await;
    scene.kubeconfig(|_| {});
    let seen = scene.observe(&scene.spec("{ existing: true }")).await.unwrap();
    assert!(seen.outputs.text_at("version").unwrap().starts_with("v1.36"), "{:?}", seen.outputs);
    let token = scene.whole["users"][0]["user"]["token"].as_str().unwrap().to_owned();

    std::fs::write(scene.folder.path().join("token"), format!("{token}\n")).unwrap();
    scene.kubeconfig(|config| *user(config) = json!({ "tokenFile": "token" }));
    assert_eq!(scene.observe(&scene.spec("{ existing: true }")).await.unwrap().id, seen.id);

    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "token": token, "expirationTimestamp": "2999-01-01T00:00:00Z" },
    });
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "IfAvailable",
        "args": ["-c", "test -n \"$KUBERNETES_EXEC_INFO\" && printf %s \"$CREDENTIAL\""],
        "env": [{ "name": "CREDENTIAL", "value": credential.to_string() }],
    });
    scene.kubeconfig(|config| *user(config) = json!({ "exec": exec }));
    assert_eq!(scene.observe(&scene.spec("{ existing: true }")).await.unwrap().id, seen.id);

    // Named by the cluster, though another context is the current one.
    scene.kubeconfig(|config| {
        let mut other = config["contexts"][0].clone();
        other["name"] = "lab".into();
        config["contexts"].as_array_mut().unwrap().push(other);
        config["current-context"] = "nowhere".into();
    });
    let seen = scene.observe(&scene.spec("{ existing: lab }")).await.unwrap();
    assert_eq!(seen.outputs.text_at("name"), Some("lab"));
    let mutating = scene.emulator.requests().iter().filter(|request| request.mutating).count();
    assert_eq!(mutating, 0, "it is only looked at");
    scene.emulator.stop().await.unwrap();
}

type Change = fn(&mut Json);

/// A change of a kubeconfig, what is said about it, and what is to be done.
const WRONG: &[(Change, &str, &str)] = &[
    (
        |config| config["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = true.into(),
        "not to verify",
        "certificate-authority-data",
    ),
    (
        |config| config["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:1".into(),
        "without TLS",
        "https://",
    ),
    (
        |config| config["clusters"][0]["cluster"]["proxy-url"] = "http://proxy.example.org".into(),
        "proxy",
        "proxy-url",
    ),
    (
        |config| config["current-context"] = "nowhere".into(),
        "no context `nowhere`",
        "choose one of",
    ),
    (|config| config["current-context"] = "".into(), "no current context", "context:"),
    (|config| config["clusters"] = json!([]), "which is not there", "correct"),
    (
        |config| *user(config) = json!({ "username": "me", "password": "verysecret" }),
        "user name and a password",
        "token",
    ),
    (
        |config| *user(config) = json!({ "exec": { "command": "no-such-program", "installHint": "get it from example.org" } }),
        "cannot be started",
        "get it from example.org",
    ),
    (
        |config| *user(config) = json!({ "exec": { "command": "sh", "args": ["-c", "echo verysecret; echo expired >&2; exit 3"] } }),
        "expired",
        "by hand",
    ),
    (
        |config| *user(config) = json!({ "exec": { "command": "echo", "args": ["verysecret"] } }),
        "no ExecCredential",
        "by hand",
    ),
    (|config| *user(config) = json!({ "token": "verysecret" }), "Unauthorized", "log in anew"),
    (
        |config| {
            *user(config) =
                json!({ "client-certificate-data": "!verysecret", "client-key-data": "!" })
        },
        "base64",
        "correct",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_kubeconfig_is_said_without_its_secrets() {
    let scene = Scene::new().await;
    for (change, says, next) in WRONG {
        scene.kubeconfig(*change);
        let error = scene.observe(&scene.spec("{ existing: true }")).await.unwrap_err();
        let shown = format!("{error} {:?}", error.next_steps);
        assert!(shown.contains(says), "{says}: {shown}");
        assert!(shown.contains(next), "{next}: {shown}");
        assert!(!shown.contains("verysecret"), "{shown}");
        assert_eq!(error.kind, ErrorKind::Unauthenticated, "{shown}");
    }
    std::fs::write(scene.folder.path().join("config"), "users: [verysecret\n").unwrap();
    let error = scene.observe(&scene.spec("{ existing: true }")).await.unwrap_err();
    assert!(
        error.to_string().contains("no kubeconfig")
            && !format!("{error:?}").contains("verysecret\"")
    );
    scene.emulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_behind_the_same_context_is_not_taken_for_the_old_one() {
    let scene = Scene::new().await;
    scene.kubeconfig(|_| {});
    let spec = scene.spec("{ existing: true }");
    let seen = scene.observe(&spec).await.unwrap();
    let address = Address::of("cluster", "main");
    let provider = provider(&spec);
    let access = provider.cluster_access(&context(), &address, &seen.id).await.unwrap();
    assert!(access.server.starts_with("https://127.0.0.1:"));
    let error = provider.cluster_access(&context(), &address, "another-uid").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.to_string().contains("another cluster"), "{error}");
    scene.emulator.stop().await.unwrap();
}

#[test]
fn what_would_change_the_cluster_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(
        folder.path(),
        "",
        "{ existing: true, version: '1.36', pools: [{ name: default, count: 1 }] }",
    );
    let survey = Survey::default();
    let request = ExpandRequest { spec: &spec, instance: "existing", survey: &survey };
    let problems = provider(&spec).expand(&request).unwrap_err();
    let told: Vec<_> = problems.iter().map(|problem| problem.summary.clone()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("`pools`") && told[1].contains("`version`"), "{told:?}");
}
