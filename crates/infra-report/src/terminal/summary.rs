//! What stays on the screen when a run is over: outcome, endpoints, failures, warnings, leftovers, totals.

use infra_event::{RunOutcome, Severity};

use super::fold::Detail;
use super::frame::{Frame, Size, heading, tree};
use super::row::skipped;
use crate::diagnostics::diagnostic_lines;
use crate::model::{LeftoverListing, Operation, Phase, Row, RunModel};
use crate::plain::leftover_text;
use crate::text::{
    Appearance, Line, Style, Symbols, count, duration, money, printable, totals, width, wrap,
};

/// What stays when a run is over: the tree in its final state, and the summary.
pub(crate) fn final_lines(model: &RunModel, appearance: Appearance, columns: usize) -> Vec<Line> {
    let size = Size { columns, rows: usize::MAX };
    let frame = Frame { size, appearance, step: 0 };
    let ellipsis = frame.symbols().ellipsis;
    let mut lines: Vec<Line> = tree(model, &model.groups(), &frame, &Detail::ALL)
        .into_iter()
        .map(|line| line.cut(columns, ellipsis))
        .collect();
    if !lines.is_empty() {
        lines.push(Line::new());
    }
    lines.extend(summary_lines(model, appearance, columns));
    lines
}

/// The summary of a run, no wider than `columns` but for URLs, which stay whole.
pub fn summary_lines(model: &RunModel, appearance: Appearance, columns: usize) -> Vec<Line> {
    let symbols = Symbols::of(appearance.unicode);
    let mut lines = Vec::new();
    for severity in [Severity::Note, Severity::Warning, Severity::Error] {
        for diagnostic in model.diagnostics_of(severity) {
            lines.extend(diagnostic_lines(diagnostic, appearance, Some(columns)));
            lines.push(Line::new());
        }
    }
    section(&mut lines, not_done(model, symbols, columns));
    if let Some(listing) = &model.listing {
        section(&mut lines, leftovers(listing, symbols, columns));
    }
    section(&mut lines, endpoints(model, columns));
    lines.extend(outcome(model, symbols, columns));
    lines
}

fn section(lines: &mut Vec<Line>, section: Vec<Line>) {
    if !section.is_empty() {
        lines.extend(section);
        lines.push(Line::new());
    }
}

/// `done`, `failed`, `cancelled`.
pub(crate) fn outcome_word(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Succeeded => "done",
        RunOutcome::Failed => "failed",
        RunOutcome::Cancelled => "cancelled",
    }
}

fn outcome(model: &RunModel, symbols: &Symbols, columns: usize) -> Vec<Line> {
    let (sign, style, word) = match model.outcome() {
        Some(RunOutcome::Succeeded) => (symbols.done, Style::Good, "done"),
        Some(RunOutcome::Failed) => (symbols.failed, Style::Bad, "failed"),
        Some(RunOutcome::Cancelled) => (symbols.cancelled, Style::Warn, "cancelled"),
        None => (symbols.cancelled, Style::Warn, "did not end"),
    };
    let mut line = Line::new().with(style, format!("{sign} "));
    line.append(heading(model));
    line.push(Style::Plain, ": ");
    line.push(style, word);
    let preposition = if model.outcome() == Some(RunOutcome::Succeeded) { "in" } else { "after" };
    line.push(Style::Plain, format!(" {preposition} {}", duration(model.seconds())));
    if let Some(end) = &model.end {
        line.push(Style::Plain, format!("{}{}", symbols.separator, totals(&end.totals, true)));
    }
    let outline = model.outline.as_ref();
    if let Some(cost) = outline.and_then(|outline| outline.monthly_cost) {
        let currency = outline.and_then(|outline| outline.currency.as_deref());
        let cost = money(cost, currency);
        line.push(Style::Dim, format!("{}{cost} a month", symbols.separator));
    }
    let mut lines: Vec<Line> = if line.width() <= columns {
        vec![line]
    } else {
        wrap(&line.to_string(), columns).into_iter().map(Line::plain).collect()
    };
    let begun = model.operations.values().any(|operation| operation.started.is_some());
    if model.outcome() != Some(RunOutcome::Succeeded) && begun {
        let text = "What was done is kept. Run the same command again to go on from here.";
        let parts = wrap(text, columns.saturating_sub(2));
        lines.extend(parts.iter().map(|part| Line::plain("  ").with(Style::Plain, part)));
    }
    lines
}

