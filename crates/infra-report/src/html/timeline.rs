//! The timeline: a row per resource, a bar per operation, in world time.

use infra_event::Action;

use crate::markup::Markup;
use crate::model::{Operation, Phase, Row, RunModel};
use crate::text::{about, doing, duration};

/// Distances between the marks of the axis, in world seconds.
const STEPS: [f64; 19] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    14400.0, 28800.0, 86400.0, 604_800.0,
];
/// How many distances there are at most.
const MOST_STEPS: f64 = 8.0;

/// The section; nothing when no operation was started.
pub(super) fn section(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    let ends = model.operations.values().filter_map(|operation| end(model, operation));
    let length = ends.fold(model.seconds(), f64::max);
    if length <= 0.0 || model.operations.values().all(|operation| operation.started.is_none()) {
        return page;
    }
    let path = model.critical_path();
    page.raw("<section id=\"timeline\" aria-labelledby=\"timeline-title\">\n");
    page.raw("<h2 id=\"timeline-title\">Timeline</h2>\n");
    legend(&mut page, model);
    page.raw("<div class=\"gantt\">\n");
    axis(&mut page, length);
    for group in model.groups() {
        if let Some(cluster) = &group.cluster {
            page.raw("<h3>").text(cluster).raw("</h3>\n");
        }
        page.raw("<ul>\n");
        for row in &group.rows {
            let operations: Vec<&Operation> =
                row.operations.iter().filter_map(|id| model.operations.get(id)).collect();
            page.raw("<li class=\"row\"><span class=\"name");
            page.raw(if row.depth > 0 { " inner\"" } else { "\"" }).raw(" title=\"");
            page.text(&row.address).raw("\">").text(&row.address);
            page.raw("</span><span class=\"track\">");
            for operation in operations {
                bar(&mut page, model, operation, length, path.operations.contains(&operation.id));
            }
            took(&mut page, model, row, length);
            never(&mut page, model, &row.operations);
            page.raw("</span></li>\n");
        }
        page.raw("</ul>\n");
    }
    page.raw("</div>\n</section>\n");
    page
}

