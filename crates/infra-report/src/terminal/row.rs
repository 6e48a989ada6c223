//! The lines of one resource: sign, address, what happens to it, how long.

use super::frame::{Frame, justify};
use crate::model::{Operation, Phase, Row, RowState, RunModel, object_label};
use crate::text::{Line, Style, about, count, doing, done, duration, width, wrap};

/// Where rows are drawn, and how.
pub(crate) struct Place<'a> {
    pub(crate) frame: &'a Frame,
    /// Blanks before a row.
    pub(crate) indent: usize,
    /// Width of the addresses.
    pub(crate) columns: usize,
    /// Whether a row may take more than one line.
    pub(crate) extras: bool,
}

/// How many objects are shown below the operation that they belong to.
const OBJECTS: usize = 4;
/// How many log lines are shown below the operation that they belong to.
const LOG_LINES: usize = 2;

/// The width of the column of addresses in a group.
pub(crate) fn label_columns(rows: &[Row], indent: usize, columns: usize) -> usize {
    let widest = rows.iter().map(|row| indent + 2 * row.depth + width(&row.address));
    widest.max().unwrap_or(0).min(columns * 2 / 5)
}

/// The lines of a row.
pub(crate) fn row_lines(
    model: &RunModel,
    row: &Row,
    state: &RowState<'_>,
    place: &Place<'_>,
) -> Vec<Line> {
    let frame = place.frame;
    let ellipsis = frame.symbols().ellipsis;
    let (sign, style) = sign(&state.current.phase, frame);
    let before = place.indent + 2 * row.depth;
    let mut line = Line::plain(" ".repeat(before));
    line.push(style, format!("{sign} "));
    let label = Line::new().with(label_style(&state.current.phase), &row.address);
    line.append(label.cut(place.columns.saturating_sub(before), ellipsis));
    line.pad(place.columns + 4);
    let (message, message_style) = message(model, state);
    let right = times(state, frame.size.columns);
    let room = frame.size.columns.saturating_sub(line.width() + right.width() + 2);
    let active = state.current.phase.is_active();
    let mut lines = Vec::new();
    if place.extras && active && width(&message) > room {
        let (short, rest) = message.split_once(": ").unwrap_or((message.as_str(), ""));
        line.push(message_style, short);
        lines.push(justify(line, right, frame.size.columns, ellipsis));
        lines.extend(below(rest, before + 4, Style::Plain, frame, 2));
    } else {
        line.push(message_style, message);
        lines.push(justify(line, right, frame.size.columns, ellipsis));
    }
    if place.extras && active {
        lines.extend(extras(state.current, before + 2, frame));
    }
    lines
}

/// What is in the way, the objects that were told about, the last log lines.
fn extras(operation: &Operation, indent: usize, frame: &Frame) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Phase::Waiting { blocked: Some(blocked), .. } = &operation.phase {
        let text = format!("{} blocked: {blocked}", frame.symbols().blocked);
        lines.extend(below(&text, indent, Style::Warn, frame, 3));
    }
    let noted: Vec<(&String, &String)> = operation
        .objects
        .iter()
        .filter_map(|(object, note)| Some((object, note.as_ref()?)))
        .collect();
    for (object, note) in noted.iter().rev().take(OBJECTS).rev() {
        let text = format!("{}: {note}", object_label(object));
        lines.extend(below(&text, indent, Style::Dim, frame, 1));
    }
    for entry in operation.log.iter().rev().take(LOG_LINES).rev() {
        let text = format!("{} | {}", entry.source, entry.line);
        lines.extend(below(&text, indent, Style::Dim, frame, 1));
    }
    lines
}

/// Text below a row, on at most `most` lines.
fn below(text: &str, indent: usize, style: Style, frame: &Frame, most: usize) -> Vec<Line> {
    if text.is_empty() {
        return Vec::new();
    }
    let room = frame.size.columns.saturating_sub(indent + 2);
    let mut parts = wrap(text, room);
    if parts.len() > most {
        let rest = parts.split_off(most.saturating_sub(1));
        parts.push(rest.join(" "));
    }
    let line = |(index, part): (usize, &String)| {
        let indent = if index == 0 { indent } else { indent + 2 };
        let line = Line::plain(" ".repeat(indent)).with(style, part);
        line.cut(frame.size.columns, frame.symbols().ellipsis)
    };
    parts.iter().enumerate().map(line).collect()
}

