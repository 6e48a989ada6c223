//! A world with one emulated cluster, and a small executor in place of the engine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use infra_bootstrap::{ExpandRequest, Files, Kinds, expand};
use infra_clock::WorldClock;
use infra_emulator::kubernetes::{
    ApiFaults, Cluster as Emulated, ClusterOptions, NodeOptions, PodBehaviour,
};
use infra_emulator::surroundings::NoCloud;
use infra_event::Diagnostic;
use infra_kube::{Cluster, Json, ObjectRef};
use infra_plan::{
    Address, Change, Effect, Graph, Marker, Node, Observed, Readiness, Secret, Value, diff, resolve,
};
use infra_provider::{
    AccessError, AccessSource, ClusterAccess, Context, Credential, ErrorKind, Goal, Progress,
    ProviderError, RegistryLogin, Subject,
};
use infra_spec::{LoadOptions, Sources, Spec, load};

/// What the state keeps of a node.
#[derive(Clone)]
pub(crate) struct Kept {
    id: String,
    inputs: Value,
    pub(crate) outputs: Value,
}

pub(crate) struct World {
    pub(crate) emulated: Arc<Emulated>,
    access: Arc<Access>,
    pub(crate) context: Context,
    pub(crate) kinds: Kinds,
    pub(crate) kept: BTreeMap<Address, Kept>,
    order: Vec<Node>,
    _directory: tempfile::TempDir,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

/// One world at a time: a jumping clock takes a worker that waits for a processor for one that has nothing to do.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Gives a token that the API refuses as long as `stale` is set and nothing was forgotten.
struct Access {
    emulated: Arc<Emulated>,
    stale: AtomicBool,
    forgotten: AtomicUsize,
}

impl AccessSource for Access {
    fn access<'run>(
        &'run self,
        cluster: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>> {
        let stale =
            self.stale.load(Ordering::Relaxed) && self.forgotten.load(Ordering::Relaxed) == 0;
        let token = if stale { "stale" } else { self.emulated.admin_token() };
        let access = ClusterAccess {
            cluster: cluster.clone(),
            server: self.emulated.server_url(),
            server_name: None,
            certificate_authority: Some(self.emulated.ca_pem().to_owned()),
            credential: Credential::Token(Secret::new(token.to_owned())),
            expires: None,
        };
        Box::pin(async move { Ok(access) })
    }

