//! Carrying a plan out: events, listeners, the record of the run, the proof after a destruction.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use infra_engine::{Executor, Finished, Limits, StateLedger, StateSession, refresh_records};
use infra_event::{
    Action, Body, Diagnostic, Emitter, Envelope, ExitCode, Leftover, Listener, OperationOutcome,
    RunOutcome, Severity, Stream, Totals,
};
use infra_plan::draw::{Picture, svg};
use infra_plan::{Operation, Ownership, Plan, Record};
use infra_report::{Appearance, JsonLines, Plain, ReportExtras, Terminal, html_report};
use infra_state::{RunRecord, RunRecorder};

use super::Deployment;
use crate::arguments::{Execution, Format};
use crate::output::{Outcome, print_problems, refused, say};

/// What is to be carried out, and how.
pub(crate) struct Order<'plan> {
    pub(crate) command: &'plan str,
    pub(crate) plan: &'plan Plan,
    pub(crate) execution: &'plan Execution,
}

/// Hands events to the record of the run.
struct Recording(Arc<RunRecorder>);

impl Listener for Recording {
    fn event(&mut self, event: &Envelope) {
        if let Ok(line) = serde_json::to_string(event) {
            self.0.record(line);
        }
    }
}

/// Keeps the events for the report at the end.
struct Keeping(Arc<Mutex<Vec<Envelope>>>);

impl Listener for Keeping {
    fn event(&mut self, event: &Envelope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event.clone());
    }
}

/// Carries the plan out on a locked state, and gives the exit code of the command.
pub(crate) async fn execute(
    deployment: &Deployment,
    session: Arc<StateSession>,
    order: Order<'_>,
) -> Outcome {
    let store = deployment.state.store();
    let detail = serde_json::json!({ "name": deployment.project.spec().name, "rehearsed": deployment.rehearsed() });
    let recorder = RunRecorder::start(store, RunRecord::begin(order.command, detail)).await;
    let recorder = Arc::new(recorder.map_err(infra_state::StateError::from)?);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let listeners = listeners(deployment, &order, &recorder, &kept);
    let stream = start_stream(deployment, recorder.id(), listeners)?;
    let Some(emitter) = stream.emitter() else { return Ok(ExitCode::Failed) };
    let known: Vec<Record> = deployment.knowledge.lock().records.values().cloned().collect();
    let finished = carry_out(deployment, &session, &order, recorder.id(), &emitter).await;
    let exit = conclude(deployment, &order, &emitter, &finished, &known).await;
    drop(emitter);
    // The listeners end on a thread of their own; world time has nothing to do with it.
    let closed = tokio::task::spawn_blocking(move || stream.close());
    let _ = closed.await;
    let events = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(path) = &order.execution.report {
        write_report(path, &events, order.plan)?;
    }
    close(session, recorder, exit).await;
    Ok(exit)
}

fn listeners(
    deployment: &Deployment,
    order: &Order<'_>,
    recorder: &Arc<RunRecorder>,
    kept: &Arc<Mutex<Vec<Envelope>>>,
) -> Vec<Box<dyn Listener>> {
    let appearance = Appearance::of_stderr();
    let mut listeners: Vec<Box<dyn Listener>> = vec![Box::new(Recording(Arc::clone(recorder)))];
    listeners.push(match deployment.global.output {
        Format::Json => Box::new(JsonLines::new(Box::new(std::io::stdout()))),
        Format::Text if Terminal::fits_stderr() => Box::new(Terminal::stderr(appearance)),
        Format::Text => Box::new(Plain::new(Box::new(std::io::stderr()), appearance)),
    });
    if order.execution.report.is_some() {
        listeners.push(Box::new(Keeping(Arc::clone(kept))));
    }
    listeners
}

