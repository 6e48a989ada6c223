//! [`World`]: an emulated cloud in a temporary directory, a provider that is connected to it, and an engine to run plans with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use infra_clock::WorldClock;
use infra_emulator::runtime::Endpoints;
use infra_emulator::{Emulator, EmulatorOptions, FaultScript, RequestRecord};
use infra_engine::{
    Executor, Finished, Fleet, Knowledge, Limits, Look, MemoryLedger, RunAccess, SharedKnowledge,
    survey_world,
};
use infra_event::{Envelope, Listener, Stream};
use infra_plan::{Address, Approvals, Graph, Marker, Node, Plan, Planner, Purpose};
use infra_provider::{Context, Progress, Provider, Resource, Subject};
use infra_spec::{LoadOptions, Sources, Spec};
use tokio_util::sync::CancellationToken;

use crate::Suite;
use crate::census::Census;
use crate::failure::{Failure, Result, ensure};
use crate::proxy::{Interference, Proxy};

/// Files of a world that belong to whoever serves it.
const NOT_COPIED: [&str; 2] = ["lock", "ports.json"];

/// A world that is served by nobody, and what was known of it.
pub(crate) struct Snapshot {
    directory: tempfile::TempDir,
    pub(crate) knowledge: Knowledge,
}

/// Keeps all events.
struct Keeper(Arc<Mutex<Vec<Envelope>>>);

impl Listener for Keeper {
    fn event(&mut self, event: &Envelope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

/// How a world is opened.
#[derive(Default)]
pub(crate) struct Opening<'from> {
    /// A copy of this; an empty one if absent.
    pub(crate) from: Option<&'from Snapshot>,
    /// What goes wrong.
    pub(crate) faults: FaultScript,
    /// What a proxy does; none if absent.
    pub(crate) proxy: Option<Interference>,
}

/// A world that is served.
pub(crate) struct World {
    pub(crate) suite: Suite,
    pub(crate) emulator: Emulator,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) context: Context,
    pub(crate) knowledge: SharedKnowledge,
    pub(crate) proxy: Option<Proxy>,
    directory: tempfile::TempDir,
    fleet: Fleet,
    ledger: Arc<MemoryLedger>,
    events: Arc<Mutex<Vec<Envelope>>>,
    stream: Stream,
    secrets: Vec<String>,
}

