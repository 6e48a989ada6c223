//! [`Cluster`]: one emulated cluster, served on loopback and kept in a directory.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use axum::body::Body;
use http::{Request, Response};
use infra_clock::WorldClock;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::api::Api;
use super::behaviour::PodBehaviour;
use super::client::Client;
use super::error::EmulatorError;
use super::faults::ApiFaults;
use super::http::{Handler, Listening, serve};
use super::nodes::{self, NodeOptions};
use super::security::{Authority, Identity, ServiceAccountTokens, Tokens, files};
use super::store::Store;
use super::{bootstrap, handlers};
use crate::kubernetes::controllers::{self, Running};
use crate::kubernetes::machinery::prepare::DeleteOptions;
use crate::kubernetes::machinery::status::Status;
use crate::surroundings::Surroundings;

/// How a cluster is started.
pub struct ClusterOptions {
    /// Name, for people and for the kubeconfig.
    pub name: String,
    /// The cluster's id in the cloud.
    pub id: String,
    /// Where its objects and secrets are kept; made if it is not there.
    pub directory: PathBuf,
    /// The world's clock.
    pub clock: WorldClock,
    /// The world around.
    pub surroundings: Arc<dyn Surroundings>,
    /// Version of Kubernetes such as `1.36.2`.
    pub version: String,
    /// Whether controllers, scheduler and kubelets run; without them it is an API server alone.
    pub controllers: bool,
    /// The administrator's token; drawn once and kept if none is given.
    pub admin_token: Option<String>,
    /// Port on 127.0.0.1; any free one if none is given.
    pub port: Option<u16>,
    /// Nodes to begin with; those that exist already are left as they are.
    pub nodes: Vec<NodeOptions>,
    /// What pods do.
    pub pods: PodBehaviour,
    /// What goes wrong in the API server.
    pub faults: ApiFaults,
}

/// An answer on its way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Stands before the handlers: gets each request of a client, and what would answer it.
pub(crate) type Interceptor = Box<
    dyn Fn(Request<Body>, Box<dyn FnOnce(Request<Body>) -> Answering + Send>) -> Answering
        + Send
        + Sync,
>;

/// A running cluster.
pub struct Cluster {
    name: String,
    api: Arc<Api>,
    authority: Authority,
    admin_token: String,
    listening: Listening,
    interceptor: Arc<OnceLock<Interceptor>>,
    stop: CancellationToken,
    running: Option<Running>,
}

impl Cluster {
    /// Starts a cluster, going on with what its directory holds.
    ///
    /// # Errors
    /// When the directory cannot be used, the port is taken or a certificate cannot be made.
    pub async fn start(options: ClusterOptions) -> Result<Self, EmulatorError> {
        let directory = options.directory;
        make_private_directory(&directory)?;
        let authority = Authority::open(&directory, &options.name)?;
        let tokens = Tokens::open(&directory)?;
        let account_tokens = ServiceAccountTokens::open(&directory)?;
        let store = Store::open(&directory)?;
        let admin_token = admin_token(&directory, options.admin_token)?;
        let admin = Identity::new("kubernetes-admin", ["system:masters".to_owned()]);
        tokens.add(&admin_token, admin, None)?;
        let api = Arc::new(Api::new(
            store,
            options.clock,
            options.version,
            tokens,
            account_tokens,
            options.faults,
            options.pods,
        ));
        let names = [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
            "10.96.0.1",
        ];
        let tls = authority.server_config(&names.map(str::to_owned))?;
        let stop = CancellationToken::new();
        let interceptor: Arc<OnceLock<Interceptor>> = Arc::default();
        let handler = handler(&api, &interceptor);
        let listening = serve(options.port.unwrap_or(0), tls, handler, stop.clone()).await?;
        let client = Client::new(api.clone(), "kube-apiserver");
        let mut classes = Vec::new();
        if options.controllers {
            classes = options.surroundings.storage_classes();
            if classes.is_empty() {
                classes.push(bootstrap::default_storage_class());
            }
        }
        bootstrap::prepare(&client, listening.address.port(), classes).await?;
        let cluster = Self {
            name: options.name,
            api: api.clone(),
            authority,
            admin_token,
            listening,
            interceptor,
            stop: stop.clone(),
            running: None,
        };
        for node in options.nodes {
            cluster.add_node(node).await?;
        }
        let world = controllers::World {
            cluster_id: options.id,
            surroundings: options.surroundings,
            authority_pem: cluster.authority.pem().to_owned(),
        };
        let running = options.controllers.then(|| controllers::start(&api, world, &stop));
        Ok(Self { running, ..cluster })
    }

