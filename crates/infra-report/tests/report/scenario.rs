//! Events of runs as they happen: the example `arl` on DigitalOcean, well and badly.

use infra_event::{
    Action, Body, Diagnostic, Endpoint, Envelope, ExitCode, Leftover, NextStep, OperationOutcome,
    Outline, OutlineOperation, RunOutcome, SCHEMA_VERSION, Totals,
};

/// Builds the events of a run.
#[derive(Default)]
pub(crate) struct Scenario {
    events: Vec<Envelope>,
    operations: Vec<OutlineOperation>,
    started: Vec<(u32, f64)>,
    now: f64,
}

impl Scenario {
    /// Moves on to a moment.
    pub(crate) fn at(&mut self, elapsed: f64) -> &mut Self {
        self.now = elapsed;
        self
    }

    /// Emits an event.
    pub(crate) fn emit(&mut self, address: Option<&str>, body: Body) -> &mut Self {
        let milliseconds = (self.now * 1000.0) as i64;
        let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
        let (hours, minutes) = (8 + seconds / 3600, seconds / 60 % 60);
        self.events.push(Envelope {
            schema: SCHEMA_VERSION,
            run: "0198f2a4-run".into(),
            sequence: self.events.len() as u64 + 1,
            time: format!("2026-03-02T{hours:02}:{minutes:02}:{:02}.{rest:03}Z", seconds % 60),
            elapsed: self.now,
            address: address.map(str::to_owned),
            body,
        });
        self
    }

    /// Adds an operation to the plan.
    pub(crate) fn plan(
        &mut self,
        address: &str,
        action: Action,
        after: &[u32],
        expected: f64,
    ) -> u32 {
        let id = self.operations.len() as u32 + 1;
        let kind = match address.split_once('.') {
            Some((kind, _)) if !kind.contains('/') => kind,
            _ if address.ends_with("/smoke") => "smoke_test",
            _ if address.contains("namespace") => "namespace",
            _ => "manifests",
        };
        let inside = address.starts_with("main/");
        self.operations.push(OutlineOperation {
            id,
            address: address.into(),
            kind: kind.into(),
            provider: if inside { "kubernetes" } else { "digitalocean" }.into(),
            action,
            after: after.to_vec(),
            expected_seconds: (expected > 0.0).then_some(expected),
            objects: Vec::new(),
        });
        id
    }

    pub(crate) fn start(&mut self, command: &str, totals: Totals) -> &mut Self {
        let (name, version) = ("arl".into(), "0.1.0".into());
        let started = command.to_owned();
        self.emit(None, Body::RunStarted { command: started, name, rehearsed: true, version });
        let outline = Outline {
            operations: self.operations.clone(),
            totals,
            monthly_cost: (command == "up").then_some(101.0),
            costs: if command == "up" { costs() } else { Vec::new() },
            currency: Some("USD".into()),
        };
        self.emit(None, Body::PlanOutlined { outline })
    }

    fn address(&self, operation: u32) -> String {
        self.operations[operation as usize - 1].address.clone()
    }

    pub(crate) fn begin(&mut self, operation: u32) -> &mut Self {
        self.started.push((operation, self.now));
        let address = self.address(operation);
        self.emit(Some(&address), Body::OperationStarted { operation })
    }

    pub(crate) fn wait(
        &mut self,
        operation: u32,
        reason: &str,
        blocked: Option<&str>,
    ) -> &mut Self {
        let address = self.address(operation);
        let (reason, blocked) = (reason.into(), blocked.map(str::to_owned));
        self.emit(Some(&address), Body::WaitProgressed { operation, reason, blocked })
    }

    pub(crate) fn end_with(
        &mut self,
        operation: u32,
        outcome: OperationOutcome,
        diagnostic: Option<Diagnostic>,
    ) -> &mut Self {
        let started = self.started.iter().find(|(id, _)| *id == operation);
        let seconds = started.map_or(0.0, |(_, at)| ((self.now - at) * 1000.0).round() / 1000.0);
        let address = self.address(operation);
        let body = Body::OperationFinished { operation, outcome, seconds, diagnostic };
        self.emit(Some(&address), body)
    }

    pub(crate) fn end(&mut self, operation: u32) -> &mut Self {
        self.end_with(operation, OperationOutcome::Succeeded, None)
    }

    pub(crate) fn finish(
        &mut self,
        outcome: RunOutcome,
        exit: ExitCode,
        totals: Totals,
    ) -> Vec<Envelope> {
        let (exit_code, seconds) = (exit.code(), self.now);
        self.emit(None, Body::RunFinished { outcome, exit_code, totals, seconds });
        std::mem::take(&mut self.events)
    }
}

fn costs() -> Vec<(String, f64)> {
    [("cluster.main", 12.0), ("node_pool.main/workers", 84.0), ("registry.images", 5.0)]
        .map(|(address, cost)| (address.to_owned(), cost))
        .into()
}

