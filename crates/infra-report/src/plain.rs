//! [`Plain`]: one line per event, for logs and terminals that cannot move the cursor.
//!
//! Lines begin with the world time and the address, `[  72.0s] cluster.main: created (72s)`, and stay stable, so that they can
//! be searched. A wait is told when its reason changes, and otherwise at most every 30 world seconds; progress when it changes.

use std::collections::HashMap;
use std::io::Write;

use infra_event::{Body, Diagnostic, Endpoint, Envelope, Leftover, Listener, OperationOutcome};

use crate::diagnostics::diagnostic_lines;
use crate::model::{Operation, RunModel};
use crate::text::{Appearance, Line, Style, about, count, doing, done, duration, money, totals};

/// World seconds after which a wait is told again, though nothing changed.
const REPEAT_WAIT: f64 = 30.0;

/// Writes one line per event.
pub struct Plain {
    out: Box<dyn Write + Send>,
    appearance: Appearance,
    model: RunModel,
    /// The last wait that was told of each operation, and when.
    told: HashMap<u32, (String, f64)>,
    /// The last progress that was told of each operation: what about, and what.
    progress: HashMap<u32, (Option<String>, String)>,
}

impl Plain {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write + Send>, appearance: Appearance) -> Self {
        Self {
            out,
            appearance,
            model: RunModel::default(),
            told: HashMap::new(),
            progress: HashMap::new(),
        }
    }

    fn write(&mut self, at: f64, lines: Vec<Line>) {
        for (index, line) in lines.into_iter().enumerate() {
            let prefix = if index == 0 { format!("[{at:>6.1}s] ") } else { " ".repeat(10) };
            let mut whole = Line::new().with(Style::Dim, prefix);
            whole.append(line);
            // A closed pipe must not end the run.
            let _ = writeln!(self.out, "{}", whole.render(self.appearance.colour).trim_end());
        }
        let _ = self.out.flush();
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> Vec<Line> {
        diagnostic_lines(diagnostic, self.appearance, None)
    }

    /// What is told about an event; nothing for what is not worth a line.
    fn lines(&mut self, event: &Envelope, is_new: bool) -> Vec<Line> {
        match &event.body {
            Body::RunStarted { command, name, rehearsed, version } => {
                let mode = if *rehearsed { ", rehearsed" } else { "" };
                let run = &event.run;
                one(Style::Strong, format!("{command}: {name}{mode} (infra {version}, run {run})"))
            }
            Body::PlanOutlined { outline } => {
                let operations = count(outline.operations.len(), "operation");
                let mut text = format!("plan: {operations}: {}", totals(&outline.totals, false));
                if let Some(cost) = outline.monthly_cost {
                    let cost = money(cost, outline.currency.as_deref());
                    text.push_str(&format!("; {cost} a month in all"));
                }
                one(Style::Plain, text)
            }
            Body::LockWaited { holder } => {
                one(Style::Warn, format!("lock: waiting; held by {holder}"))
            }
            Body::DiagnosticRaised { diagnostic } if is_new => self.diagnostic(diagnostic),
            Body::EndpointPublished { endpoint } => vec![endpoint_line(endpoint)],
            Body::LeftoversListed { leftovers, asked } => leftover_lines(leftovers, asked),
            Body::RunFinished { outcome, exit_code, totals: made, seconds } => {
                let outcome = super::terminal::outcome_word(*outcome);
                let (made, seconds) = (totals(made, true), duration(*seconds));
                let text = format!("run: {outcome} in {seconds}: {made} (exit code {exit_code})");
                one(Style::Strong, text)
            }
            Body::DiagnosticRaised { .. } | Body::Unknown => Vec::new(),
            _ => self.operation_lines(event, is_new),
        }
    }

    fn operation_lines(&mut self, event: &Envelope, is_new: bool) -> Vec<Line> {
        let Some(operation) =
            operation_of(&event.body).and_then(|id| self.model.operations.get(&id))
        else {
            return Vec::new();
        };
        let about = |text: String| one_of(event.address.as_deref(), operation, text);
        match &event.body {
            Body::OperationStarted { .. } => vec![about(started(operation))],
            Body::OperationRetried { attempt, reason, delay, .. } => {
                let delay = duration(*delay);
                vec![about(format!("trying again in {delay} (attempt {attempt}): {reason}"))]
            }
            Body::OperationProgressed { operation: id, message } => {
                let (address, message) = (event.address.clone(), message.clone());
                let line = about(message.clone());
                let told = self.progress.insert(*id, (address.clone(), message.clone()));
                if told == Some((address, message)) { Vec::new() } else { vec![line] }
            }
            Body::WaitProgressed { operation: id, reason, blocked } => {
                let text = waiting(reason, blocked.as_deref());
                let repeated = self
                    .told
                    .get(id)
                    .is_some_and(|(told, at)| *told == text && event.elapsed - at < REPEAT_WAIT);
                if repeated {
                    return Vec::new();
                }
                let seconds = operation.seconds(event.elapsed);
                let line = about(if seconds < 1.0 {
                    text.clone()
                } else {
                    format!("{text} (for {})", duration(seconds))
                });
                self.told.insert(*id, (text, event.elapsed));
                vec![line]
            }
            Body::OperationFinished { outcome, seconds, diagnostic, .. } => {
                let mut lines = vec![about(finished(&self.model, operation, *outcome, *seconds))];
                if let Some(diagnostic) = diagnostic.as_ref().filter(|_| is_new) {
                    lines.extend(self.diagnostic(diagnostic));
                }
                lines
            }
            Body::LogLine { source, line, .. } => vec![about(format!("{source} | {line}"))],
            _ => Vec::new(),
        }
    }
}

