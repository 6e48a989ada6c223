//! [`RunModel`]: folds events into the state of a run.

use indexmap::IndexMap;
use infra_event::{
    Body, Diagnostic, Endpoint, Envelope, Leftover, OperationOutcome, Outline, RunOutcome,
    Severity, Totals,
};

use super::address::object_label;
use super::operation::{Operation, Phase, Retry};

/// What an independent listing found after a destroy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeftoverListing {
    /// What is still there.
    pub leftovers: Vec<Leftover>,
    /// What was asked.
    pub asked: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// How.
    pub outcome: RunOutcome,
    /// Exit code of the command.
    pub exit_code: u8,
    /// What was done.
    pub totals: Totals,
    /// World seconds that the run took.
    pub seconds: f64,
}

/// The state of a run, as far as its events have told it. Starts empty and takes events in their order; unknown events, events of
/// operations that no outline named, and a missing beginning or end are all tolerated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunModel {
    /// Id of the run.
    pub run: String,
    /// `up`, `apply`, `down`; empty if the beginning is missing.
    pub command: String,
    /// Name of the deployment; empty if the beginning is missing.
    pub name: String,
    /// Whether the clouds were emulated.
    pub rehearsed: bool,
    /// Version of the program that ran.
    pub version: String,
    /// Wall time of the first event, RFC 3339.
    pub began: Option<String>,
    /// Wall time of the latest event, RFC 3339.
    pub latest: Option<String>,
    /// World seconds since the run began, at the latest event or tick.
    pub elapsed: f64,
    /// Operations by number, in the order of the plan.
    pub operations: IndexMap<u32, Operation>,
    /// Counts and costs of the plan, if it was told.
    pub outline: Option<Outline>,
    /// Who holds the state, while the run waits for it.
    pub lock_holder: Option<String>,
    /// Everything that the user should know, incl. why operations failed; nothing twice.
    pub diagnostics: Vec<Diagnostic>,
    /// Ways to reach what was installed.
    pub endpoints: Vec<Endpoint>,
    /// What was found after a destroy; none if no listing was made.
    pub listing: Option<LeftoverListing>,
    /// How the run ended; none while it goes on, or if it was killed.
    pub end: Option<RunEnd>,
    /// How many events were of a newer form.
    pub unknown_events: usize,
}