const OBJECTS: [&str; 9] = [
    "ConfigMap/arl/jupyter",
    "Secret/arl/notebook",
    "PersistentVolume/arl-data",
    "PersistentVolumeClaim/arl/data",
    "Deployment.apps/arl/scheduler",
    "Deployment.apps/arl/worker",
    "Deployment.apps/arl/notebook",
    "Service/arl/scheduler",
    "Service/arl/notebook",
];

fn arl() -> Scenario {
    let mut run = Scenario::default();
    run.plan("registry.images", Action::Create, &[], 3.0); // 1
    run.plan("password.arl/notebook", Action::Create, &[], 0.0); // 2
    run.plan("cluster.main", Action::Create, &[], 2.0); // 3
    run.plan("cluster.main", Action::Wait, &[3], 240.0); // 4
    run.plan("node_pool.main/workers", Action::Create, &[4], 2.0); // 5
    run.plan("node_pool.main/workers", Action::Wait, &[5], 90.0); // 6
    run.plan("main/namespace.arl", Action::Create, &[4], 1.0); // 7
    run.plan("main/pull_secret.arl", Action::Create, &[1, 7], 1.0); // 8
    run.plan("main/arl", Action::Create, &[2, 6, 7, 8], 2.0); // 9
    run.plan("main/arl", Action::Wait, &[9], 45.0); // 10
    run.plan("main/arl/smoke", Action::Create, &[10], 20.0); // 11
    run.operations[8].objects = OBJECTS.map(|object| format!("main/arl/{object}")).into();
    run
}

const ALL: Totals =
    Totals { create: 7, update: 0, replace: 0, delete: 0, adopt: 0, forget: 0, unchanged: 0 };

fn to_running_cluster(run: &mut Scenario) {
    run.at(0.0).start("up", ALL);
    run.at(0.1).begin(1).begin(2).begin(3).end(2);
    run.at(1.8).end(3);
    run.at(1.9).begin(4).wait(4, "the cluster is provisioning", None);
    run.at(3.1).end(1);
    for at in [12.0, 32.0, 62.0, 72.0] {
        run.at(at).wait(4, "the cluster is provisioning", None);
    }
    run.at(131.0).emit(
        Some("cluster.main"),
        Body::OperationRetried {
            operation: 4,
            attempt: 2,
            reason: "GET /v2/kubernetes/clusters/8d91: 429 Too Many Requests".into(),
            delay: 8.0,
        },
    );
    run.at(139.0).wait(4, "the control plane answers, nodes are starting (1 of 2)", None);
    run.at(224.0).end(4);
}

/// `infra up` of `arl`, all well.
pub(crate) fn up() -> Vec<Envelope> {
    let mut run = arl();
    to_running_cluster(&mut run);
    run.at(224.1).begin(5).begin(7);
    run.at(224.4).end(7).begin(8);
    run.at(225.0).end(8);
    run.at(226.2).end(5);
    run.at(226.3).begin(6).wait(6, "0 of 2 nodes are ready", None);
    let why = "droplet limit reached: 3 of 3 droplets exist; ask DigitalOcean for more under \
               Settings, Team, Resource limits";
    run.at(250.0).wait(6, "0 of 2 nodes are ready", Some(why));
    let mut slow = Diagnostic::warning("slow-nodes", "nodes take longer than in earlier runs");
    slow.address = Some("node_pool.main/workers".into());
    let slow = slow.next(NextStep::Run { command: "infra status".into() });
    run.at(270.0).emit(None, Body::DiagnosticRaised { diagnostic: slow });
    run.at(300.0).wait(6, "1 of 2 nodes is ready", None);
    run.at(322.5).end(6);
    run.at(322.6).begin(9);
    run.at(323.0).emit(
        Some("main/arl"),
        Body::OperationProgressed { operation: 9, message: "9 of 9 objects applied".into() },
    );
    run.at(323.1).end(9);
    run.at(323.2).begin(10).wait(10, "6 of 9 objects are ready", None);
    run.at(341.0).wait(10, "8 of 9 objects are ready: Service notebook has no address yet", None);
    run.at(366.0).end(10);
    run.at(366.1).begin(11);
    for (at, line) in [(371.0, "connected to tcp://scheduler:8786"), (374.5, "4 workers, sum 4950")]
    {
        let (source, line) = ("pod/arl-smoke-x7k2p".into(), line.into());
        run.at(at).emit(Some("main/arl/smoke"), Body::LogLine { operation: 11, source, line });
    }
    run.at(378.0).end(11);
    let endpoint = |name: &str, url: &str, note: Option<&str>| Endpoint {
        address: "main/arl".into(),
        name: name.into(),
        url: url.into(),
        note: note.map(str::to_owned),
    };
    let password = Some("password: infra output --secrets");
    let notebook = endpoint("notebook", "http://203.0.113.17:30888", password);
    let scheduler = endpoint("scheduler", "tcp://203.0.113.17:30786", None);
    let dashboard = endpoint("dashboard", "http://203.0.113.17:30787/status", None);
    for endpoint in [notebook, scheduler, dashboard] {
        run.emit(Some("main/arl"), Body::EndpointPublished { endpoint });
    }
    run.at(378.2).finish(RunOutcome::Succeeded, ExitCode::Done, ALL)
}

