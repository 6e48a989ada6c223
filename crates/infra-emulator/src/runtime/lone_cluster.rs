//! A Kubernetes cluster that is served without a cloud.

use std::sync::Arc;

use super::emulator::ClusterEndpoint;
use super::front::Front;
use super::{EmulatorError, ports, write_private};
use crate::kubernetes::{Cluster, ClusterOptions, NodeOptions};
use crate::surroundings::NoCloud;

const NAME: &str = "kubernetes";
/// The version that the emulated API is held against.
const VERSION: &str = "1.36.1";
const NODE_CPU_MILLIS: u64 = 4000;
const NODE_MEMORY: u64 = 16 << 30;

fn node(number: u32) -> NodeOptions {
    NodeOptions {
        name: format!("node-{number}"),
        cpu_millis: NODE_CPU_MILLIS,
        memory_bytes: NODE_MEMORY,
        pool: "default".to_owned(),
        internal_ip: format!("10.0.{}.{}", number / 250, 1 + number % 250),
        ..NodeOptions::default()
    }
}

/// Whether the world has one.
pub(crate) fn exists(front: &Front) -> bool {
    front.world.directory().join("kubernetes").join(NAME).exists()
}

/// Starts it in the world's folder, on the port that is asked for or the one that it had.
pub(crate) async fn start(
    front: &Front,
    nodes: u32,
    controllers: bool,
    asked: Option<u16>,
) -> Result<(Cluster, ClusterEndpoint), EmulatorError> {
    let world = front.world.directory();
    let directory = world.join("kubernetes").join(NAME);
    let before = ports::known(world, NAME)?;
    let options = |port| ClusterOptions {
        name: NAME.to_owned(),
        id: NAME.to_owned(),
        directory: directory.clone(),
        clock: front.world.clock().clone(),
        surroundings: Arc::new(NoCloud),
        version: VERSION.to_owned(),
        controllers,
        admin_token: None,
        port,
        nodes: (1..=nodes).map(node).collect(),
        pods: front.faults.pods(),
        faults: front.faults.of_kubernetes(),
    };
    let started = match Cluster::start(options(asked.or(before))).await {
        Err(_) if asked.is_none() && before.is_some() => Cluster::start(options(None)).await,
        other => other,
    };
    let failed = |reason: String| EmulatorError::Cluster { name: NAME.to_owned(), reason };
    let cluster = started.map_err(|error| failed(error.to_string()))?;
    cluster.intercept(front.interceptor(NAME));
    let server = cluster.server_url();
    if let Some(port) = server.rsplit_once(':').and_then(|(_, port)| port.parse().ok()) {
        ports::remember(world, NAME, port)?;
    }
    let kubeconfig = directory.join("kubeconfig");
    write_private(&kubeconfig, cluster.kubeconfig().as_bytes()).map_err(|source| {
        EmulatorError::File { doing: "write", path: kubeconfig.clone(), source }
    })?;
    let (name, id) = (NAME.to_owned(), NAME.to_owned());
    Ok((cluster, ClusterEndpoint { name, id, server, kubeconfig }))
}
