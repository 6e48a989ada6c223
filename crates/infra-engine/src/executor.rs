//! [`Executor`]: carries a plan out, everything at once that may run at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use infra_event::{Body, Diagnostic, Emitter, OperationOutcome};
use infra_plan::{Operation, OperationId, Plan};
use infra_provider::{Context, Progress};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::perform::{self, Performed};
use crate::{Fleet, Ledger, SharedKnowledge};

/// How much may run at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Operations at a time over all providers; the providers' own limits hold besides. No limit if absent.
    pub parallel: Option<usize>,
}

/// What came of a plan.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// How each operation ended.
    pub outcomes: BTreeMap<u32, OperationOutcome>,
    /// Why operations failed, in the order in which they did.
    pub failures: Vec<Diagnostic>,
    /// Whether the run was cancelled.
    pub cancelled: bool,
}

impl Finished {
    /// Whether everything was done.
    pub fn succeeded(&self) -> bool {
        !self.cancelled
            && self.outcomes.values().all(|outcome| *outcome == OperationOutcome::Succeeded)
    }
}

/// Carries plans out.
#[derive(Clone)]
pub struct Executor {
    /// Id of the run.
    pub run: String,
    /// Who answers for which resource.
    pub fleet: Fleet,
    /// Clock, cancellation, identity, access.
    pub context: Context,
    /// Where events go.
    pub emitter: Emitter,
    /// Where intents and outcomes are kept.
    pub ledger: Arc<dyn Ledger>,
    /// What is known; kept up to date.
    pub knowledge: SharedKnowledge,
    /// How much may run at a time.
    pub limits: Limits,
}

/// The bookkeeping of one execution.
struct Course<'plan> {
    plan: &'plan Plan,
    waiting: BTreeMap<OperationId, BTreeSet<OperationId>>,
    dependents: HashMap<OperationId, Vec<OperationId>>,
    ready: BTreeSet<OperationId>,
    exclusive: BTreeSet<String>,
    finished: Finished,
}

impl Executor {
    /// Carries the plan out. A failed operation stops what needs it and nothing else; a cancelled run starts nothing more and waits
    /// for what is under way.
    pub async fn execute(&self, plan: &Plan) -> Finished {
        let mut course = Course::new(plan);
        let permits = self.permits(plan);
        let mut running = JoinSet::new();
        loop {
            self.start_ready(&mut course, &permits, &mut running);
            let Some(joined) = running.join_next().await else { break };
            match joined {
                Ok((id, performed)) => self.conclude(&mut course, id, performed),
                Err(error) => course.finished.failures.push(crashed(&error)),
            }
        }
        self.close(&mut course);
        course.finished
    }

    fn permits(&self, plan: &Plan) -> HashMap<String, Arc<Semaphore>> {
        let names: BTreeSet<_> =
            plan.operations.iter().map(|operation| operation.provider.clone()).collect();
        let limit = self.limits.parallel.unwrap_or(usize::MAX);
        names
            .into_iter()
            .map(|name| {
                let permits =
                    self.fleet.parallel(&name).min(limit).clamp(1, Semaphore::MAX_PERMITS);
                (name, Arc::new(Semaphore::new(permits)))
            })
            .collect()
    }

    fn start_ready(
        &self,
        course: &mut Course<'_>,
        permits: &HashMap<String, Arc<Semaphore>>,
        running: &mut JoinSet<(OperationId, Performed)>,
    ) {
        if self.context.cancel.is_cancelled() {
            course.finished.cancelled |= !course.ready.is_empty();
            return;
        }
        for id in course.ready.clone() {
            let Some(operation) = course.plan.operation(id) else { continue };
            if let Some(text) = &operation.exclusive_within
                && !course.exclusive.insert(text.clone())
            {
                continue;
            }
            course.ready.remove(&id);
            let task = perform::Task {
                executor: self.clone(),
                operation: operation.clone(),
                settles: last_of_address(course.plan, operation),
                context: self.context.with_progress(Progress::new(
                    self.emitter.clone(),
                    id.0,
                    &operation.address,
                )),
            };
            let permit = permits.get(&operation.provider).cloned();
            running.spawn(async move {
                // Waits hold no permit: they are mostly silent, and a limit is about calls.
                let waits = task.operation.action == infra_event::Action::Wait;
                let _permit = match permit.filter(|_| !waits) {
                    Some(permit) => permit.acquire_owned().await.ok(),
                    None => None,
                };
                (id, task.run().await)
            });
        }
    }

    fn conclude(&self, course: &mut Course<'_>, id: OperationId, performed: Performed) {
        let Some(operation) = course.plan.operation(id) else { return };
        if let Some(text) = &operation.exclusive_within {
            course.exclusive.remove(text);
        }
        course.finished.outcomes.insert(id.0, performed.outcome);
        course.finished.failures.extend(performed.diagnostic);
        if performed.outcome == OperationOutcome::Succeeded {
            for dependent in course.dependents.get(&id).cloned().unwrap_or_default() {
                course.release(dependent, id);
            }
        }
    }

    /// Says of everything that was never started that it was not.
    fn close(&self, course: &mut Course<'_>) {
        let outcome = if course.finished.cancelled {
            OperationOutcome::Cancelled
        } else {
            OperationOutcome::Skipped
        };
        for operation in &course.plan.operations {
            if course.finished.outcomes.contains_key(&operation.id.0) {
                continue;
            }
            course.finished.outcomes.insert(operation.id.0, outcome);
            self.emitter.emit_about(
                operation.address.to_string(),
                Body::OperationFinished {
                    operation: operation.id.0,
                    outcome,
                    seconds: 0.0,
                    diagnostic: None,
                },
            );
        }
        if course.finished.outcomes.values().any(|outcome| *outcome == OperationOutcome::Cancelled)
        {
            course.finished.cancelled = true;
        }
    }
}

impl<'plan> Course<'plan> {
    fn new(plan: &'plan Plan) -> Self {
        let mut course = Self {
            plan,
            waiting: BTreeMap::new(),
            dependents: HashMap::new(),
            ready: BTreeSet::new(),
            exclusive: BTreeSet::new(),
            finished: Finished::default(),
        };
        for operation in &plan.operations {
            for needed in &operation.after {
                course.dependents.entry(*needed).or_default().push(operation.id);
            }
            if operation.after.is_empty() {
                course.ready.insert(operation.id);
            } else {
                course.waiting.insert(operation.id, operation.after.iter().copied().collect());
            }
        }
        course
    }

    fn release(&mut self, dependent: OperationId, done: OperationId) {
        if let Some(needs) = self.waiting.get_mut(&dependent) {
            needs.remove(&done);
            if needs.is_empty() {
                self.waiting.remove(&dependent);
                self.ready.insert(dependent);
            }
        }
    }
}

/// Whether no later operation of the plan is about the same resource.
fn last_of_address(plan: &Plan, operation: &Operation) -> bool {
    !plan
        .operations
        .iter()
        .any(|other| other.address == operation.address && other.id > operation.id)
}

fn crashed(error: &tokio::task::JoinError) -> Diagnostic {
    let what = if error.is_panic() { "an operation crashed" } else { "an operation was stopped" };
    Diagnostic::error("crashed", what)
        .run("infra up")
        .detail("this is a fault of the program; the state is kept")
}
