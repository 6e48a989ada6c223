//! Serves one emulated cluster until it is interrupted:
//! `serve_cluster DIRECTORY [--nodes N] [--controllers none] [--speed X] [--port P]`.

use std::path::PathBuf;
use std::sync::Arc;

use infra_clock::WorldClock;
use infra_emulator::kubernetes::{ApiFaults, Cluster, ClusterOptions, NodeOptions, PodBehaviour};
use infra_emulator::surroundings::NoCloud;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async { tokio::spawn(serve()).await? })
}

async fn serve() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).collect::<Vec<_>>().into_iter();
    let directory = PathBuf::from(arguments.next().ok_or("say which directory to use")?);
    let (mut nodes, mut controllers, mut speed, mut port) = (3_u8, true, 1.0, None);
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match flag.as_str() {
            "--nodes" => nodes = value.parse()?,
            "--controllers" => controllers = value != "none",
            "--speed" => speed = value.parse()?,
            "--port" => port = Some(value.parse()?),
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let cluster = Cluster::start(ClusterOptions {
        name: "emulated".into(),
        id: "emulated".into(),
        directory: directory.clone(),
        clock: WorldClock::scaled(speed, std::time::Duration::ZERO),
        surroundings: Arc::new(NoCloud),
        version: "1.36.2".into(),
        controllers,
        admin_token: None,
        port,
        nodes: (1..=nodes).map(node).collect(),
        pods: PodBehaviour::default(),
        faults: ApiFaults::default(),
    })
    .await?;
    let kubeconfig = directory.join("kubeconfig");
    std::fs::write(&kubeconfig, cluster.kubeconfig())?;
    let ready = serde_json::json!({"server": cluster.server_url(), "kubeconfig": kubeconfig});
    println!("{ready}");
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    cluster.stop().await;
    Ok(())
}

fn node(number: u8) -> NodeOptions {
    NodeOptions {
        name: format!("node-{number}"),
        cpu_millis: 4000,
        memory_bytes: 8 << 30,
        pool: "default".into(),
        internal_ip: format!("10.0.0.{number}"),
        ..NodeOptions::default()
    }
}