/// `infra up` of `arl`, stopped by a quota.
pub(crate) fn up_without_quota() -> Vec<Envelope> {
    let mut run = arl();
    to_running_cluster(&mut run);
    run.at(224.1).begin(5).begin(7);
    run.at(224.4).end(7).begin(8);
    let mut diagnostic = Diagnostic::error(
        "quota-exceeded",
        "the account may have 3 droplets and 4 are needed",
    )
    .about("node_pool.main/workers")
    .detail("The pool asks for 2 droplets; 2 exist already, 1 of them outside of this deployment.")
    .exit(ExitCode::Quota)
    .next(NextStep::Ask { what: "a droplet limit of at least 4".into() })
    .set("or set count: 1 in the pool `workers`");
    diagnostic.causes = vec![
        "POST /v2/kubernetes/clusters/8d91/node_pools: 422 unprocessable_entity".into(),
        "this operation would exceed your droplet limit (request id 5c1f)".into(),
    ];
    run.at(225.0).end(8).end_with(5, OperationOutcome::Failed, Some(diagnostic));
    for skipped in [6, 9, 10, 11] {
        run.end_with(skipped, OperationOutcome::Skipped, None);
    }
    let made = Totals { create: 5, ..ALL };
    run.at(225.2).finish(RunOutcome::Failed, ExitCode::Quota, made)
}

/// `infra up` of `arl`, cancelled while the cluster starts.
pub(crate) fn up_cancelled() -> Vec<Envelope> {
    let mut run = arl();
    run.at(0.0).start("up", ALL);
    run.at(0.1).begin(1).begin(2).begin(3).end(2);
    run.at(1.8).end(3);
    run.at(1.9).begin(4).wait(4, "the cluster is provisioning", None);
    run.at(3.1).end(1);
    run.at(40.0).end_with(4, OperationOutcome::Cancelled, None);
    for open in 5..=11 {
        run.end_with(open, OperationOutcome::Cancelled, None);
    }
    let made = Totals { create: 3, ..ALL };
    run.at(40.1).finish(RunOutcome::Cancelled, ExitCode::Cancelled, made)
}

/// `infra down` of `arl`, with or without something left over.
pub(crate) fn down(something_is_left: bool) -> Vec<Envelope> {
    let mut run = Scenario::default();
    run.plan("main/arl", Action::Delete, &[], 20.0);
    run.plan("node_pool.main/workers", Action::Delete, &[1], 5.0);
    run.plan("cluster.main", Action::Delete, &[1, 2], 30.0);
    run.plan("registry.images", Action::Delete, &[3], 2.0);
    let totals = Totals { delete: 4, ..Totals::default() };
    run.at(0.0).start("down", totals);
    run.at(0.1).begin(1).wait(1, "2 load balancers are being released", None);
    run.at(21.0).end(1).begin(2);
    run.at(25.0).end(2).begin(3);
    run.at(52.0).end(3).begin(4);
    run.at(53.5).end(4);
    let volume = Leftover {
        provider: "digitalocean".into(),
        kind: "volume".into(),
        id: "506f78a4".into(),
        name: "pvc-3c5e".into(),
        monthly_cost: Some(10.0),
        because: "tag k8s:8d91".into(),
    };
    let balancer = Leftover {
        provider: "digitalocean".into(),
        kind: "load_balancer".into(),
        id: "4de7ac8b".into(),
        name: "a3b2-notebook".into(),
        monthly_cost: Some(12.0),
        because: "tag k8s:8d91".into(),
    };
    let leftovers = if something_is_left { vec![volume, balancer] } else { Vec::new() };
    let asked = ["clusters", "droplets", "load balancers", "volumes", "registries"];
    run.at(55.0)
        .emit(None, Body::LeftoversListed { leftovers, asked: asked.map(str::to_owned).into() });
    let (outcome, exit) = match something_is_left {
        true => (RunOutcome::Failed, ExitCode::Leftovers),
        false => (RunOutcome::Succeeded, ExitCode::Done),
    };
    run.at(55.2).finish(outcome, exit, totals)
}

/// A large run, early on: 40 stack items on two clusters.
pub(crate) fn large() -> Vec<Envelope> {
    let mut run = Scenario::default();
    for cluster in ["main", "edge"] {
        let made = run.plan(&format!("cluster.{cluster}"), Action::Create, &[], 200.0);
        for item in 0..20 {
            run.plan(&format!("{cluster}/item-{item:02}"), Action::Create, &[made], 10.0);
        }
    }
    run.at(0.0).start("apply", Totals { create: 42, ..Totals::default() });
    run.at(0.5).begin(1).begin(22);
    run.at(180.0).end(1);
    for item in 2..=12 {
        run.begin(item);
    }
    for item in 2..=7 {
        run.at(180.0 + f64::from(item)).end(item);
    }
    std::mem::take(&mut run.events)
}
