//! [`Emulator`]: a world that is served.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use infra_clock::WorldClock;
use serde::{Deserialize, Serialize};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::fault_script::FaultScript;
use super::front::{Front, listen};
use super::journal::{Journal, RequestRecord};
use super::{EmulatorError, Faults, World, lone_cluster};
use crate::digitalocean::{DigitalOcean, Server};
use crate::kubernetes::Cluster;
use crate::registry::{HOST, RegistryService, Store};

/// How a world is served.
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// The world directory; made if it is not there.
    pub world: PathBuf,
    /// The clock; best begun at [`World::elapsed`].
    pub clock: WorldClock,
    /// Seed of a new world; a known world keeps its own.
    pub seed: u64,
    /// What shall go wrong.
    pub faults: FaultScript,
    /// Which emulators.
    pub only: ServeOnly,
    /// Where they listen.
    pub ports: Ports,
    /// Nodes of a cluster of nobody that is there already, beside the cloud; none if 0. A world that has one keeps it.
    pub standing_nodes: u32,
}

impl EmulatorOptions {
    /// All emulators of a world on free ports, without faults.
    pub fn new(world: impl Into<PathBuf>, clock: WorldClock) -> Self {
        Self {
            world: world.into(),
            clock,
            seed: 1,
            faults: FaultScript::default(),
            only: ServeOnly::Everything,
            ports: Ports::default(),
            standing_nodes: 0,
        }
    }
}

/// Which emulators are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServeOnly {
    /// DigitalOcean with its registry and its clusters.
    Everything,
    /// One Kubernetes cluster without a cloud.
    Kubernetes {
        /// How many nodes it has.
        nodes: u32,
        /// Whether controllers, scheduler and kubelets run.
        controllers: bool,
    },
}

/// Ports on 127.0.0.1; the last one, or any, where none is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// Of the DigitalOcean API.
    pub digitalocean: Option<u16>,
    /// Of the registry.
    pub registry: Option<u16>,
    /// Of a lone Kubernetes cluster.
    pub kubernetes: Option<u16>,
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The DigitalOcean API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digitalocean: Option<ApiEndpoint>,
    /// The registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryEndpoint>,
    /// The clusters that run.
    pub kubernetes: Vec<ClusterEndpoint>,
}

/// An HTTP API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiEndpoint {
    /// Base address.
    pub url: String,
    /// Bearer token.
    pub token: String,
}

/// The registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryEndpoint {
    /// `127.0.0.1:PORT`, plain HTTP.
    pub host: String,
    /// The host that image references of pods name.
    pub stands_for: String,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterEndpoint {
    /// Its name.
    pub name: String,
    /// Its id in the cloud.
    pub id: String,
    /// `https://127.0.0.1:PORT`.
    pub server: String,
    /// A kubeconfig for its administrator.
    pub kubeconfig: PathBuf,
}

/// How long a world may stay in use by a process that is ending, and how often that is looked at, in wall time.
const ENDING: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(20);

/// Opens the world; a process that was killed a moment ago may still hold it.
async fn open(options: &EmulatorOptions) -> Result<World, EmulatorError> {
    let begun = Instant::now();
    loop {
        match World::open(&options.world, options.seed, options.clock.clone()) {
            Err(EmulatorError::InUse { .. }) if begun.elapsed() < ENDING => {
                tokio::time::sleep(LOOK).await;
            }
            other => return other,
        }
    }
}

/// A world that is served, until it is stopped.
pub struct Emulator {
    front: Front,
    cloud: Option<Arc<DigitalOcean>>,
    lone: Option<Cluster>,
    endpoints: Endpoints,
    /// Stops what runs if the emulator is dropped without being stopped.
    _running: DropGuard,
}

