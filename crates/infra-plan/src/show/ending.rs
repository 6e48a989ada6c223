//! What stands below the list: waits, protected things that go, notes, costs, refusals and the counts.

use infra_event::{Diagnostic, Severity};

use super::Entry;
use super::style::{Style, clean};
use crate::Plan;
use infra_event::Action;

pub(super) fn lines(plan: &Plan, entries: &[Entry<'_>], style: &Style, lines: &mut Vec<String>) {
    waits(plan, entries, style, lines);
    if plan.destroy {
        protected(entries, style, lines);
    }
    costs(plan, lines);
    let mut notes: Vec<_> = plan.notes.iter().collect();
    notes.sort_by_key(|note| match note.severity {
        Severity::Note => 0,
        Severity::Warning => 1,
        Severity::Error => 2,
    });
    for note in notes {
        diagnostic(note, style, lines);
    }
    if !plan.refusals.is_empty() {
        separate(lines);
        lines.push(style.bold("This plan cannot be applied as it stands:"));
        lines.push(String::new());
        for refusal in &plan.refusals {
            diagnostic(refusal, style, lines);
        }
    }
    separate(lines);
    lines.push(style.bold(&last_line(plan)));
}

/// The counts in one line, such as `7 to create, 1 to change, 0 to delete, about 96.00 USD a month`.
pub fn summary(plan: &Plan) -> String {
    let mut parts = counts(plan);
    if let Some(cost) = plan.monthly_cost() {
        parts.push(format!("about {cost:.2} USD a month"));
    }
    if plan.refusals.len() == 1 {
        parts.push("1 refusal".to_owned());
    } else if !plan.refusals.is_empty() {
        parts.push(format!("{} refusals", plan.refusals.len()));
    }
    parts.join(", ")
}

fn counts(plan: &Plan) -> Vec<String> {
    let totals = &plan.totals;
    // What is replaced is counted among what is created, and shown by itself.
    let mut parts = vec![format!("{} to create", totals.create.saturating_sub(totals.replace))];
    parts.push(format!("{} to change", totals.update));
    if totals.replace > 0 {
        parts.push(format!("{} to replace", totals.replace));
    }
    parts.push(format!("{} to delete", totals.delete));
    if totals.adopt > 0 {
        parts.push(format!("{} to adopt", totals.adopt));
    }
    if totals.forget > 0 {
        parts.push(format!("{} to forget", totals.forget));
    }
    parts
}

fn last_line(plan: &Plan) -> String {
    if !plan.is_empty() || !plan.refusals.is_empty() {
        format!("Plan: {}.", counts(plan).join(", "))
    } else if plan.destroy {
        "No changes. There is nothing to take down.".to_owned()
    } else {
        "No changes. What is there is what the file describes.".to_owned()
    }
}

/// Waits are counted; only those that are all that happens to a resource are named.
fn waits(plan: &Plan, entries: &[Entry<'_>], style: &Style, lines: &mut Vec<String>) {
    let count = plan.operations.iter().filter(|operation| operation.action == Action::Wait).count();
    let only: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action == Action::Wait)
        .map(|entry| entry.address.as_str())
        .collect();
    if !only.is_empty() {
        separate(lines);
        let rest =
            if only.len() > 6 { format!(" and {} more", only.len() - 6) } else { String::new() };
        let named = only.iter().take(6).copied().collect::<Vec<_>>().join(", ");
        lines.push(format!("Not ready yet, waited for: {named}{rest}"));
    }
    if count > only.len() {
        separate(lines);
        let resources =
            if count == 1 { "1 resource is" } else { &format!("{count} resources are") };
        lines.push(style.dim(&format!("{resources} waited for until ready.")));
    }
}

/// What the user's word is asked for.
fn protected(entries: &[Entry<'_>], style: &Style, lines: &mut Vec<String>) {
    let going: Vec<_> = entries
        .iter()
        .filter(|entry| entry.main.protected && entry.takes_away())
        .map(|entry| entry.address.as_str())
        .collect();
    if going.is_empty() {
        return;
    }
    separate(lines);
    lines.push(style.alarm("Protected, and deleted with all the data in it:"));
    lines.extend(going.iter().map(|address| format!("  - {address}")));
}

fn costs(plan: &Plan, lines: &mut Vec<String>) {
    if let Some(cost) = plan.monthly_cost() {
        separate(lines);
        lines.push(format!("Cost: about {cost:.2} USD a month."));
    }
}

fn diagnostic(diagnostic: &Diagnostic, style: &Style, lines: &mut Vec<String>) {
    separate(lines);
    let mut head = style.severity(diagnostic.severity);
    head.push(' ');
    if let Some(address) = &diagnostic.address {
        head.push_str(&format!("{}: ", style.bold(&clean(address))));
    }
    head.push_str(&clean(&diagnostic.summary));
    lines.push(head);
    if let Some(place) = &diagnostic.location {
        lines.push(format!("  at {}:{}:{}", clean(&place.file), place.line, place.column));
    }
    let detail = diagnostic.detail.iter().flat_map(|detail| detail.lines());
    lines.extend(detail.map(|line| format!("  {}", clean(line))));
    lines.extend(diagnostic.causes.iter().map(|cause| format!("  because {}", clean(cause))));
    lines.extend(
        diagnostic.next_steps.iter().map(|step| format!("  next: {}", clean(&step.to_string()))),
    );
    lines.push(String::new());
}

/// Exactly one empty line before what follows.
fn separate(lines: &mut Vec<String>) {
    if lines.last().is_some_and(|line| !line.is_empty()) {
        lines.push(String::new());
    }
}
