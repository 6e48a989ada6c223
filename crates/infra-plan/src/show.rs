//! Plans as text for people ([`text`]), as one line ([`summary`]) and as a JSON document ([`json`]).
//!
//! The text groups by what people think in: resources of the cloud, then each cluster with its items. Waits are counted, not listed.
//! No secret is ever shown: secrets appear as `(secret)`, what is not known yet as `(known after create)`. Meaning never depends on
//! colour alone, and control characters of the user's texts never reach the terminal.

mod document;
mod ending;
mod entry;
mod fields;
mod rows;
mod style;

use crate::{Operation, Plan};

pub use document::{DOCUMENT_FORMAT, json};
pub use ending::summary;
pub(crate) use entry::{Entry, entries};

use style::Style;

/// How to show a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShowOptions {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Whether to show every object and field, and long values whole.
    pub verbose: bool,
    /// How many characters a line may have; long values are cut to fit. 0: no limit.
    pub width: usize,
}

impl Default for ShowOptions {
    fn default() -> Self {
        Self { color: false, verbose: false, width: 100 }
    }
}

/// The plan as text for people; ends with a line feed. Its last line sums up.
pub fn text(plan: &Plan, options: &ShowOptions) -> String {
    let style = Style::new(options);
    let entries = entries(plan);
    let mut lines = Vec::new();
    for (title, group) in groups(&entries) {
        lines.push(style.bold(&title));
        lines.push(String::new());
        for entry in group {
            entry_lines(plan, entry, &style, &mut lines);
        }
    }
    ending::lines(plan, &entries, &style, &mut lines);
    while lines.first().is_some_and(String::is_empty) {
        lines.remove(0);
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// One line about an operation, such as `+ cluster.main: create cluster (digitalocean)`.
pub fn headline(operation: &Operation) -> String {
    let of = format!("{} ({})", operation.kind, operation.provider);
    style::clean(&format!(
        "{} {}: {} {of}",
        operation.action.sign(),
        operation.address,
        operation.action.word()
    ))
}

/// The groups with their titles: the cloud first, then each cluster, its items together.
fn groups<'entries, 'plan>(
    entries: &'entries [Entry<'plan>],
) -> Vec<(String, Vec<&'entries Entry<'plan>>)> {
    let mut groups: indexmap::IndexMap<String, indexmap::IndexMap<&str, Vec<&Entry<'_>>>> =
        indexmap::IndexMap::new();
    let listed = || entries.iter().filter(|entry| entry.is_listed());
    let cloud = listed().filter(|entry| entry.address.cluster().is_none());
    for entry in cloud.chain(listed().filter(|entry| entry.address.cluster().is_some())) {
        let title = match entry.address.cluster() {
            Some(cluster) => format!("Cluster {}", style::clean(cluster)),
            None => "Cloud resources".to_owned(),
        };
        let item = entry.address.item().unwrap_or_default();
        groups.entry(title).or_default().entry(item).or_default().push(entry);
    }
    groups
        .into_iter()
        .map(|(title, items)| (title, items.into_values().flatten().collect()))
        .collect()
}

fn entry_lines(plan: &Plan, entry: &Entry<'_>, style: &Style, lines: &mut Vec<String>) {
    let sign = style.sign(entry.action, &format!("{:>3}", entry.action.sign()));
    let mut line = format!("{sign} {}: {}", style.bold(entry.address.as_str()), entry.headline());
    if let Some(cost) = entry.monthly_cost(plan) {
        line.push_str(&format!(", {cost:.2} USD a month"));
    }
    if entry.main.protected && entry.takes_away() {
        line.push_str(&style.alarm(" [protected]"));
    }
    lines.push(line);
    if let Some(reason) = entry.replace_reason() {
        lines.push(format!("      {}", style::clean(&reason)));
    }
    if let Some(note) = &entry.main.note {
        lines.push(format!("      {}", style.dim(&format!("note: {}", style::clean(note)))));
    }
    if entry.main.rows.is_empty() {
        lines.extend(fields::lines(&entry.main.changes, entry.action, 6, style));
    } else {
        lines.extend(rows::lines(entry, style));
    }
    lines.push(String::new());
}
