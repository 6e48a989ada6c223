//! Emulated clouds: in this process for a rehearsal, or served to other programs.

use std::path::Path;

use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, ServeOnly};
use infra_event::{Diagnostic, ExitCode};

use crate::arguments::{Controllers, EmulatorArguments, Service};
use crate::fleet::Emulated;
use crate::output::{Outcome, Told, print, print_json};

/// Emulated clouds in this process, and how providers reach them.
pub(crate) struct Rehearsal {
    pub(crate) emulator: Emulator,
    pub(crate) emulated: Emulated,
    pub(crate) clock: WorldClock,
}

/// Nodes of the emulated cluster that stands for one that is there already.
const STANDING_NODES: u32 = 3;

/// Starts the emulators on a world whose time jumps; with a cluster that is there already, if the file uses one.
pub(crate) async fn start(
    world: &Path,
    faults: Option<&Path>,
    standing: bool,
) -> Outcome<Rehearsal> {
    let elapsed = infra_emulator::World::elapsed(world).map_err(told)?;
    let clock = WorldClock::jumping(elapsed);
    let mut options = EmulatorOptions::new(world, clock.clone());
    options.faults = faults
        .map(infra_emulator::FaultScript::read)
        .transpose()
        .map_err(told)?
        .unwrap_or_default();
    options.standing_nodes = if standing { STANDING_NODES } else { 0 };
    let emulator = Emulator::start(options).await.map_err(told)?;
    let endpoints = emulator.endpoints();
    // Clusters of the cloud come after it.
    let existing = endpoints
        .kubernetes
        .first()
        .filter(|_| standing)
        .map(|cluster| infra_existing::Rehearsal { kubeconfig: cluster.kubeconfig.clone() });
    let (Some(digitalocean), Some(registry)) = (endpoints.digitalocean, endpoints.registry) else {
        return Err(Diagnostic::error("emulator", "the emulator serves no cloud").into());
    };
    let emulated = Emulated {
        digitalocean: infra_digitalocean::Rehearsal {
            endpoint: digitalocean.url,
            token: digitalocean.token,
            registry_endpoint: format!("http://{}", registry.host),
        },
        existing,
    };
    Ok(Rehearsal { emulator, emulated, clock })
}

/// Serves a world to other programs until the process is told to end. Prints one JSON line when ready.
pub(crate) async fn serve_forever(
    arguments: &EmulatorArguments,
    world: &Path,
    faults: Option<&Path>,
) -> Outcome {
    let elapsed = infra_emulator::World::elapsed(world).map_err(told)?;
    let mut options = EmulatorOptions::new(world, WorldClock::scaled(arguments.speed, elapsed));
    options.faults = faults
        .map(infra_emulator::FaultScript::read)
        .transpose()
        .map_err(told)?
        .unwrap_or_default();
    options.only = match arguments.only {
        None => ServeOnly::Everything,
        Some(Service::Digitalocean) => ServeOnly::Everything,
        Some(Service::Kubernetes) => ServeOnly::Kubernetes {
            nodes: arguments.nodes,
            controllers: arguments.controllers == Controllers::All,
        },
    };
    let emulator = Emulator::start(options).await.map_err(told)?;
    print(&serde_json::to_string(&emulator.endpoints()).unwrap_or_default());
    wait_for_signal().await;
    emulator.stop().await.map_err(told)?;
    Ok(ExitCode::Done)
}

/// Lists all that exists in a world, from its files.
pub(crate) fn show_world(world: &Path) -> Outcome {
    print_json(&infra_emulator::show(world).map_err(told)?);
    Ok(ExitCode::Done)
}

async fn wait_for_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn told(error: infra_emulator::EmulatorError) -> Told {
    Diagnostic::error("emulator", error.to_string()).caused_by(&error).into()
}
