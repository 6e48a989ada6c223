//! [`Operation`]: one operation of the plan and what became of it so far.

use std::collections::VecDeque;

use indexmap::IndexMap;
use infra_event::{Action, Diagnostic, OutlineOperation};

/// How many log lines an operation remembers.
pub(crate) const LOG_TAIL: usize = 20;

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Not started; see [`super::RunModel::blocked_by`] for what it waits for.
    Pending,
    /// Under way.
    Running,
    /// Waits for the world.
    Waiting {
        /// What it waits for.
        reason: String,
        /// What is in the way, if anything is.
        blocked: Option<String>,
    },
    /// A request failed and will be tried again.
    Retrying {
        /// Number of the try that comes next.
        attempt: u32,
        /// Why the last one failed.
        reason: String,
        /// World seconds since the run began, when the next try starts.
        until: f64,
    },
    /// It did what it should.
    Succeeded,
    /// It failed.
    Failed,
    /// It was not started, because something that it needs failed.
    Skipped,
    /// It was not started or not finished, because the run was cancelled.
    Cancelled,
}

impl Phase {
    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// Whether it was started and is not over.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Running | Self::Waiting { .. } | Self::Retrying { .. })
    }

    /// The word for it: `pending`, `running`, `waiting`, `retrying`, `succeeded`, `failed`, `skipped`, `cancelled`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting { .. } => "waiting",
            Self::Retrying { .. } => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A time in which an operation waited for one reason.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitSpan {
    /// Beginning, in world seconds since the run began.
    pub from: f64,
    /// End, in world seconds since the run began.
    pub to: f64,
    /// What it waited for.
    pub reason: String,
    /// What was in the way.
    pub blocked: Option<String>,
}

/// Another try.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// When the earlier try failed, in world seconds since the run began.
    pub at: f64,
    /// Number of the try that comes next.
    pub attempt: u32,
    /// Why the earlier one failed.
    pub reason: String,
    /// World seconds until the next one.
    pub delay: f64,
}

/// A line that a program on the other side printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Where it comes from.
    pub source: String,
    /// The line.
    pub line: String,
}

/// One operation and what became of it so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Number in the plan.
    pub id: u32,
    /// Address of the resource; `operation N` if no event has told it.
    pub address: String,
    /// Kind of the resource; empty if the outline is missing.
    pub kind: String,
    /// Instance of the provider; empty if the outline is missing.
    pub provider: String,
    /// What is done; none if the outline is missing.
    pub action: Option<Action>,
    /// Operations that must have succeeded before.
    pub after: Vec<u32>,
    /// World seconds that it is expected to take.
    pub expected_seconds: Option<f64>,
    /// Objects that belong to it, each with the last thing that was told about it.
    pub objects: IndexMap<String, Option<String>>,
    /// Where it stands.
    pub phase: Phase,
    /// When it began, in world seconds since the run began.
    pub started: Option<f64>,
    /// When it ended, in world seconds since the run began.
    pub ended: Option<f64>,
    /// The last thing that it told.
    pub message: Option<String>,
    /// The times in which it waited.
    pub waits: Vec<WaitSpan>,
    /// The tries beyond the first.
    pub retries: Vec<Retry>,
    /// The last lines that it printed.
    pub log: VecDeque<LogEntry>,
    /// Why it failed.
    pub diagnostic: Option<Diagnostic>,
}

impl Operation {
    pub(crate) fn outlined(operation: &OutlineOperation) -> Self {
        Self {
            address: operation.address.clone(),
            kind: operation.kind.clone(),
            provider: operation.provider.clone(),
            action: Some(operation.action),
            after: operation.after.clone(),
            expected_seconds: operation.expected_seconds.filter(|s| s.is_finite() && *s >= 0.0),
            objects: operation.objects.iter().map(|object| (object.clone(), None)).collect(),
            ..Self::unheard(operation.id, None)
        }
    }

    /// An operation of which the outline tells nothing.
    pub(crate) fn unheard(id: u32, address: Option<&str>) -> Self {
        Self {
            id,
            address: address.map_or_else(|| format!("operation {id}"), str::to_owned),
            kind: String::new(),
            provider: String::new(),
            action: None,
            after: Vec::new(),
            expected_seconds: None,
            objects: IndexMap::new(),
            phase: Phase::Pending,
            started: None,
            ended: None,
            message: None,
            waits: Vec::new(),
            retries: Vec::new(),
            log: VecDeque::new(),
            diagnostic: None,
        }
    }

    /// World seconds from its beginning to its end, or to `now`. Zero before it began.
    pub fn seconds(&self, now: f64) -> f64 {
        self.started.map_or(0.0, |started| (self.ended.unwrap_or(now) - started).max(0.0))
    }

    /// World seconds until it should be done, as far as that can be known. An operation that takes longer than expected
    /// is thought to need a tenth of the expectation still.
    pub fn expected_left(&self, now: f64) -> Option<f64> {
        if self.phase.is_over() {
            return Some(0.0);
        }
        self.expected_seconds.map(|expected| (expected - self.seconds(now)).max(expected * 0.1))
    }

    /// Ends the wait that is under way, if one is.
    pub(crate) fn end_wait(&mut self, at: f64) {
        if let (Phase::Waiting { .. }, Some(wait)) = (&self.phase, self.waits.last_mut()) {
            wait.to = wait.to.max(at);
        }
    }

    pub(crate) fn wait(&mut self, at: f64, reason: &str, blocked: Option<&str>) {
        self.end_wait(at);
        let continues = matches!(self.phase, Phase::Waiting { .. })
            && self
                .waits
                .last()
                .is_some_and(|wait| wait.reason == reason && wait.blocked.as_deref() == blocked);
        if !continues {
            self.waits.push(WaitSpan {
                from: at,
                to: at,
                reason: reason.to_owned(),
                blocked: blocked.map(str::to_owned),
            });
        }
        self.phase =
            Phase::Waiting { reason: reason.to_owned(), blocked: blocked.map(str::to_owned) };
    }

    pub(crate) fn print(&mut self, source: &str, line: &str) {
        if self.log.len() == LOG_TAIL {
            self.log.pop_front();
        }
        self.log.push_back(LogEntry { source: source.to_owned(), line: line.to_owned() });
    }

    /// Remembers what was told about the operation, or about one of its objects.
    pub(crate) fn tell(&mut self, address: Option<&str>, message: &str) {
        self.message = Some(message.to_owned());
        self.note_object(address, message);
    }

    pub(crate) fn note_object(&mut self, address: Option<&str>, message: &str) {
        let inside = |address: &str| {
            address.strip_prefix(&self.address).is_some_and(|rest| rest.starts_with('/'))
        };
        // A wait for the objects of a set need not have listed them in the outline.
        if let Some(object) = address.filter(|a| self.objects.contains_key(*a) || inside(a)) {
            self.objects.insert(object.to_owned(), Some(message.to_owned()));
        }
    }
}