/// Resources of which something was not done, but for those whose diagnostic says why.
fn not_done(model: &RunModel, symbols: &Symbols, columns: usize) -> Vec<Line> {
    if model.end.is_none() {
        return Vec::new();
    }
    let rows = model.groups().into_iter().flat_map(|group| group.rows);
    let open: Vec<Line> = rows
        .filter_map(|row| not_done_row(model, &row))
        .map(|text| Line::plain(format!("  {text}")).cut(columns, symbols.ellipsis))
        .collect();
    if open.is_empty() {
        return open;
    }
    let mut lines = vec![Line::new().with(Style::Strong, "Not done")];
    let more = open.len().saturating_sub(MOST_NOT_DONE);
    lines.extend(open.into_iter().take(MOST_NOT_DONE));
    if more > 0 {
        lines.push(Line::new().with(Style::Dim, format!("  and {more} more")));
    }
    lines
}

/// How many resources that were not done are named.
const MOST_NOT_DONE: usize = 20;

fn not_done_row(model: &RunModel, row: &Row) -> Option<String> {
    let operations: Vec<&Operation> =
        row.operations.iter().filter_map(|id| model.operations.get(id)).collect();
    if operations.iter().any(|operation| operation.diagnostic.is_some()) {
        return None;
    }
    let open = operations.iter().find(|operation| operation.phase != Phase::Succeeded)?;
    let why = match &open.phase {
        Phase::Skipped => skipped(model, open),
        Phase::Cancelled if open.started.is_some() => "cancelled in mid-work".to_owned(),
        phase => phase.word().to_owned(),
    };
    let action = open.action.map(|action| format!(" ({action})")).unwrap_or_default();
    Some(format!("{}{action}: {why}", row.address))
}

fn leftovers(listing: &LeftoverListing, symbols: &Symbols, columns: usize) -> Vec<Line> {
    let asked = listing.asked.join(", ");
    if listing.leftovers.is_empty() {
        let text = format!("Nothing is left. Asked: {asked}");
        let mut parts = wrap(&text, columns.saturating_sub(2)).into_iter();
        let first = Line::new().with(Style::Good, format!("{} ", symbols.done));
        let mut lines = vec![first.with(Style::Plain, parts.next().unwrap_or_default())];
        lines.extend(parts.map(|part| Line::plain("  ").with(Style::Plain, part)));
        return lines;
    }
    let mut head = Line::new().with(Style::Bad, format!("{} ", symbols.failed));
    head.push(Style::Strong, format!("{} left", count(listing.leftovers.len(), "thing")));
    let cost: f64 = listing.leftovers.iter().filter_map(|left| left.monthly_cost).sum();
    if cost > 0.0 {
        head.push(Style::Plain, format!(", {} a month", money(cost, Some("USD"))));
    }
    let mut lines = vec![head];
    for leftover in &listing.leftovers {
        for (index, part) in
            wrap(&leftover_text(leftover), columns.saturating_sub(4)).iter().enumerate()
        {
            lines
                .push(Line::plain(if index == 0 { "  " } else { "    " }).with(Style::Plain, part));
        }
    }
    lines.push(
        Line::new().with(Style::Dim, format!("  asked: {asked}")).cut(columns, symbols.ellipsis),
    );
    lines
}

fn endpoints(model: &RunModel, columns: usize) -> Vec<Line> {
    if model.endpoints.is_empty() {
        return Vec::new();
    }
    let names = model.endpoints.iter().map(|endpoint| width(&printable(&endpoint.name)));
    let column = names.max().unwrap_or(0).min(columns / 3);
    let mut lines = vec![Line::new().with(Style::Strong, "Endpoints")];
    for endpoint in &model.endpoints {
        let mut line = Line::plain("  ").with(Style::Plain, &endpoint.name);
        line.pad(column + 4);
        line.push(Style::Accent, &endpoint.url);
        lines.push(line);
        let notes =
            endpoint.note.as_deref().map(|note| wrap(note, columns.saturating_sub(column + 4)));
        for note in notes.unwrap_or_default() {
            let mut line = Line::new();
            line.pad(column + 4);
            line.push(Style::Dim, note);
            lines.push(line);
        }
    }
    lines
}
