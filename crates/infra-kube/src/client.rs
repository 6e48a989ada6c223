//! [`Clients`]: one connection per cluster, shared by all that a run does there. [`Cluster`]: a cluster as one operation sees it.
//!
//! Credentials are asked for again before they expire, and once after the API has refused them. HTTP/1.1 needs a connection per
//! request in flight, so those are bounded; watches and logs come on top, one per kind that is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use futures::future::BoxFuture;
use infra_clock::wall_now;
use infra_plan::Address;
use infra_provider::{
    AccessError, AccessSource, ClusterAccess, Context, Credential, ErrorKind, ProviderError,
    RegistryLogin,
};
use serde_json::json;
use tokio::sync::{Mutex, RwLock, Semaphore};

use crate::kinds::{self, Resource};
use crate::{Json, ObjectRef};

/// How many requests to one cluster may be in flight.
const IN_FLIGHT: usize = 8;
/// How long before its expiry a credential is replaced.
const MARGIN: Duration = Duration::from_secs(60);

/// The connections of one run, by cluster.
#[derive(Default)]
pub struct Clients {
    open: Mutex<BTreeMap<Address, Arc<Connection>>>,
    pub(crate) requests: AtomicU64,
}

/// Kinds by apiVersion, as the API told.
type Discovered = BTreeMap<String, Vec<(String, Resource)>>;

pub(crate) struct Connection {
    pub(crate) client: kube::Client,
    server: String,
    expires: Option<SystemTime>,
    pub(crate) in_flight: Arc<Semaphore>,
    discovered: Arc<RwLock<Discovered>>,
}

/// A cluster as one operation sees it: its API, with the operation's clock, cancellation and progress.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) clients: Arc<Clients>,
    pub(crate) context: Context,
    address: Address,
}

impl Clients {
    /// No connections yet.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// How many requests were made so far, repetitions and watches included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The cluster at `address`; `None` if there is none (yet).
    ///
    /// # Errors
    /// When the provider gives no access, or what it gives is malformed.
    pub async fn cluster(
        self: &Arc<Self>,
        context: &Context,
        address: &Address,
    ) -> Result<Option<Cluster>, ProviderError> {
        let cluster = Cluster {
            clients: Arc::clone(self),
            context: context.clone(),
            address: address.clone(),
        };
        Ok(cluster.try_connection().await?.map(|_| cluster))
    }
}

impl Cluster {
    /// A cluster by its access alone, which no provider is asked for.
    pub(crate) fn through(context: &Context, access: &ClusterAccess) -> Self {
        let address = access.cluster.clone();
        let source = Arc::new(Given(access.clone()));
        Self {
            clients: Clients::new(),
            context: Context { access: source, ..context.clone() },
            address,
        }
    }

    /// The address of its node in the graph.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What it is called with: clock, progress, cancellation.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The connection; an error if there is no cluster.
    pub(crate) async fn connection(&self) -> Result<Arc<Connection>, ProviderError> {
        self.try_connection().await?.ok_or_else(|| {
            ProviderError::new(
                ErrorKind::NotFound,
                format!("connect to {}", self.address),
                "the cluster does not exist",
            )
        })
    }

    async fn try_connection(&self) -> Result<Option<Arc<Connection>>, ProviderError> {
        let mut open = self.clients.open.lock().await;
        let before = open.get(&self.address).cloned();
        let fresh = |connection: &Arc<Connection>| {
            connection.expires.is_none_or(|expires| wall_now() + MARGIN < expires)
        };
        if let Some(connection) = before.as_ref().filter(|connection| fresh(connection)) {
            return Ok(Some(Arc::clone(connection)));
        }
        let access = match self.context.access.access(&self.address).await {
            Ok(access) => access,
            Err(AccessError::Absent) => {
                open.remove(&self.address);
                return Ok(None);
            }
            Err(AccessError::Provider(error)) => return Err(error),
        };
        let connection = Arc::new(connect(&access, before.as_deref()).await?);
        open.insert(self.address.clone(), Arc::clone(&connection));
        Ok(Some(connection))
    }

    /// Drops a connection whose credential the API refused, so that the next request gets a new one.
    pub(crate) async fn refused(&self, connection: &Arc<Connection>) {
        let mut open = self.clients.open.lock().await;
        if open.get(&self.address).is_some_and(|current| Arc::ptr_eq(current, connection)) {
            open.remove(&self.address);
            self.context.access.forget(&self.address);
        }
    }