    /// Where the API is served.
    pub fn server_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.listening.address.port())
    }

    /// The certificate authority, as PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// The administrator's token.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// A kubeconfig for the administrator.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig_with(&self.admin_token)
    }

    /// A kubeconfig for whoever holds a token.
    pub fn kubeconfig_with(&self, token: &str) -> String {
        use base64::Engine;
        let authority = base64::engine::general_purpose::STANDARD.encode(self.ca_pem());
        let (name, user) = (self.name.as_str(), format!("{}-admin", self.name));
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {
                "server": self.server_url(),
                "certificate-authority-data": authority,
            }}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
        });
        serde_saphyr::to_string(&config).unwrap_or_else(|_| config.to_string())
    }

    /// A client certificate and its key as PEM.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn client_certificate(
        &self,
        user: &str,
        groups: &[&str],
    ) -> Result<(String, String), EmulatorError> {
        self.authority.client_certificate(user, groups, 365)
    }

    /// Accepts a token for a user from now on, until it expires.
    ///
    /// # Errors
    /// When the tokens cannot be kept.
    pub fn add_token(
        &self,
        token: &str,
        user: &str,
        groups: &[&str],
        expires: Option<SystemTime>,
    ) -> Result<(), EmulatorError> {
        let groups = groups.iter().map(|group| (*group).to_owned());
        self.api.tokens.add(token, Identity::new(user, groups), expires)
    }

    /// Refuses a token from now on; true if it was known.
    ///
    /// # Errors
    /// When the tokens cannot be kept.
    pub fn revoke_token(&self, token: &str) -> Result<bool, EmulatorError> {
        self.api.tokens.revoke(token)
    }

    /// Adds a node, ready at once; one that exists is left as it is.
    ///
    /// # Errors
    /// When its object is refused.
    pub async fn add_node(&self, node: NodeOptions) -> Result<(), EmulatorError> {
        let client = Client::new(self.api.clone(), "emulated-node");
        if client.get("nodes", "", &node.name).is_some() {
            return Ok(());
        }
        let failed = |status: Status| {
            EmulatorError::Prepare(format!("node {}: {}", node.name, status.message))
        };
        client.create("nodes", node.object()).await.map_err(failed)?;
        let status = node.status(&self.api.version);
        client
            .modify("nodes", "status", ("", &node.name), |object| object["status"] = status.clone())
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// Removes a node; its pods are lost with it.
    ///
    /// # Errors
    /// When there is no such node.
    pub async fn remove_node(&self, name: &str) -> Result<(), EmulatorError> {
        let client = Client::new(self.api.clone(), "emulated-node");
        if client.get("nodes", "", name).is_none() {
            return Err(EmulatorError::NoSuchNode(name.to_owned()));
        }
        client
            .delete("nodes", ("", name), &DeleteOptions::default())
            .await
            .map_err(|status| EmulatorError::Prepare(format!("node {name}: {}", status.message)))
    }

    /// Makes a node ready or lets it fall silent, as a broken machine does.
    ///
    /// # Errors
    /// When there is no such node.
    pub async fn set_node_ready(&self, name: &str, ready: bool) -> Result<(), EmulatorError> {
        let client = Client::new(self.api.clone(), "emulated-node");
        let changed = client
            .modify("nodes", "status", ("", name), |node| {
                node["status"]["conditions"] = nodes::conditions(ready);
            })
            .await
            .map_err(|status| EmulatorError::Prepare(format!("node {name}: {}", status.message)))?;
        changed.map(|_| ()).ok_or_else(|| EmulatorError::NoSuchNode(name.to_owned()))
    }

    /// Leads requests of clients through an interceptor from now on; the first one stays.
    pub(crate) fn intercept(&self, interceptor: Interceptor) {
        let _ = self.interceptor.set(interceptor);
    }

    /// Access for a component of the cloud.
    pub(crate) fn client(&self, component: &'static str) -> Client {
        Client::new(self.api.clone(), component)
    }

    /// All objects, by resource, namespace and name.
    pub fn objects(&self) -> Vec<Arc<Value>> {
        let resources = self.api.store.resources();
        resources.iter().flat_map(|(resource, _)| self.api.store.list(resource, None).0).collect()
    }

    /// What goes wrong in the API server; can be changed while it runs.
    pub fn faults(&self) -> &ApiFaults {
        &self.api.faults
    }

    /// Forgets past changes, so that every watch that resumes from the past is told that it expired.
    pub fn forget_history(&self) {
        self.api.store.forget_history();
    }

    /// Stops serving; the directory keeps the cluster.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Some(running) = self.running {
            running.stopped().await;
        }
        self.listening.closed().await;
    }
}

/// Answers requests, by way of the interceptor if there is one.
fn handler(api: &Arc<Api>, interceptor: &Arc<OnceLock<Interceptor>>) -> Handler {
    let (api, interceptor) = (api.clone(), interceptor.clone());
    Arc::new(move |request, peer| {
        let api = api.clone();
        let next = move |request| -> Answering { Box::pin(handlers::handle(api, request, peer)) };
        match interceptor.get() {
            Some(intercept) => intercept(request, Box::new(next)),
            None => next(request),
        }
    })
}

fn make_private_directory(path: &PathBuf) -> Result<(), EmulatorError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| EmulatorError::File {
        action: "make",
        path: path.clone(),
        source,
    })
}

/// The given token, or the one that was drawn when the cluster began.
fn admin_token(
    directory: &std::path::Path,
    given: Option<String>,
) -> Result<String, EmulatorError> {
    if let Some(token) = given {
        return Ok(token);
    }
    let path = directory.join("admin-token");
    let file_error = |action, source| EmulatorError::File { action, path: path.clone(), source };
    if let Some(token) = files::read_if_there(&path).map_err(|error| file_error("read", error))? {
        return Ok(String::from_utf8_lossy(&token).trim().to_owned());
    }
    let token = hex::encode(rand::random::<[u8; 24]>());
    files::write_private(&path, token.as_bytes()).map_err(|error| file_error("write", error))?;
    Ok(token)
}