/// Reads a file of the suite.
pub(crate) fn load(text: &str) -> Result<Spec> {
    let environment = BTreeMap::<String, String>::new();
    let files = BTreeMap::new();
    let options = LoadOptions::new(&environment, &files);
    let loaded = infra_spec::load(&Sources::single("suite.yaml", text), &options);
    loaded.map(|loaded| loaded.spec).map_err(|errors| {
        let told: Vec<_> = errors.iter().map(infra_event::Diagnostic::from).collect();
        Failure::told("read the suite's file", &told)
    })
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if NOT_COPIED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

impl World {
    /// Opens a world; must be called within a multi-threaded runtime of its own.
    pub(crate) async fn open(suite: Suite, opening: Opening<'_>) -> Result<Self> {
        let io = |error: std::io::Error| Failure::of("make a world", error);
        let directory = tempfile::tempdir().map_err(io)?;
        let mut knowledge = Knowledge::default();
        if let Some(snapshot) = opening.from {
            copy(snapshot.directory.path(), directory.path()).map_err(io)?;
            knowledge = snapshot.knowledge.clone();
        }
        let broken = |error| Failure::of("serve the world", error);
        let elapsed = infra_emulator::World::elapsed(directory.path()).map_err(broken)?;
        let clock = WorldClock::jumping(elapsed);
        let mut options = EmulatorOptions::new(directory.path(), clock.clone());
        options.faults = opening.faults;
        let emulator = Emulator::start(options).await.map_err(broken)?;
        let mut endpoints = emulator.endpoints();
        let secrets = (suite.secrets)(&endpoints);
        let proxy = proxy(&suite, &mut endpoints, opening.proxy).await?;
        let provider = connect(&suite, &endpoints)?;
        let fleet = Fleet::default().with_provider(suite.instance, Arc::clone(&provider));
        let knowledge = SharedKnowledge::new(knowledge);
        let cancel = CancellationToken::new();
        let deployment = Marker { name: "conformance".into(), deployment: "c0ffee".into() };
        let access = RunAccess::new(
            fleet.clone(),
            knowledge.clone(),
            clock.clone(),
            cancel.clone(),
            deployment.clone(),
        );
        let progress = Progress::default();
        let context = Context { clock, progress, cancel, deployment, access: access.source() };
        let events: Arc<Mutex<Vec<Envelope>>> = Arc::default();
        let now = Arc::new(|| (String::new(), 0.0));
        let keeper = Box::new(Keeper(Arc::clone(&events)));
        let stream = Stream::start("conformance", now, vec![keeper]).map_err(io)?;
        let ledger = Arc::default();
        Ok(Self {
            suite,
            emulator,
            provider,
            context,
            knowledge,
            proxy,
            directory,
            fleet,
            ledger,
            events,
            stream,
            secrets,
        })
    }

    /// The nodes that a file asks for.
    pub(crate) async fn nodes(&self, text: &str) -> Result<Vec<Node>> {
        let spec = load(text)?;
        let survey = self.provider.survey(&self.context).await?;
        let instance = self.suite.instance;
        let request = infra_provider::ExpandRequest { spec: &spec, instance, survey: &survey };
        self.provider
            .expand(&request)
            .map_err(|problems| Failure::told("expand the suite's file", &problems))
    }

    /// Looks at everything and plans; everything protected may be deleted.
    pub(crate) async fn plan(&self, graph: &Graph) -> Result<Plan> {
        // What the look itself finds is not recorded: that is up to operations.
        let knowledge = self.knowledge.lock().clone();
        let view = survey_world(&self.fleet, &self.context, graph, &self.knowledge, Look::Strict)
            .await
            .map_err(|problems| Failure::told("look at the world", &problems))?;
        let all: BTreeSet<Address> = knowledge.records.keys().cloned().collect();
        let approvals = Approvals { delete: all.clone(), replace: all, include_adopted: true };
        let kinds = |instance: &str, name: &str| self.fleet.kind(instance, name);
        let planner = Planner {
            graph,
            records: &knowledge.records,
            observed: &view.observed,
            kinds: &kinds,
            purpose: Purpose::Apply,
            approvals: &approvals,
            targets: &BTreeSet::new(),
            replace: &BTreeSet::new(),
            expected: &|_, _| None,
            deployment: self.context.deployment.clone(),
            inputs_digest: String::new(),
            notes: view.warnings,
        };
        planner.plan().map_err(|error| Failure::of("plan", error))
    }

    /// Carries a plan out.
    pub(crate) async fn execute(&self, plan: &Plan) -> Result<Finished> {
        ensure(plan.refusals.is_empty(), || {
            Failure::told("the plan is refused", &plan.refusals).to_string()
        })?;
        let emitter = self
            .stream
            .emitter()
            .ok_or_else(|| Failure("the stream of events is closed".into()))?;
        let ledger: Arc<dyn infra_engine::Ledger> = Arc::<MemoryLedger>::clone(&self.ledger);
        let executor = Executor {
            run: "conformance".into(),
            fleet: self.fleet.clone(),
            context: self.context.clone(),
            emitter,
            ledger,
            knowledge: self.knowledge.clone(),
            limits: Limits::default(),
        };
        Ok(executor.execute(plan).await)
    }

    /// Plans and carries out, and fails unless everything was done.
    pub(crate) async fn apply(&self, graph: &Graph) -> Result {
        let plan = self.plan(graph).await?;
        let finished = self.execute(&plan).await?;
        ensure(finished.succeeded(), || {
            Failure::told("not everything was done", &finished.failures).to_string()
        })
    }

    /// Fails unless a plan has nothing to do (rule P-04).
    pub(crate) async fn nothing_to_do(&self, graph: &Graph) -> Result {
        let plan = self.plan(graph).await?;
        ensure(plan.is_empty() && plan.refusals.is_empty(), || {
            let todo: Vec<String> = plan
                .operations
                .iter()
                .map(|operation| {
                    let changes: Vec<String> = operation
                        .changes
                        .iter()
                        .map(|change| {
                            format!("{}: {} -> {}", change.path, change.before, change.after)
                        })
                        .collect();
                    format!("{:?} {} ({})", operation.action, operation.address, changes.join(", "))
                })
                .collect();
            let refused = Failure::told("", &plan.refusals).to_string();
            format!("a second plan is not empty: {}{refused}", todo.join("; "))
        })
    }

    /// Settles what a dead run intended.
    pub(crate) async fn settle(&self) -> Result {
        infra_engine::settle(&self.fleet, &self.context, &self.knowledge, Some(&*self.ledger))
            .await
            .map_err(|error| Failure::told("settle", &[error.0]))
    }

    /// The resource of a kind.
    pub(crate) fn resource(&self, kind: &str) -> Result<Arc<dyn Resource>> {
        let resource = self.provider.resource(kind);
        resource.ok_or_else(|| Failure(format!("the provider has no resource for its kind {kind}")))
    }

    /// The subject of a node, its inputs bound as far as the knowledge goes.
    pub(crate) fn subject(&self, node: &Node, id: Option<String>) -> Subject {
        let knowledge = self.knowledge.lock();
        let inputs = infra_plan::resolve(&node.inputs, &|reference| knowledge.output(reference));
        let prior = knowledge.records.get(&node.address).map(|record| record.inputs.clone());
        Subject { address: node.address.clone(), id, inputs, prior }
    }

    /// The id that is recorded for an address.
    pub(crate) fn id(&self, address: &Address) -> Option<String> {
        self.knowledge.lock().records.get(address).map(|record| record.id.clone())
    }

    /// Requests to the provider's cloud since the world was opened.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        let all = self.emulator.requests();
        all.into_iter().filter(|request| request.service == self.suite.service).collect()
    }

    /// How much exists.
    pub(crate) fn census(&self) -> Result<Census> {
        Census::of(&self.suite, self.directory.path())
    }

    /// Fails if a secret of the cloud is in the text (rule P-06).
    pub(crate) fn shows_no_secret(&self, what: &str, text: &str) -> Result {
        let shown = self.secrets.iter().any(|secret| text.contains(secret.as_str()));
        ensure(!shown, || format!("P-06: a secret of the cloud is in {what}"))
    }

    /// Leaves the world, after a last look at what it told.
    pub(crate) async fn close(self) -> Result<Snapshot> {
        self.stream.close();
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let text = serde_json::to_string(&events).unwrap_or_default();
        let shown = self.secrets.iter().any(|secret| text.contains(secret.as_str()));
        ensure(!shown, || "P-06: a secret of the cloud is in the events".into())?;
        self.emulator.stop().await.map_err(|error| Failure::of("leave the world", error))?;
        let knowledge = self.knowledge.lock().clone();
        Ok(Snapshot { directory: self.directory, knowledge })
    }
}

async fn proxy(
    suite: &Suite,
    endpoints: &mut Endpoints,
    interference: Option<Interference>,
) -> Result<Option<Proxy>> {
    let (Some(interference), Some(url)) = (interference, (suite.url)(endpoints)) else {
        return Ok(None);
    };
    let proxy = Proxy::start(url.clone(), interference).await?;
    url.clone_from(&proxy.url);
    Ok(Some(proxy))
}

fn connect(suite: &Suite, endpoints: &Endpoints) -> Result<Arc<dyn Provider>> {
    let spec = load(suite.file)?;
    let block = spec
        .providers
        .get(suite.instance)
        .ok_or_else(|| Failure(format!("the suite's file has no provider {}", suite.instance)))?;
    (suite.connect)(block, endpoints).map_err(|problems| Failure::told("connect", &problems))
}