impl Listener for Plain {
    fn event(&mut self, event: &Envelope) {
        let diagnostics = self.model.diagnostics.len();
        self.model.take(event);
        let is_new = self.model.diagnostics.len() > diagnostics;
        let lines = self.lines(event, is_new);
        self.write(event.elapsed, lines);
    }
}

fn one(style: Style, text: String) -> Vec<Line> {
    vec![Line::new().with(style, text)]
}

fn one_of(address: Option<&str>, operation: &Operation, text: String) -> Line {
    let address = address.unwrap_or(&operation.address);
    Line::new().with(Style::Strong, address).with(Style::Plain, format!(": {text}"))
}

fn operation_of(body: &Body) -> Option<u32> {
    match body {
        Body::OperationStarted { operation }
        | Body::OperationRetried { operation, .. }
        | Body::OperationProgressed { operation, .. }
        | Body::WaitProgressed { operation, .. }
        | Body::OperationFinished { operation, .. }
        | Body::LogLine { operation, .. } => Some(*operation),
        _ => None,
    }
}

fn started(operation: &Operation) -> String {
    let mut text = doing(operation.action).to_owned();
    let mut notes = Vec::new();
    if !operation.objects.is_empty() {
        notes.push(count(operation.objects.len(), "object"));
    }
    // What takes a moment needs no announcement.
    if let Some(seconds) = operation.expected_seconds.filter(|seconds| *seconds >= 5.0) {
        notes.push(about(seconds));
    }
    if !notes.is_empty() {
        text.push_str(&format!(" ({})", notes.join(", ")));
    }
    text
}

/// `waiting: 2 of 3 nodes are ready; blocked: …`.
fn waiting(reason: &str, blocked: Option<&str>) -> String {
    match blocked {
        Some(blocked) => format!("waiting: {reason}; blocked: {blocked}"),
        None => format!("waiting: {reason}"),
    }
}

fn finished(
    model: &RunModel,
    operation: &Operation,
    outcome: OperationOutcome,
    seconds: f64,
) -> String {
    let seconds = duration(seconds);
    let doing = doing(operation.action);
    match outcome {
        OperationOutcome::Succeeded => format!("{} ({seconds})", done(operation.action)),
        OperationOutcome::Failed => format!("{doing} failed ({seconds})"),
        OperationOutcome::Cancelled if operation.started.is_some() => {
            format!("{doing} cancelled ({seconds})")
        }
        OperationOutcome::Cancelled => "not started: cancelled".to_owned(),
        OperationOutcome::Skipped => crate::terminal::skipped(model, operation),
    }
}

fn endpoint_line(endpoint: &Endpoint) -> Line {
    let mut line = Line::new().with(Style::Strong, &endpoint.address);
    line.push(Style::Plain, format!(": endpoint {}: {}", endpoint.name, endpoint.url));
    if let Some(note) = &endpoint.note {
        line.push(Style::Plain, format!(" ({note})"));
    }
    line
}

fn leftover_lines(leftovers: &[Leftover], asked: &[String]) -> Vec<Line> {
    let asked = match asked {
        [] => "nothing was left to ask about".to_owned(),
        asked => format!("asked: {}", asked.join(", ")),
    };
    let head = match leftovers.len() {
        0 => format!("leftovers: none ({asked})"),
        number => format!("leftovers: {number} ({asked})"),
    };
    let mut lines = vec![Line::plain(head)];
    for leftover in leftovers {
        lines.push(Line::plain(format!("  {}", leftover_text(leftover))));
    }
    lines
}

/// A leftover on one line.
pub(crate) fn leftover_text(leftover: &Leftover) -> String {
    let cost = leftover.monthly_cost.map(|cost| format!(", {} a month", money(cost, Some("USD"))));
    format!(
        "{} {} {} ({}; {}{})",
        leftover.provider,
        leftover.kind,
        leftover.name,
        leftover.id,
        leftover.because,
        cost.unwrap_or_default()
    )
}