fn legend(page: &mut Markup, model: &RunModel) {
    let mut actions: Vec<Action> = Vec::new();
    for action in model.operations.values().filter_map(|operation| operation.action) {
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    actions.sort();
    page.raw("<ul class=\"legend\" aria-label=\"Legend\">\n");
    for action in actions.into_iter().filter(|action| *action != Action::Wait) {
        page.raw("<li><span class=\"key ").raw(action.word()).raw("\"></span>");
        page.raw(action.word()).raw("</li>\n");
    }
    let waits = |o: &Operation| o.action == Some(Action::Wait) || !o.waits.is_empty();
    if model.operations.values().any(waits) {
        page.raw("<li><span class=\"key wait\"></span>wait</li>\n");
    }
    if model.operations.values().any(|o| o.waits.iter().any(|wait| wait.blocked.is_some())) {
        page.raw("<li><span class=\"key wait held\"></span>blocked</li>\n");
    }
    if model.count(|phase| *phase == Phase::Failed) > 0 {
        page.raw("<li><span class=\"key broken\">✗</span>failed</li>\n");
    }
    page.raw("<li><span class=\"key chain\"></span>critical path</li>\n</ul>\n");
}

fn axis(page: &mut Markup, length: f64) {
    let step = STEPS.into_iter().find(|step| length / step <= MOST_STEPS).unwrap_or(length / 4.0);
    page.raw("<div class=\"axis\" aria-hidden=\"true\"><span class=\"track\">");
    let mut at = 0.0;
    while at <= length {
        page.raw("<span class=\"mark\" style=\"left:").number(at / length * 100.0).raw("%\"><b>");
        page.text(duration(at)).raw("</b></span>");
        at += step;
    }
    page.raw("</span></div>\n");
}

/// When an operation ended, or how far it has come.
fn end(model: &RunModel, operation: &Operation) -> Option<f64> {
    operation.started?;
    Some(operation.ended.unwrap_or(model.elapsed))
}

fn bar(page: &mut Markup, model: &RunModel, operation: &Operation, length: f64, critical: bool) {
    let (Some(start), Some(end)) = (operation.started, end(model, operation)) else { return };
    let share = |seconds: f64| (seconds / length * 100.0).clamp(0.0, 100.0);
    let (left, wide) = (share(start), share((end - start).max(0.0)));
    page.raw("<a class=\"bar ").raw(operation.action.map_or("unknown", Action::word)).raw(" ");
    page.raw(operation.phase.word()).raw(if critical { " chain" } else { "" });
    page.raw("\" href=\"#operation-").integer(operation.id as usize).raw("\" style=\"left:");
    page.number(left).raw("%;width:").number(wide).raw("%\" title=\"");
    page.append(details(operation, start, end, critical)).raw("\">");
    for wait in &operation.waits {
        let inside = |at: f64| ((at - start) / (end - start).max(1e-9) * 100.0).clamp(0.0, 100.0);
        let (from, to) = (inside(wait.from), inside(wait.to));
        page.raw(if wait.blocked.is_some() { "<i class=\"held\"" } else { "<i" });
        page.raw(" style=\"left:").number(from).raw("%;width:").number(to - from).raw("%\"></i>");
    }
    page.raw("</a>");
}

/// How long the operations of a row took, behind the last bar.
fn took(page: &mut Markup, model: &RunModel, row: &Row, length: f64) {
    let Some(state) = model.row_state(row) else { return };
    let known = row.operations.iter().filter_map(|id| model.operations.get(id));
    let Some(last) = known.filter_map(|operation| end(model, operation)).reduce(f64::max) else {
        return;
    };
    let failed = state.current.phase == Phase::Failed;
    page.raw("<span aria-hidden=\"true\" class=\"took").raw(if failed { " broken" } else { "" });
    page.raw("\" style=\"left:").number((last / length * 100.0).clamp(0.0, 100.0)).raw("%\">");
    page.raw(if failed { "✗ " } else { "" }).text(duration(state.seconds)).raw("</span>");
}

/// What is told about a bar when one points at it.
fn details(operation: &Operation, start: f64, end: f64, critical: bool) -> Markup {
    let mut text = Markup::new();
    text.text(&operation.address).raw(": ");
    text.raw(operation.action.map_or("operation", Action::word)).raw(" ");
    text.raw(operation.phase.word()).line_break();
    text.text(format!("{} to {}, {}", duration(start), duration(end), duration(end - start)));
    if let Some(expected) = operation.expected_seconds {
        text.text(format!(" (expected {})", about(expected)));
    }
    if critical {
        text.line_break().raw("on the critical path");
    }
    for wait in operation.waits.iter().take(6) {
        text.line_break().text(format!(
            "waited {}: {}",
            duration(wait.to - wait.from),
            wait.reason
        ));
        if let Some(blocked) = &wait.blocked {
            text.line_break().raw("  blocked: ").text(blocked);
        }
    }
    for retry in operation.retries.iter().take(3) {
        text.line_break().text(format!("attempt {}: {}", retry.attempt, retry.reason));
    }
    if let Some(diagnostic) = &operation.diagnostic {
        text.line_break().text(&diagnostic.summary);
    }
    text
}

/// Says of a resource of which nothing was started what became of it.
fn never(page: &mut Markup, model: &RunModel, operations: &[u32]) {
    let mut known = operations.iter().filter_map(|id| model.operations.get(id));
    if known.clone().any(|operation| operation.started.is_some()) {
        return;
    }
    let Some(first) = known.next() else { return };
    page.raw("<span class=\"never\">").raw(match first.phase {
        Phase::Skipped => "skipped",
        Phase::Cancelled => "not started, cancelled",
        Phase::Succeeded => "done at once",
        _ => "not started",
    });
    if let Some(why) = model.why_skipped(first.id).filter(|_| first.phase == Phase::Skipped) {
        page.raw(": ").text(why);
    }
    page.raw("</span>");
    // The word for what would have been done is for those who do not see the bars.
    page.raw("<span class=\"hidden\"> (").raw(doing(first.action)).raw(")</span>");
}