    /// Where the objects of a kind are: from the table of built-in kinds, else from the API.
    ///
    /// # Errors
    /// When the API does not know the kind.
    pub async fn resource(&self, object: &ObjectRef) -> Result<Resource, crate::Failure> {
        if let Some(resource) = kinds::builtin(object) {
            return Ok(resource);
        }
        let connection = self.connection().await?;
        let find = |kinds: &[(String, Resource)]| {
            kinds
                .iter()
                .find(|(kind, _)| *kind == object.kind)
                .map(|(_, resource)| resource.clone())
        };
        if let Some(known) = connection.discovered.read().await.get(&object.api_version)
            && let Some(resource) = find(known)
        {
            return Ok(resource);
        }
        let listed = self.discover(&object.api_version).await?;
        let found = find(&listed);
        connection.discovered.write().await.insert(object.api_version.clone(), listed);
        found.ok_or_else(|| unknown_kind(object))
    }

    async fn discover(&self, version: &str) -> Result<Vec<(String, Resource)>, crate::Failure> {
        let root = if version.contains('/') { "/apis" } else { "/api" };
        let list = self.get_path(&format!("{root}/{version}"), "list the kinds of the API").await?;
        let resources = list.get("resources").and_then(Json::as_array);
        let told = resources.into_iter().flatten().filter_map(|entry| {
            let plural = entry.get("name")?.as_str().filter(|name| !name.contains('/'))?;
            let resource = Resource {
                api_version: version.to_owned(),
                plural: plural.to_owned(),
                namespaced: entry.get("namespaced")?.as_bool()?,
            };
            Some((entry.get("kind")?.as_str()?.to_owned(), resource))
        });
        Ok(told.collect())
    }
}

/// Gives the one access that it has, however often the API refuses it.
struct Given(ClusterAccess);

impl AccessSource for Given {
    fn access<'run>(
        &'run self,
        _cluster: &'run Address,
    ) -> BoxFuture<'run, Result<ClusterAccess, AccessError>> {
        Box::pin(async { Ok(self.0.clone()) })
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

fn unknown_kind(object: &ObjectRef) -> crate::Failure {
    let message = format!(
        "the server could not find the requested resource: it knows no `{}` in `{}`",
        object.kind, object.api_version
    );
    let mut failure = crate::Failure::unreachable(&format!("look up {object}"), message);
    failure.code = 404;
    failure
}

async fn connect(
    access: &ClusterAccess,
    before: Option<&Connection>,
) -> Result<Connection, ProviderError> {
    let failed = |message: &str| {
        ProviderError::new(
            ErrorKind::Unexpected,
            format!("connect to {}", access.cluster),
            message.to_owned(),
        )
    };
    let hidden = "its credential is sealed; the key of the state is missing";
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let user = match &access.credential {
        Credential::Token(token) => {
            json!({ "token": token.expose().ok_or_else(|| failed(hidden))? })
        }
        Credential::Certificate { certificate, key } => json!({
            "client-certificate-data": encode(certificate),
            "client-key-data": encode(key.expose().ok_or_else(|| failed(hidden))?),
        }),
    };
    let malformed = "the access to it is malformed";
    let server = access.server.parse().map_err(|error| failed(malformed).source(error))?;
    // Not by way of a kubeconfig: that would read proxies and overrides from the environment.
    let mut config = kube::Config::new(server);
    config.auth_info =
        serde_json::from_value(user).map_err(|error| failed(malformed).source(error))?;
    if let Some(authority) = &access.certificate_authority {
        config.root_cert = Some(certificates(authority).ok_or_else(|| failed(malformed))?);
    }
    config.tls_server_name.clone_from(&access.server_name);
    config.default_retry = false;
    let client = kube::Client::try_from(config).map_err(|error| failed(malformed).source(error))?;
    let kept = before.filter(|before| before.server == access.server);
    Ok(Connection {
        client,
        server: access.server.clone(),
        expires: access.expires,
        in_flight: kept.map_or_else(
            || Arc::new(Semaphore::new(IN_FLIGHT)),
            |kept| Arc::clone(&kept.in_flight),
        ),
        discovered: kept.map_or_else(Arc::default, |kept| Arc::clone(&kept.discovered)),
    })
}

/// The certificates of a PEM text, as DER (RFC 7468).
fn certificates(pem: &str) -> Option<Vec<Vec<u8>>> {
    let blocks = pem.split("-----BEGIN CERTIFICATE-----").skip(1);
    let decoded = blocks.map(|block| {
        let (body, _) = block.split_once("-----END CERTIFICATE-----")?;
        let body: String = body.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(body).ok()
    });
    decoded.collect::<Option<Vec<_>>>().filter(|found| !found.is_empty())
}