    fn registry<'run>(
        &'run self,
        _registry: &'run Address,
        _write: bool,
    ) -> BoxFuture<'run, Result<RegistryLogin, AccessError>> {
        Box::pin(async {
            Ok(RegistryLogin {
                host: "registry.example.org".into(),
                path: "team".into(),
                endpoint: None,
                username: "user".into(),
                password: Secret::new("hunter2".into()),
                expires: None,
            })
        })
    }

    fn forget(&self, _cluster: &Address) {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(PodBehaviour::default()).await
    }

    pub(crate) async fn with(pods: PodBehaviour) -> Self {
        let turn = TURN.lock().await;
        let directory = tempfile::tempdir().unwrap();
        let clock = WorldClock::jumping(Duration::ZERO);
        let nodes = (1..=3_u8).map(|number| NodeOptions {
            name: format!("node-{number}"),
            cpu_millis: 4000,
            memory_bytes: 8 << 30,
            pool: "default".into(),
            internal_ip: format!("10.0.0.{number}"),
            ..NodeOptions::default()
        });
        let emulated = Emulated::start(ClusterOptions {
            name: "main".into(),
            id: "emulated".into(),
            directory: directory.path().to_owned(),
            clock: clock.clone(),
            surroundings: Arc::new(NoCloud),
            version: "1.36.2".into(),
            controllers: true,
            admin_token: None,
            port: None,
            nodes: nodes.collect(),
            pods,
            faults: ApiFaults::default(),
        });
        let emulated = Arc::new(emulated.await.unwrap());
        let access = Arc::new(Access {
            emulated: Arc::clone(&emulated),
            stale: AtomicBool::new(false),
            forgotten: AtomicUsize::new(0),
        });
        let context = Context {
            clock,
            progress: Progress::default(),
            cancel: tokio_util::sync::CancellationToken::new(),
            deployment: Marker { name: "test".into(), deployment: "0123456789ab".into() },
            access: access.clone(),
        };
        Self {
            emulated,
            access,
            context,
            kinds: Kinds::default(),
            kept: BTreeMap::new(),
            order: Vec::new(),
            _directory: directory,
            _turn: turn,
        }
    }

    /// Sends a request as somebody else, past everything of infra.
    pub(crate) async fn send(&self, method: &str, path: &str, content_type: &str, body: &Json) {
        let authority = reqwest::Certificate::from_pem(self.emulated.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).no_proxy();
        let url = format!("{}{path}", self.emulated.server_url());
        let answer = client
            .build()
            .unwrap()
            .request(method.parse().unwrap(), url)
            .bearer_auth(self.emulated.admin_token())
            .header("content-type", content_type)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Makes the first credential one that the API refuses.
    pub(crate) fn stale_token(&self) {
        self.access.stale.store(true, Ordering::Relaxed);
    }

    /// How often a credential was given back.
    pub(crate) fn forgotten(&self) -> usize {
        self.access.forgotten.load(Ordering::Relaxed)
    }

    pub(crate) async fn api(&self) -> Cluster {
        let address: Address = "cluster.main".parse().unwrap();
        self.kinds.clients().cluster(&self.context, &address).await.unwrap().unwrap()
    }

    pub(crate) async fn get(&self, version: &str, kind: &str, name: &str) -> Option<Json> {
        let (namespace, name) = match name.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, name),
        };
        self.api().await.get(&ObjectRef::new(version, kind, namespace, name)).await.unwrap()
    }

    /// The names of the cluster's nodes.
    pub(crate) fn node_names(&self) -> Vec<String> {
        let nodes = self.emulated.objects().into_iter().filter(|object| object["kind"] == "Node");
        nodes.map(|node| node["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// All objects with their versions: what no write leaves as it is. Leases and events of the cluster's own life do not count.
    pub(crate) fn versions(&self) -> BTreeMap<String, String> {
        let text = |object: &Json, pointer: &str| {
            object.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        self.emulated
            .objects()
            .iter()
            .filter(|object| !matches!(text(object, "/kind").as_str(), "Event" | "Lease" | "Node"))
            .map(|object| {
                let key = ["/kind", "/metadata/namespace", "/metadata/name"]
                    .map(|pointer| text(object, pointer));
                (key.join("/"), text(object, "/metadata/resourceVersion"))
            })
            .collect()
    }

    fn output(&self, reference: &infra_plan::Reference) -> Option<Value> {
        let outside = match reference.address.as_str() {
            "cluster.main" => Some(Value::map([("id", Value::from("emulated"))])),
            address if address.starts_with("image.") => {
                Some(Value::map([("reference", Value::from("registry.example.org/team/app:v1"))]))
            }
            address if address.starts_with("registry.") => {
                Some(Value::map([("host", Value::from("registry.example.org"))]))
            }
            _ => None,
        };
        let kept = || self.kept.get(&reference.address).map(|kept| kept.outputs.clone());
        outside.or_else(kept)?.at(&reference.path).cloned()
    }

    fn subject(&self, node: &Node) -> Subject {
        let kept = self.kept.get(&node.address);
        Subject {
            address: node.address.clone(),
            id: kept.map(|kept| kept.id.clone()),
            inputs: resolve(&node.inputs, &|reference| self.output(reference)),
            prior: kept.map(|kept| kept.inputs.clone()),
        }
    }

    /// What a plan would do with a node: nothing, or a word and the changes.
    pub(crate) async fn plan(&self, node: &Node) -> Result<Planned, ProviderError> {
        let resource = self.kinds.get(&node.kind).unwrap();
        let subject = self.subject(node);
        let Some(seen) = resource.observe(&self.context, &subject).await? else {
            return Ok(Planned { action: "create", observed: None, changes: Vec::new() });
        };
        let (changes, differs) = match &seen.rows {
            Some(rows) => {
                let differing = rows.iter().filter(|row| row.action.is_some());
                let changes: Vec<Change> =
                    differing.clone().flat_map(|row| row.changes.clone()).collect();
                (changes, differing.count() > 0)
            }
            None => {
                let prior = subject.prior.as_ref();
                let changes = diff(resource.kind(), &subject.inputs, &seen.fields, prior);
                (changes.clone(), !changes.is_empty())
            }
        };
        let replace =
            seen.rows.is_none() && changes.iter().any(|change| change.effect == Effect::Replace);
        let action = match () {
            () if !self.kept.contains_key(&node.address) && !seen.ours => "foreign",
            () if replace => "replace",
            () if differs => "update",
            () if resource.kind().waits && seen.readiness != Readiness::Ready => "wait",
            () => "nothing",
        };
        Ok(Planned { action, observed: Some(seen), changes })
    }

    /// Makes the cluster as the nodes say; gives what was done, without what needed nothing.
    pub(crate) async fn up(&mut self, nodes: &[Node]) -> Result<Vec<String>, ProviderError> {
        self.order = ordered(nodes);
        let mut done = Vec::new();
        for node in self.order.clone() {
            let planned = self.plan(&node).await?;
            let resource = self.kinds.get(&node.kind).unwrap();
            let subject = self.subject(&node);
            let (id, outputs) = match planned.action {
                "nothing" => continue,
                "create" => {
                    let made = resource.create(&self.context, &subject).await?;
                    (made.id, made.outputs)
                }
                "update" => {
                    let outputs =
                        resource.update(&self.context, &subject, &planned.changes).await?;
                    (planned.observed.unwrap().id, outputs)
                }
                "wait" => (planned.observed.unwrap().id, Value::Null),
                other => {
                    let address = &node.address;
                    return Err(ProviderError::new(
                        ErrorKind::Conflict,
                        "plan",
                        format!("{other} {address}"),
                    ));
                }
            };
            done.push(format!("{} {}", planned.action, node.address));
            let mut kept = Kept { id, inputs: subject.inputs.clone(), outputs };
            self.kept.insert(node.address.clone(), kept.clone());
            if resource.kind().waits {
                let subject = Subject { id: Some(kept.id.clone()), ..subject };
                kept.outputs = resource.wait(&self.context, &subject, Goal::Ready).await?;
                self.kept.insert(node.address.clone(), kept);
            }
        }
        Ok(done)
    }

    /// Takes everything down, in reverse.
    pub(crate) async fn down(&mut self) -> Result<(), ProviderError> {
        for node in self.order.clone().into_iter().rev() {
            let Some(kept) = self.kept.remove(&node.address) else { continue };
            let subject = Subject {
                address: node.address.clone(),
                id: Some(kept.id),
                inputs: kept.inputs.clone(),
                prior: Some(kept.inputs),
            };
            let resource = self.kinds.get(&node.kind).unwrap();
            resource.delete(&self.context, &subject).await?;
            resource.wait(&self.context, &subject, Goal::Gone).await?;
        }
        Ok(())
    }
}

pub(crate) struct Planned {
    pub(crate) action: &'static str,
    pub(crate) observed: Option<Observed>,
    pub(crate) changes: Vec<Change>,
}

/// The nodes, each after what it needs; what is outside of the cluster is left out.
fn ordered(nodes: &[Node]) -> Vec<Node> {
    let mut all = nodes.to_vec();
    let mut outside: Vec<Address> = nodes
        .iter()
        .flat_map(Node::dependencies)
        .filter(|address| !nodes.iter().any(|node| node.address == *address))
        .collect();
    outside.sort();
    outside.dedup();
    all.extend(outside.into_iter().map(|address| Node::new(address, "outside", "x", Value::Null)));
    let graph = Graph::new(all).unwrap();
    graph.nodes().filter(|node| node.kind != "outside").cloned().collect()
}

/// A file of the user with the manifests beside it, in memory.
pub(crate) struct Folder {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Folder {
    pub(crate) fn new(infra: &str, files: &[(&str, &str)]) -> Self {
        let mut all = BTreeMap::from([(PathBuf::from("infra.yaml"), infra.as_bytes().to_vec())]);
        for (path, text) in files {
            all.insert(PathBuf::from(path), text.as_bytes().to_vec());
        }
        Self { files: all }
    }

    pub(crate) fn nodes(&self) -> Result<Vec<Node>, Vec<Diagnostic>> {
        let spec = spec("infra.yaml", &self.files[Path::new("infra.yaml")]);
        expand(&ExpandRequest { spec: &spec, files: &self.files, cloud_nodes: &[] })
    }
}

/// Stands before a stack item.
pub(crate) const HEAD: &str = "apiVersion: infra/v1
name: test
providers: { digitalocean: { region: ams3 } }
cluster: { pools: [{ name: default, count: 3, size: { cpus: 4, memory: 8GiB } }] }
";

/// A file with one item named `shop`, whose manifests are `shop.yaml.tera`; `more` are further keys of the item.
pub(crate) fn shop(more: &str, manifests: &str) -> Vec<Node> {
    let infra = format!("{HEAD}stack:\n  - name: shop\n    manifests: shop.yaml.tera\n{more}");
    Folder::new(&infra, &[("shop.yaml.tera", manifests)]).nodes().unwrap()
}

pub(crate) fn spec(path: &str, content: &[u8]) -> Spec {
    let environment: BTreeMap<String, String> = BTreeMap::new();
    let files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    let options = LoadOptions { rehearse: true, ..LoadOptions::new(&environment, &files) };
    match load(&Sources::single(path, content), &options) {
        Ok(loaded) => loaded.spec,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// The nodes of an example, by its folder.
pub(crate) fn example(name: &str) -> Vec<Node> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let path = root.join("infra.yaml");
    let spec = spec(&path.display().to_string(), &infra_bootstrap::DiskFiles.read(&path).unwrap());
    let files = infra_bootstrap::DiskFiles;
    expand(&ExpandRequest { spec: &spec, files: &files, cloud_nodes: &[] }).unwrap()
}