impl RunModel {
    /// The state after all of `events`.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Envelope>) -> Self {
        let mut model = Self::default();
        events.into_iter().for_each(|event| model.take(event));
        model
    }

    /// The state at a moment, in world seconds since the run began: after all events up to then.
    pub fn at<'a>(events: impl IntoIterator<Item = &'a Envelope>, elapsed: f64) -> Self {
        let mut model = Self::of(events.into_iter().filter(|event| event.elapsed <= elapsed));
        model.advance(elapsed);
        model
    }

    /// Moves the time on, while nothing happens.
    pub fn advance(&mut self, elapsed: f64) {
        if elapsed.is_finite() && elapsed > self.elapsed && self.end.is_none() {
            self.elapsed = elapsed;
        }
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Envelope) {
        self.advance(event.elapsed);
        if self.began.is_none() {
            self.began = Some(event.time.clone());
            self.run.clone_from(&event.run);
        }
        self.latest = Some(event.time.clone());
        match &event.body {
            Body::RunStarted { command, name, rehearsed, version } => {
                self.command.clone_from(command);
                self.name.clone_from(name);
                self.version.clone_from(version);
                self.rehearsed = *rehearsed;
            }
            Body::PlanOutlined { outline } => self.take_outline(outline),
            Body::LockWaited { holder } => self.lock_holder = Some(holder.clone()),
            Body::DiagnosticRaised { diagnostic } => self.note(diagnostic),
            Body::EndpointPublished { endpoint } => self.publish(endpoint),
            Body::LeftoversListed { leftovers, asked } => {
                self.listing =
                    Some(LeftoverListing { leftovers: leftovers.clone(), asked: asked.clone() });
            }
            Body::RunFinished { outcome, exit_code, totals, seconds } => {
                self.lock_holder = None;
                self.end = Some(RunEnd {
                    outcome: *outcome,
                    exit_code: *exit_code,
                    totals: *totals,
                    seconds: *seconds,
                });
            }
            Body::Unknown => self.unknown_events += 1,
            _ => self.take_of_operation(event),
        }
    }

    fn take_of_operation(&mut self, event: &Envelope) {
        let at = event.elapsed;
        let address = event.address.as_deref();
        match &event.body {
            Body::OperationStarted { operation } => {
                self.lock_holder = None;
                let operation = self.operation_mut(*operation, address);
                operation.started.get_or_insert(at);
                operation.phase = Phase::Running;
            }
            Body::OperationRetried { operation, attempt, reason, delay } => {
                let operation = self.active_mut(*operation, address, at);
                let (attempt, delay, reason) = (*attempt, *delay, reason.clone());
                operation.retries.push(Retry { at, attempt, reason: reason.clone(), delay });
                operation.phase = Phase::Retrying { attempt, reason, until: at + delay };
            }
            Body::OperationProgressed { operation, message } => {
                let operation = self.active_mut(*operation, address, at);
                operation.phase = Phase::Running;
                operation.tell(address, message);
            }
            Body::WaitProgressed { operation, reason, blocked } => {
                let operation = self.operation_mut(*operation, address);
                operation.started.get_or_insert(at);
                let about = address.filter(|address| *address != operation.address);
                let whole = about.map(|object| format!("{}: {reason}", object_label(object)));
                operation.wait(at, whole.as_deref().unwrap_or(reason), blocked.as_deref());
                operation.note_object(address, reason);
            }
            Body::OperationFinished { operation, outcome, seconds, diagnostic } => {
                self.finish(*operation, address, at, *outcome, *seconds);
                if let Some(diagnostic) = diagnostic {
                    self.operation_mut(*operation, address).diagnostic = Some(diagnostic.clone());
                    self.note(diagnostic);
                }
            }
            Body::LogLine { operation, source, line } => {
                self.operation_mut(*operation, address).print(source, line);
            }
            _ => {}
        }
    }

    fn take_outline(&mut self, outline: &Outline) {
        self.lock_holder = None;
        for planned in &outline.operations {
            let mut operation = Operation::outlined(planned);
            if let Some(known) = self.operations.get(&planned.id) {
                operation.phase = known.phase.clone();
                operation.started = known.started;
                operation.ended = known.ended;
            }
            self.operations.insert(planned.id, operation);
        }
        self.outline = Some(Outline { operations: Vec::new(), ..outline.clone() });
    }

    fn operation_mut(&mut self, id: u32, address: Option<&str>) -> &mut Operation {
        self.operations.entry(id).or_insert_with(|| Operation::unheard(id, address))
    }

    fn active_mut(&mut self, id: u32, address: Option<&str>, at: f64) -> &mut Operation {
        let operation = self.operation_mut(id, address);
        operation.started.get_or_insert(at);
        operation.end_wait(at);
        operation
    }

    fn finish(
        &mut self,
        id: u32,
        address: Option<&str>,
        at: f64,
        outcome: OperationOutcome,
        seconds: f64,
    ) {
        let operation = self.operation_mut(id, address);
        operation.end_wait(at);
        operation.ended = Some(at);
        if operation.started.is_none() && seconds > 0.0 {
            operation.started = Some((at - seconds).max(0.0));
        }
        operation.phase = match outcome {
            OperationOutcome::Succeeded => Phase::Succeeded,
            OperationOutcome::Failed => Phase::Failed,
            OperationOutcome::Skipped => Phase::Skipped,
            OperationOutcome::Cancelled => Phase::Cancelled,
        };
    }

    /// Remembers a diagnostic, unless the same was told before.
    fn note(&mut self, diagnostic: &Diagnostic) {
        if !self.diagnostics.contains(diagnostic) {
            self.diagnostics.push(diagnostic.clone());
        }
    }

    fn publish(&mut self, endpoint: &Endpoint) {
        let same = |known: &&mut Endpoint| {
            known.address == endpoint.address && known.name == endpoint.name
        };
        match self.endpoints.iter_mut().find(same) {
            Some(known) => known.clone_from(endpoint),
            None => self.endpoints.push(endpoint.clone()),
        }
    }

    /// How many operations are in a phase for which `test` holds.
    pub fn count(&self, test: impl Fn(&Phase) -> bool) -> usize {
        self.operations.values().filter(|operation| test(&operation.phase)).count()
    }

    /// The operations that `id` waits for: those that it comes after and that have not succeeded.
    pub fn blocked_by(&self, id: u32) -> Vec<&Operation> {
        let after = self.operations.get(&id).map(|operation| operation.after.as_slice());
        after
            .unwrap_or_default()
            .iter()
            .filter_map(|before| self.operations.get(before))
            .filter(|operation| operation.phase != Phase::Succeeded)
            .collect()
    }

    /// Why `id` was skipped, such as `needs node_pool.main/gpu` or `its create failed`. None if that is not known.
    pub fn why_skipped(&self, id: u32) -> Option<String> {
        let own = self.operations.get(&id)?.address.as_str();
        let mut reasons: Vec<String> = self
            .blocked_by(id)
            .iter()
            .filter(|before| before.phase.is_over())
            .map(|before| {
                let action = before.action.map_or("earlier part", infra_event::Action::word);
                match before.address.as_str() {
                    same if same == own && before.phase == Phase::Failed => {
                        format!("its {action} failed")
                    }
                    same if same == own => format!("its {action} was {}", before.phase.word()),
                    other => format!("needs {other}"),
                }
            })
            .collect();
        reasons.dedup();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }

    /// How the run ended; none while it goes on, or if it was killed.
    pub fn outcome(&self) -> Option<RunOutcome> {
        self.end.as_ref().map(|end| end.outcome)
    }

    /// World seconds that the run has taken.
    pub fn seconds(&self) -> f64 {
        self.end.as_ref().map_or(self.elapsed, |end| end.seconds)
    }

    /// The diagnostics of a severity.
    pub fn diagnostics_of(&self, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(move |diagnostic| diagnostic.severity == severity)
    }
}