impl Emulator {
    /// Opens the world and serves it.
    ///
    /// # Errors
    /// [`EmulatorError`] when the world cannot be opened, is in use, or a port is taken.
    pub async fn start(options: EmulatorOptions) -> Result<Self, EmulatorError> {
        let world = Arc::new(open(&options).await?);
        let faults = Arc::new(Faults::new(options.faults, world.directory().to_owned()));
        let journal = Arc::new(Journal::open(world.directory())?);
        let front = Front {
            world,
            faults,
            journal,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        match options.only {
            ServeOnly::Everything => {
                let mut whole = Self::everything(front, options.ports).await?;
                whole.stand(options.standing_nodes, options.ports.kubernetes).await?;
                Ok(whole)
            }
            ServeOnly::Kubernetes { nodes, controllers } => {
                Self::kubernetes(front, nodes, controllers, options.ports.kubernetes).await
            }
        }
    }

    async fn everything(front: Front, ports: Ports) -> Result<Self, EmulatorError> {
        let root = front.world.directory().join("registry");
        let store = Store::open(root.clone()).map_err(|source| EmulatorError::File {
            doing: "create",
            path: root,
            source,
        })?;
        let images = Arc::new(store);
        let cloud = DigitalOcean::open(&front, &images)?;
        let server = Arc::new(Server(Arc::clone(&cloud)));
        let api = listen(front.clone(), server, ports.digitalocean).await?;
        let registry = RegistryService::new(images, cloud.tokens(), Arc::clone(&cloud) as Arc<_>);
        let registry = listen(front.clone(), Arc::new(registry), ports.registry).await?;
        let url = format!("http://{api}");
        cloud.listens_at(&url, &registry.to_string());
        cloud.resume().await;
        front.tasks.spawn(Arc::clone(&cloud).live(front.stop.clone()));
        let endpoints = Endpoints {
            digitalocean: Some(ApiEndpoint { url, token: cloud.token() }),
            registry: Some(RegistryEndpoint {
                host: registry.to_string(),
                stands_for: HOST.to_owned(),
            }),
            kubernetes: Vec::new(),
        };
        let _running = front.stop.clone().drop_guard();
        Ok(Self { front, cloud: Some(cloud), lone: None, endpoints, _running })
    }

    /// Serves a cluster of nobody beside the cloud, if one is asked for or the world has one.
    async fn stand(&mut self, nodes: u32, port: Option<u16>) -> Result<(), EmulatorError> {
        if nodes == 0 && !lone_cluster::exists(&self.front) {
            return Ok(());
        }
        let (lone, endpoint) = lone_cluster::start(&self.front, nodes, true, port).await?;
        self.lone = Some(lone);
        self.endpoints.kubernetes.push(endpoint);
        Ok(())
    }

    async fn kubernetes(
        front: Front,
        nodes: u32,
        controllers: bool,
        port: Option<u16>,
    ) -> Result<Self, EmulatorError> {
        let (lone, endpoint) = lone_cluster::start(&front, nodes, controllers, port).await?;
        let kubernetes = vec![endpoint];
        let endpoints = Endpoints { digitalocean: None, registry: None, kubernetes };
        let _running = front.stop.clone().drop_guard();
        Ok(Self { front, cloud: None, lone: Some(lone), endpoints, _running })
    }

    /// Where everything is now; clusters come and go.
    pub fn endpoints(&self) -> Endpoints {
        let reachable = self.cloud.as_ref().map_or_else(BTreeMap::new, |cloud| cloud.reachable());
        let mut endpoints = self.endpoints.clone();
        endpoints.kubernetes.extend(reachable.into_iter().map(
            |(id, (name, server, kubeconfig))| ClusterEndpoint { name, id, server, kubeconfig },
        ));
        endpoints
    }

    /// The world that is served.
    pub fn world(&self) -> &World {
        &self.front.world
    }

    /// The requests since the world was opened.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.front.journal.records()
    }

    /// Lets go the answers that a fault rule holds under this name.
    pub fn release(&self, name: &str) {
        self.front.faults.let_go(name);
    }

    /// Stops serving. The world stays in its directory.
    ///
    /// # Errors
    /// [`EmulatorError::File`] when the age of the world cannot be written down.
    pub async fn stop(self) -> Result<(), EmulatorError> {
        self.front.stop.cancel();
        self.front.tasks.close();
        self.front.tasks.wait().await;
        if let Some(cloud) = &self.cloud {
            cloud.stop().await;
        }
        if let Some(lone) = self.lone {
            lone.stop().await;
        }
        let saved = self.front.world.save_age();
        self.front.world.close();
        saved
    }
}