/// Starts a stream of events in the world time of the deployment.
pub(crate) fn start_stream(
    deployment: &Deployment,
    run: &str,
    listeners: Vec<Box<dyn Listener>>,
) -> Outcome<Stream> {
    let clock = deployment.context.clock.clone();
    let began = clock.now();
    let now = Arc::new(move || {
        let wall = jiff::Timestamp::try_from(infra_clock::wall_now()).unwrap_or_default();
        (format!("{wall:.3}"), clock.now().since(began).as_secs_f64())
    });
    Stream::start(run, now, listeners)
        .map_err(|error| refused("cannot start the listeners", &error))
}

async fn carry_out(
    deployment: &Deployment,
    session: &Arc<StateSession>,
    order: &Order<'_>,
    run: &str,
    emitter: &Emitter,
) -> Finished {
    emitter.emit(Body::RunStarted {
        command: order.command.to_owned(),
        name: deployment.project.spec().name.clone(),
        rehearsed: deployment.rehearsed(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    emitter.emit(Body::PlanOutlined { outline: order.plan.outline() });
    let executor = Executor {
        run: run.to_owned(),
        fleet: deployment.fleet.clone(),
        context: deployment.context.clone(),
        emitter: emitter.clone(),
        ledger: Arc::new(StateLedger::new(Arc::clone(session))),
        knowledge: deployment.knowledge.clone(),
        limits: Limits { parallel: order.execution.parallel },
    };
    let interrupts = tokio::spawn(cancel_on_interrupt(deployment.context.cancel.clone()));
    let mut finished = executor.execute(order.plan).await;
    interrupts.abort();
    if finished.succeeded()
        && let Err(error) = refresh_records(
            &deployment.fleet,
            &order.plan.graph,
            &deployment.knowledge,
            executor.ledger.as_ref(),
        )
        .await
    {
        finished.failures.push(error.0);
    }
    finished
}

/// The first interrupt stops the run in order; the second ends the process at once. The state is kept either way.
async fn cancel_on_interrupt(cancel: tokio_util::sync::CancellationToken) {
    interrupted().await;
    say(
        "Stopping: what is under way is finished or left for the next run, nothing new begins. Again to stop at once.",
    );
    cancel.cancel();
    interrupted().await;
    #[expect(clippy::exit, reason = "the user asked twice; the journal knows what is under way")]
    std::process::exit(i32::from(ExitCode::Cancelled.code()));
}

async fn interrupted() {
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

/// The last events: leftovers after a destruction, and how it ended.
async fn conclude(
    deployment: &Deployment,
    order: &Order<'_>,
    emitter: &Emitter,
    finished: &Finished,
    known: &[Record],
) -> ExitCode {
    let mut exit = match () {
        () if finished.cancelled => ExitCode::Cancelled,
        () if finished.succeeded() => ExitCode::Done,
        () => finished.failures.first().map_or(ExitCode::Failed, |failure| failure.exit),
    };
    if order.plan.destroy && exit == ExitCode::Done {
        exit = prove(deployment, order, emitter, known).await;
    }
    let outcome = match exit {
        ExitCode::Done => RunOutcome::Succeeded,
        ExitCode::Cancelled => RunOutcome::Cancelled,
        _ => RunOutcome::Failed,
    };
    // The stream puts its own clock on the envelope; the summary wants the same number.
    emitter.emit(Body::RunFinished {
        outcome,
        exit_code: exit.code(),
        totals: done(order.plan, finished),
        seconds: emitter.elapsed(),
    });
    exit
}

/// Lists, independently of the state, what is still there. Whoever the plan left alone (referenced, adopted, not targeted) is no
/// leftover.
async fn prove(
    deployment: &Deployment,
    order: &Order<'_>,
    emitter: &Emitter,
    known: &[Record],
) -> ExitCode {
    let deleted = |record: &&Record| {
        order.plan.operations.iter().any(|operation| {
            operation.address == record.address
                && record.ownership != Ownership::Adopted
                && matches!(operation.action, Action::Delete | Action::Forget)
        })
    };
    let partial = deployment
        .knowledge
        .lock()
        .records
        .values()
        .any(|record| record.ownership == Ownership::Owned);
    let mut known_by_instance: BTreeMap<&str, Vec<Record>> = BTreeMap::new();
    for record in known.iter().filter(deleted) {
        known_by_instance.entry(record.provider.as_str()).or_default().push(record.clone());
    }
    let (mut leftovers, mut asked, mut failed) = (Vec::new(), Vec::new(), false);
    // What was not to be deleted still bears the marker; then only what was deleted is asked for.
    let marker =
        if partial { "infra:-".to_owned() } else { deployment.context.deployment.prefix() };
    for (instance, provider) in deployment.fleet.providers() {
        let known = known_by_instance.remove(instance).unwrap_or_default();
        let tidied = provider.tidy(&deployment.context, &marker, &known).await;
        let listed = match tidied {
            Ok(()) => provider.leftovers(&deployment.context, &marker, &known).await,
            Err(error) => Err(error),
        };
        match listed {
            Ok(findings) => {
                let named = |leftover| Leftover { provider: instance.to_owned(), ..leftover };
                leftovers.extend(findings.found.into_iter().map(named));
                asked.extend(findings.asked.into_iter().map(|what| format!("{instance}: {what}")));
            }
            Err(error) => {
                failed = true;
                let diagnostic = error.to_diagnostic().about(format_args!("providers.{instance}"));
                emitter.emit(Body::DiagnosticRaised { diagnostic });
            }
        }
    }
    let exit = match () {
        () if failed => ExitCode::Failed,
        () if leftovers.is_empty() => ExitCode::Done,
        () => ExitCode::Leftovers,
    };
    emitter.emit(Body::LeftoversListed { leftovers, asked });
    exit
}

fn write_report(path: &Path, events: &[Envelope], plan: &Plan) -> Outcome<()> {
    let extras = ReportExtras { graph_svg: Some(svg(&Picture::of_plan(plan))) };
    let page = html_report(events, &extras);
    std::fs::write(path, page)
        .map_err(|error| refused(format_args!("cannot write {}", path.display()), &error))
}

/// Ends the record and gives the state back. What fails here is told and costs nothing: the journal holds it all.
async fn close(session: Arc<StateSession>, recorder: Arc<RunRecorder>, exit: ExitCode) {
    let warn = |summary: String| {
        let warning = Diagnostic::warning("record", summary).set("nothing is lost; check the disk");
        print_problems(&[Diagnostic { severity: Severity::Warning, ..warning }]);
    };
    if let Ok(recorder) = Arc::try_unwrap(recorder)
        && let Err(error) = recorder.finish(format!("{exit:?}").to_lowercase()).await
    {
        warn(format!("the run was not recorded to its end: {error}"));
    }
    if let Ok(session) = Arc::try_unwrap(session)
        && let Err(error) = session.close().await
    {
        warn(format!("the state was not summed up: {error}"));
    }
}

/// Reads the events of a recorded run.
pub(crate) fn parse_events(lines: &[String]) -> Vec<Envelope> {
    let text = lines.join("\n");
    infra_report::read_events(BufReader::new(text.as_bytes())).unwrap_or_default()
}

/// What was really done.
fn done(plan: &Plan, finished: &Finished) -> Totals {
    let mut totals = Totals { unchanged: plan.totals.unchanged, ..Totals::default() };
    let succeeded = |operation: &&Operation| {
        finished.outcomes.get(&operation.id.0) == Some(&OperationOutcome::Succeeded)
    };
    for operation in plan.operations.iter().filter(succeeded) {
        match operation.action {
            Action::Create if operation.replaces => totals.replace += 1,
            Action::Create => totals.create += 1,
            Action::Update => totals.update += 1,
            Action::Adopt => totals.adopt += 1,
            Action::Delete if !operation.replaces => totals.delete += 1,
            Action::Forget if operation.ownership == Ownership::Owned => totals.delete += 1,
            Action::Forget => totals.forget += 1,
            _ => {}
        }
    }
    totals
}
