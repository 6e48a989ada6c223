//! `infra forward`: local ports that lead into pods.

use std::net::IpAddr;
use std::sync::Arc;

use infra_event::{Diagnostic, ExitCode};
use infra_kube::Cluster;
use infra_kube::pods::{best, place_of, pods};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::ports::{Forwarding, wanted};
use super::target::{Target, told};
use crate::arguments::{Format, ForwardArguments, Global};
use crate::output::{Outcome, Told, print, say};
use crate::run::Deployment;

/// How often a connection is tried with another pod, when one has gone away.
const TRIES: usize = 3;

/// Forwards until the user ends it.
pub(crate) async fn run(global: &Global, arguments: &ForwardArguments) -> Outcome {
    let deployment = Deployment::open(global).await?;
    deployment.settle().await?;
    let target = Target::find(&deployment, &arguments.target).await?;
    let forwardings = wanted(&target, &arguments.ports).await?;
    let mut listeners = Vec::new();
    for forwarding in forwardings {
        // Before anything is promised: there is a pod, and it has the port.
        choose(&target.cluster, &forwarding).await?;
        let listener = listen(arguments.address, &forwarding).await?;
        listeners.push((listener, Arc::new(forwarding)));
    }
    for (listener, forwarding) in &listeners {
        let local = listener
            .local_addr()
            .map_err(|error| crate::output::refused("the local port cannot be read", &error))?;
        match global.output {
            Format::Json => {
                let line = json!({ "event": "ready", "local": local.to_string(), "target": forwarding.title });
                print(&line.to_string());
            }
            Format::Text => print(&format!("Forwarding {local} -> {}", forwarding.title)),
        }
    }
    let mut serving = JoinSet::new();
    for (listener, forwarding) in listeners {
        serving.spawn(serve(target.cluster.clone(), listener, forwarding));
    }
    let _ = tokio::signal::ctrl_c().await;
    serving.abort_all();
    deployment.close().await;
    Ok(ExitCode::Done)
}

async fn listen(address: IpAddr, forwarding: &Forwarding) -> Outcome<TcpListener> {
    let first = TcpListener::bind((address, forwarding.local)).await;
    let error = match first {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    // Ports below 1024 are not for everybody.
    if forwarding.any_local
        && let Ok(listener) = TcpListener::bind((address, 0)).await
    {
        return Ok(listener);
    }
    let summary = format!("cannot listen on {address}:{}: {error}", forwarding.local);
    Err(Diagnostic::error("port-taken", summary)
        .set(format!(
            "choose another local port: LOCAL:PORT, or any with :PORT, for {}",
            forwarding.title
        ))
        .into())
}

async fn serve(cluster: Cluster, listener: TcpListener, forwarding: Arc<Forwarding>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        let (cluster, forwarding) = (cluster.clone(), Arc::clone(&forwarding));
        connections.spawn(async move {
            if let Err(Told(problems)) = lead(&cluster, connection, &forwarding).await {
                crate::output::print_problems(&problems);
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Leads one connection into a pod; into another one if that has gone away.
async fn lead(
    cluster: &Cluster,
    mut connection: TcpStream,
    forwarding: &Forwarding,
) -> Outcome<()> {
    let mut tries = 0;
    loop {
        let (namespace, pod, port) = choose(cluster, forwarding).await?;
        tries += 1;
        match cluster.connect_to_port(&namespace, &pod, port).await {
            Ok(mut opened) => {
                // Whoever ends the connection, it is over; that is no error.
                let _ = tokio::io::copy_bidirectional(&mut connection, &mut opened.stream).await;
                opened.end();
                return Ok(());
            }
            Err(failure) if tries < TRIES => {
                say(format_args!(
                    "{}: {pod} cannot be reached ({}); trying another pod",
                    forwarding.title, failure.message
                ));
            }
            Err(failure) => return Err(told(failure)),
        }
    }
}

/// The pod to lead to, and the number of its port.
async fn choose(cluster: &Cluster, forwarding: &Forwarding) -> Outcome<(String, String, u16)> {
    let found = pods(cluster, &forwarding.pods).await.map_err(told)?;
    let problem = |summary: String, help: &str| {
        Told::from(Diagnostic::error("no-pods", summary).set(help.to_owned()))
    };
    let pod = best(&found).ok_or_else(|| {
        let summary = format!("no pod behind {} runs", forwarding.title);
        problem(summary, "`infra status` and `infra logs` say why")
    })?;
    let (namespace, name) = place_of(pod);
    let port = forwarding.port.in_pod(pod).ok_or_else(|| {
        let summary = format!("the pod {name} has no port with the name of {}", forwarding.title);
        problem(summary, "give the container's port that name, or name the port by its number")
    })?;
    Ok((namespace.to_owned(), name.to_owned(), port))
}
