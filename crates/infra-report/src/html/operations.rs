//! The table of all operations, with a filter.

use infra_event::Action;

use crate::markup::Markup;
use crate::model::{Operation, Phase, RunModel};
use crate::text::{about, count, duration};

/// The section; nothing when there is no operation.
pub(super) fn section(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    if model.operations.is_empty() {
        return page;
    }
    page.raw("<section id=\"operations\" aria-labelledby=\"operations-title\">\n");
    page.raw("<h2 id=\"operations-title\">Operations</h2>\n");
    page.raw("<form class=\"filter\" id=\"filter\" hidden><label>Filter <input type=\"search\" ");
    page.raw("id=\"words\" placeholder=\"address, kind, reason\" autocomplete=\"off\"></label>\n");
    page.raw("<label>Outcome <select id=\"outcome\"><option value=\"\">all</option>");
    for word in words(model) {
        page.raw("<option>").raw(word).raw("</option>");
    }
    page.raw("</select></label>\n<output id=\"shown\" aria-live=\"polite\"></output></form>\n");
    page.raw("<div class=\"scroll\"><table class=\"operations\">\n<thead><tr>");
    page.raw("<th scope=\"col\" class=\"number\">No.</th><th scope=\"col\">Resource</th>");
    page.raw("<th scope=\"col\">Action</th><th scope=\"col\">Outcome</th>");
    page.raw(
        "<th scope=\"col\" class=\"number\">Began</th><th scope=\"col\" class=\"number\">Took",
    );
    page.raw("</th><th scope=\"col\" class=\"number\">Expected</th><th scope=\"col\">Notes</th>");
    page.raw("</tr></thead>\n<tbody>\n");
    let path = model.critical_path();
    for operation in model.operations.values() {
        row(&mut page, model, operation, path.operations.contains(&operation.id));
    }
    page.raw("</tbody></table></div>\n</section>\n");
    page
}

/// The words for the phases that occur.
fn words(model: &RunModel) -> Vec<&'static str> {
    let mut words: Vec<&str> = Vec::new();
    for operation in model.operations.values() {
        let word = operation.phase.word();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The sign of a phase.
pub(super) fn sign(phase: &Phase) -> &'static str {
    match phase {
        Phase::Pending => "·",
        Phase::Running | Phase::Waiting { .. } => "…",
        Phase::Retrying { .. } => "↻",
        Phase::Succeeded => "✓",
        Phase::Failed => "✗",
        Phase::Skipped => "○",
        Phase::Cancelled => "■",
    }
}

fn row(page: &mut Markup, model: &RunModel, operation: &Operation, critical: bool) {
    let word = operation.phase.word();
    page.raw("<tr id=\"operation-").integer(operation.id as usize).raw("\" data-outcome=\"");
    page.raw(word).raw("\"><td class=\"number\">").integer(operation.id as usize);
    page.raw("</td><th scope=\"row\"><code>").text(&operation.address).raw("</code>");
    if !operation.kind.is_empty() {
        page.raw("<small>").text(&operation.kind).raw(" of ").text(&operation.provider);
        page.raw("</small>");
    }
    page.raw("</th><td>").raw(operation.action.map_or("unknown", Action::word));
    page.raw("</td><td class=\"phase ").raw(word).raw("\"><span aria-hidden=\"true\">");
    page.raw(sign(&operation.phase)).raw("</span> ").raw(word).raw("</td><td class=\"number\">");
    page.text(operation.started.map(duration).unwrap_or_default());
    page.raw("</td><td class=\"number\">");
    if operation.started.is_some() {
        page.text(duration(operation.seconds(model.elapsed)));
    }
    page.raw("</td><td class=\"number\">");
    page.text(operation.expected_seconds.map(about).unwrap_or_default());
    page.raw("</td><td class=\"notes\">");
    notes(page, model, operation, critical);
    page.raw("</td></tr>\n");
}

fn notes(page: &mut Markup, model: &RunModel, operation: &Operation, critical: bool) {
    let mut short: Vec<String> = Vec::new();
    if critical {
        short.push("critical path".into());
    }
    if let Some(diagnostic) = &operation.diagnostic {
        short.push(diagnostic.summary.clone());
    }
    if operation.phase == Phase::Skipped {
        short.extend(model.why_skipped(operation.id));
    }
    if !operation.objects.is_empty() {
        short.push(count(operation.objects.len(), "object"));
    }
    if !operation.retries.is_empty() {
        short.push(format!("tried again {}", count(operation.retries.len(), "time")));
    }
    let reasons = operation.waits.len();
    if reasons > 0 {
        short.push(format!("waited for {}", count(reasons, "reason")));
    }
    let short = short.join("; ");
    let long = long(operation);
    if long.is_empty() {
        page.text(short);
        return;
    }
    page.raw("<details><summary>").text(if short.is_empty() { "details" } else { &short });
    page.raw("</summary>").append(long).raw("</details>");
}

fn long(operation: &Operation) -> Markup {
    let mut page = Markup::new();
    let list = |page: &mut Markup, title: &'static str, items: Vec<String>| {
        if items.is_empty() {
            return;
        }
        page.raw("<p class=\"label\">").raw(title).raw("</p><ul>");
        for item in items {
            page.raw("<li>").text(item).raw("</li>");
        }
        page.raw("</ul>");
    };
    let waits = operation.waits.iter().map(|wait| {
        let blocked = wait.blocked.as_ref().map(|why| format!("; blocked: {why}"));
        let took = duration(wait.to - wait.from);
        format!("{took}: {}{}", wait.reason, blocked.unwrap_or_default())
    });
    list(&mut page, "Waited for", waits.collect());
    let retries = operation.retries.iter().map(|retry| {
        format!("attempt {} at {}: {}", retry.attempt, duration(retry.at), retry.reason)
    });
    list(&mut page, "Tried again", retries.collect());
    let objects = operation.objects.iter().map(|(object, note)| match note {
        Some(note) => format!("{object}: {note}"),
        None => object.clone(),
    });
    list(&mut page, "Objects", objects.collect());
    if !operation.log.is_empty() {
        page.raw("<p class=\"label\">Printed</p><pre>");
        for entry in &operation.log {
            page.text(format!("{} | {}", entry.source, entry.line)).raw("\n");
        }
        page.raw("</pre>");
    }
    page
}