/// The sign before a row.
pub(crate) fn sign(phase: &Phase, frame: &Frame) -> (&'static str, Style) {
    let symbols = frame.symbols();
    match phase {
        Phase::Pending => (symbols.pending, Style::Dim),
        Phase::Running => (symbols.spin(frame.step), Style::Accent),
        Phase::Waiting { blocked: Some(_), .. } => (symbols.spin(frame.step), Style::Warn),
        Phase::Waiting { .. } => (symbols.spin(frame.step), Style::Accent),
        Phase::Retrying { .. } => (symbols.retrying, Style::Warn),
        Phase::Succeeded => (symbols.done, Style::Good),
        Phase::Failed => (symbols.failed, Style::Bad),
        Phase::Skipped => (symbols.skipped, Style::Warn),
        Phase::Cancelled => (symbols.cancelled, Style::Warn),
    }
}

fn label_style(phase: &Phase) -> Style {
    match phase {
        phase if phase.is_active() => Style::Strong,
        Phase::Failed => Style::Strong,
        Phase::Pending => Style::Dim,
        _ => Style::Plain,
    }
}

/// What happens to the resource, in words.
fn message(model: &RunModel, state: &RowState<'_>) -> (String, Style) {
    let operation = state.current;
    match &operation.phase {
        Phase::Pending => (pending(model, operation), Style::Dim),
        Phase::Running => {
            let objects = (state.objects > 0).then(|| count(state.objects, "object"));
            let told = operation.message.clone().or(objects);
            let doing = doing(operation.action);
            (told.map_or(doing.to_owned(), |told| format!("{doing}: {told}")), Style::Plain)
        }
        Phase::Waiting { reason, .. } => (format!("waiting: {reason}"), Style::Plain),
        Phase::Retrying { attempt, reason, until } => {
            if *until <= model.elapsed {
                return (format!("attempt {attempt}: after {reason}"), Style::Warn);
            }
            let left = duration(until - model.elapsed);
            (format!("trying again in {left}: attempt {attempt}, {reason}"), Style::Warn)
        }
        Phase::Succeeded => (succeeded(state), Style::Dim),
        Phase::Failed => {
            let doing = doing(operation.action);
            let why = operation.diagnostic.as_ref().map(|why| format!(": {}", why.summary));
            (format!("{doing} failed{}", why.unwrap_or_default()), Style::Bad)
        }
        Phase::Skipped => (skipped(model, operation), Style::Warn),
        Phase::Cancelled => ("cancelled".to_owned(), Style::Warn),
    }
}

fn succeeded(state: &RowState<'_>) -> String {
    let words: Vec<&str> = state.actions.iter().map(|action| done(Some(*action))).collect();
    let words = if words.is_empty() { done(None).to_owned() } else { words.join(", ") };
    match state.objects {
        0 => words,
        number => format!("{words}, {}", count(number, "object")),
    }
}

/// `skipped: needs node_pool.main/gpu`.
pub(crate) fn skipped(model: &RunModel, operation: &Operation) -> String {
    match model.why_skipped(operation.id) {
        Some(why) => format!("skipped: {why}"),
        None => "skipped".to_owned(),
    }
}

/// What a pending operation waits for: `after cluster.main and 2 more`.
fn pending(model: &RunModel, operation: &Operation) -> String {
    let mut blockers: Vec<&str> =
        model.blocked_by(operation.id).iter().map(|before| before.address.as_str()).collect();
    blockers.retain(|address| *address != operation.address);
    blockers.dedup();
    match blockers.as_slice() {
        [] => "ready to start".to_owned(),
        [one] => format!("after {one}"),
        [one, two] => format!("after {one} and {two}"),
        [one, rest @ ..] => format!("after {one} and {} more", rest.len()),
    }
}

/// `1m12s / about 3m` at the right edge.
fn times(state: &RowState<'_>, columns: usize) -> Line {
    let took = duration(state.seconds);
    let phase = &state.current.phase;
    match (phase, state.expected) {
        (Phase::Pending, Some(expected)) => Line::new().with(Style::Dim, about(expected)),
        (Phase::Pending | Phase::Skipped, _) => Line::new(),
        (Phase::Cancelled, _) if state.seconds <= 0.0 => Line::new(),
        (phase, Some(expected)) if phase.is_active() && columns >= 40 => Line::new()
            .with(Style::Strong, took)
            .with(Style::Dim, format!(" / {}", about(expected))),
        (phase, _) if phase.is_active() => Line::new().with(Style::Strong, took),
        _ => Line::new().with(Style::Dim, took),
    }
}
