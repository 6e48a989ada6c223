//! [`html_report`]: the page as a whole, with its head and summary.

use infra_event::{Envelope, RunOutcome};
use sha2::{Digest, Sha256};

use super::{diagnostics, embedded, graph, operations, tables, timeline};
use crate::markup::Markup;
use crate::model::{Phase, RunModel};
use crate::text::{about, count, duration, money, totals};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What a report shows beyond the events.
#[derive(Clone, Debug, Default)]
pub struct ReportExtras {
    /// The graph as an SVG document; without it, one is drawn from the outline.
    pub graph_svg: Option<String>,
}

/// One HTML page that tells all of a run. It needs no other file and asks for none: a content security policy forbids every request,
/// and every script but its own.
pub fn html_report(events: &[Envelope], extras: &ReportExtras) -> String {
    let model = RunModel::of(events);
    let mut page = Markup::new();
    head(&mut page, &model);
    page.raw("<body>\n<a class=\"skip\" href=\"#timeline\">Skip to the timeline</a>\n");
    header(&mut page, &model);
    page.raw("<main>\n");
    let failed = !matches!(model.outcome(), Some(RunOutcome::Succeeded));
    if failed {
        page.append(diagnostics::section(&model));
        page.append(tables::leftovers(&model));
    }
    page.append(tables::endpoints(&model));
    page.append(timeline::section(&model));
    if !failed {
        page.append(diagnostics::section(&model));
    }
    page.append(graph::section(&model, extras.graph_svg.as_deref()));
    page.append(tables::costs(&model));
    if !failed {
        page.append(tables::leftovers(&model));
    }
    page.append(operations::section(&model));
    page.raw("</main>\n");
    footer(&mut page, &model, events.len());
    page.raw("<div id=\"tip\" role=\"tooltip\" hidden></div>\n");
    embedded::embed(&mut page, events);
    page.raw("<script>").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    page.finish()
}

fn title(model: &RunModel) -> String {
    format!("{} {}", if model.command.is_empty() { "run" } else { &model.command }, model.name)
        .trim()
        .to_owned()
}

fn head(page: &mut Markup, model: &RunModel) {
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    page.raw("img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; ");
    page.raw("script-src 'sha256-").base64(&Sha256::digest(SCRIPT.as_bytes())).raw("'\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.raw(
        "<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n",
    );
    page.raw("<title>").text(title(model)).raw(": ").raw(outcome(model).1).raw("</title>\n");
    page.raw("<style>\n").raw(STYLE).raw("</style>\n</head>\n");
}

/// Class, word and sign of the outcome.
fn outcome(model: &RunModel) -> (&'static str, &'static str, &'static str) {
    match model.outcome() {
        Some(RunOutcome::Succeeded) => ("good", "done", "✓"),
        Some(RunOutcome::Failed) => ("bad", "failed", "✗"),
        Some(RunOutcome::Cancelled) => ("warn", "cancelled", "■"),
        None => ("warn", "did not end", "…"),
    }
}

fn header(page: &mut Markup, model: &RunModel) {
    let (class, word, sign) = outcome(model);
    page.raw("<header class=\"top\">\n<div class=\"heading\">\n<p class=\"kicker\">infra ");
    page.text(&model.command);
    if model.rehearsed {
        page.raw(" <span class=\"pill\">rehearsed: the clouds were emulated</span>");
    }
    let name = if model.name.is_empty() { "unnamed run" } else { &model.name };
    page.raw("</p>\n<h1>").text(name).raw(" <span class=\"outcome ").raw(class).raw("\">");
    page.raw("<span aria-hidden=\"true\">").raw(sign).raw("</span> ").raw(word);
    page.raw("</span></h1>\n<p class=\"when\">");
    page.text(when(model)).raw("</p>\n</div>\n");
    facts(page, model);
    page.raw("</header>\n");
}

/// `2026-03-02 08:00 UTC, in 3.2s of wall time`; what cannot be read as a time is left out.
fn when(model: &RunModel) -> String {
    let read = |time: &Option<String>| time.as_ref()?.parse::<jiff::Timestamp>().ok();
    let mut parts = Vec::new();
    if let Some(began) = read(&model.began) {
        parts.push(began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
        if let Some(latest) = read(&model.latest) {
            let wall = latest.duration_since(began).as_secs_f64();
            // In a rehearsal the time of the world jumps.
            if (wall - model.seconds()).abs() > 2.0 {
                parts.push(format!("{} by the clock on the wall", duration(wall)));
            }
        }
    }
    if !model.run.is_empty() {
        parts.push(format!("run {}", model.run));
    }
    parts.join(" · ")
}

fn facts(page: &mut Markup, model: &RunModel) {
    page.raw("<dl class=\"facts\">\n");
    let mut fact = |label: &'static str, value: String, note: Option<String>| {
        page.raw("<div><dt>").raw(label).raw("</dt><dd>").text(value);
        if let Some(note) = note {
            page.raw("<small>").text(note).raw("</small>");
        }
        page.raw("</dd></div>\n");
    };
    let path = model.critical_path();
    let note = (path.operations.len() > 1)
        .then(|| format!("critical path: {}", count(path.operations.len(), "operation")));
    fact("Duration", duration(model.seconds()), note);
    let done = model.count(|phase| *phase == Phase::Succeeded);
    let all = model.operations.len();
    let other = ["failed", "skipped", "cancelled", "pending", "running", "waiting", "retrying"];
    let open: Vec<String> = other
        .iter()
        .map(|word| (model.count(|phase| phase.word() == *word), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let note = if open.is_empty() { "all that were planned".into() } else { open.join(", ") };
    fact("Operations done", format!("{done} of {all}"), Some(note));
    if let Some(end) = &model.end {
        let planned = model.outline.as_ref().map(|outline| outline.totals);
        let note = planned.filter(|planned| *planned != end.totals);
        let note = note.map(|planned| format!("planned: {}", totals(&planned, false)));
        fact("Resources", totals(&end.totals, true), note);
        fact("Exit code", end.exit_code.to_string(), None);
    } else if let Some(left) = model.expected_left() {
        fact("Expected left", about(left), None);
    }
    if let Some(outline) = &model.outline
        && let Some(cost) = outline.monthly_cost
    {
        let cost = money(cost, outline.currency.as_deref());
        fact("Cost a month", cost, Some("of all resources of the plan".into()));
    }
    page.raw("</dl>\n");
}

fn footer(page: &mut Markup, model: &RunModel, events: usize) {
    page.raw("<footer>\n<p>Times are those of the world that the run acted on.");
    if model.unknown_events > 0 {
        page.raw(" ").text(count(model.unknown_events, "event"));
        page.raw(" of a newer form could not be shown.");
    }
    page.raw("</p>\n<p>infra ").text(&model.version).raw(" · ").text(count(events, "event"));
    page.raw(" inside this page <button type=\"button\" id=\"save\" hidden>Save as JSON lines</button></p>\n");
    page.raw("</footer>\n");
}
