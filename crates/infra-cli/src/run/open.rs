//! [`Deployment`]: the file, the state, the providers and the clock of one command.

use std::path::PathBuf;
use std::sync::Arc;

use infra_clock::WorldClock;
use infra_engine::{
    DeploymentState, Fleet, Knowledge, RunAccess, SharedKnowledge, StateLedger, StateSession,
    settle, unseal_knowledge,
};
use infra_event::{Diagnostic, ExitCode};
use infra_plan::Marker;
use infra_provider::{Context, Progress};
use infra_spec::model::StateBackend;
use infra_state::{DirectoryStore, Holder, KeySettings, State, StateOptions};
use tokio_util::sync::CancellationToken;

use super::rehearsal::{self, Rehearsal};
use crate::arguments::Global;
use crate::fleet;
use crate::output::{Outcome, Told, say};
use crate::project::Project;

/// Everything that a command about a deployment works with.
pub(crate) struct Deployment {
    pub(crate) global: Global,
    pub(crate) project: Project,
    pub(crate) state: DeploymentState,
    pub(crate) fleet: Fleet,
    pub(crate) context: Context,
    pub(crate) knowledge: SharedKnowledge,
    rehearsal: Option<Rehearsal>,
}

/// Runs a command's work on a runtime of its own. On a worker, because a rehearsal's clock watches the workers.
pub(crate) fn block_on<T: Send + 'static>(
    work: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| crate::output::refused("cannot start", &error))?;
    let crashed = |error: tokio::task::JoinError| {
        Diagnostic::error("crashed", format!("the command stopped: {error}"))
            .set("this is a fault of the program; the state is kept, and the same command goes on")
    };
    let outcome = runtime.block_on(async { tokio::spawn(work).await.map_err(crashed) });
    runtime.shutdown_background();
    outcome?
}

impl Deployment {
    /// Opens the deployment of the file: state, providers, and in a rehearsal the emulated clouds.
    pub(crate) async fn open(global: &Global) -> Outcome<Self> {
        // Two back ends may be linked in; without a choice, rustls refuses to choose. A second call changes nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        if global.faults.is_some() && !global.rehearse {
            let problem = Diagnostic::error(
                "arguments",
                "--faults scripts emulated clouds, and these are real",
            )
            .set("add --rehearse, or leave --faults out")
            .exit(ExitCode::Invalid);
            return Err(problem.into());
        }
        let project = Project::load(global)?;
        for warning in &project.loaded.warnings {
            crate::output::print_problems(&[Diagnostic::from(warning)]);
        }
        let rehearsal = if global.rehearse {
            let standing = fleet::uses(project.spec(), infra_existing::TYPE);
            Some(rehearsal::start(&project.world(), global.faults.as_deref(), standing).await?)
        } else {
            None
        };
        let clock =
            rehearsal.as_ref().map_or_else(world_clock, |rehearsal| rehearsal.clock.clone());
        let state = open_state(&project, &clock).await?;
        let fleet = fleet::connect(
            project.spec(),
            rehearsal.as_ref().map(|rehearsal| &rehearsal.emulated),
        )?;
        let knowledge = SharedKnowledge::new(read_knowledge(&state).await?);
        let deployment = Marker {
            name: project.spec().name.clone(),
            deployment: state.head().deployment_id.clone(),
        };
        let cancel = CancellationToken::new();
        let access = RunAccess::new(
            fleet.clone(),
            knowledge.clone(),
            clock.clone(),
            cancel.clone(),
            deployment.clone(),
        );
        let context = Context {
            clock,
            progress: Progress::default(),
            cancel,
            deployment,
            access: access.source(),
        };
        Ok(Self { global: global.clone(), project, state, fleet, context, knowledge, rehearsal })
    }

    /// Whether the clouds are emulated.
    pub(crate) fn rehearsed(&self) -> bool {
        self.rehearsal.is_some()
    }

    /// Locks the state for writing, and settles what a dead run left open.
    pub(crate) async fn lock(&self, command: &str) -> Outcome<Arc<StateSession>> {
        let holder = Holder::current(command);
        let session = Arc::new(self.state.lock(holder, self.global.lock_timeout).await?);
        let sealer = Arc::clone(session.sealer());
        let content =
            unseal_knowledge(&sealer, session.content()).map_err(infra_state::StateError::from)?;
        *self.knowledge.lock() = content;
        let ledger = StateLedger::new(Arc::clone(&session));
        settle(&self.fleet, &self.context, &self.knowledge, Some(&ledger))
            .await
            .map_err(|error| Told(vec![error.0]))?;
        Ok(session)
    }

    /// Settles, without keeping it, what a dead run left open: for commands that only look.
    pub(crate) async fn settle(&self) -> Outcome<()> {
        settle(&self.fleet, &self.context, &self.knowledge, None)
            .await
            .map_err(|error| Told(vec![error.0]))
    }

    /// Ends the emulated clouds, so that their world is kept.
    pub(crate) async fn close(self) {
        if let Some(rehearsal) = self.rehearsal
            && let Err(error) = rehearsal.emulator.stop().await
        {
            say(error);
        }
    }
}

/// World time as clouds have it. Tests against an emulator in another process say how fast that one runs.
fn world_clock() -> WorldClock {
    let speed = std::env::var("INFRA_WORLD_SPEED").ok().and_then(|speed| speed.parse().ok());
    speed
        .map_or_else(WorldClock::real, |speed| WorldClock::scaled(speed, std::time::Duration::ZERO))
}

async fn open_state(project: &Project, clock: &WorldClock) -> Outcome<DeploymentState> {
    if let (StateBackend::ObjectStore { url }, false) =
        (&project.spec().state.backend, project.rehearse)
    {
        let problem =
            Diagnostic::error("unsupported", format!("the state backend `{url}` is not there yet"))
                .set("use `state: { backend: local }`")
                .exit(ExitCode::Invalid);
        return Err(problem.into());
    }
    let place = project.state();
    let keys = if project.rehearse {
        // A rehearsal has a key of its own beside its state.
        KeySettings::file(project.rehearsal().join("key.txt"))
    } else {
        KeySettings::from_environment(false).map_err(infra_state::StateError::from)?
    };
    let store = Arc::new(DirectoryStore::new(&place).with_world_clock(clock.clone()));
    let options = StateOptions::new(&project.spec().name, project.rehearse, keys);
    let state = State::open(store, options).await?;
    if let Some(key) = state.created_key_file().filter(|_| !project.rehearse) {
        say(format_args!(
            "A new key seals the secrets of this state: {}\nKeep a copy of it: without it, passwords in the state are lost.",
            key.display()
        ));
    }
    Ok(state)
}

async fn read_knowledge(state: &DeploymentState) -> Outcome<Knowledge> {
    let sealer = state.sealer().await?;
    let view = state.read().await?;
    Ok(unseal_knowledge(&sealer, view.content).map_err(infra_state::StateError::from)?)
}

impl Deployment {
    /// Where the records of a rehearsal's or a real run's state are, for messages.
    pub(crate) fn place(&self) -> PathBuf {
        self.project.state()
    }
}
