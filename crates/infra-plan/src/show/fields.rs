//! Fields with their values, aligned: `path: value` of what is made, `path: before -> after` of what changes.

use infra_event::Action;

use super::style::{Style, clean, cut};
use crate::{Change, Effect, Value};

/// Paths longer than this do not push the values of the others to the right.
const LONGEST_ALIGNED_PATH: usize = 40;
/// How many fields are shown unless everything is.
const MOST_FIELDS: usize = 12;
/// How many lines of a long text are shown unless everything is.
const MOST_TEXT_LINES: usize = 8;

/// The lines for these changes of a resource (or object) to which `action` happens.
pub(super) fn lines(
    changes: &[Change],
    action: Action,
    indent: usize,
    style: &Style,
) -> Vec<String> {
    let shown = if style.verbose { changes.len() } else { changes.len().min(MOST_FIELDS) };
    let (shown, hidden) = changes.split_at(shown);
    let longest = shown
        .iter()
        .map(|change| change.path.chars().count())
        .filter(|length| *length <= LONGEST_ALIGNED_PATH)
        .max()
        .unwrap_or_default();
    let mut lines = Vec::new();
    for change in shown {
        field(change, action, indent, longest, style, &mut lines);
    }
    if !hidden.is_empty() {
        let more = format!("and {} more fields (all with --verbose)", hidden.len());
        lines.push(format!("{:indent$}{}", "", style.dim(&more)));
    }
    lines
}

fn field(
    change: &Change,
    action: Action,
    indent: usize,
    longest: usize,
    style: &Style,
    lines: &mut Vec<String>,
) {
    let path = clean(&format!("{}:", change.path));
    let head = format!("{:indent$}{path:<width$} ", "", width = longest + 1);
    let used = head.chars().count();
    let suffix = match (change.effect, action) {
        (Effect::Replace, Action::Replace) => "  (forces replacement)",
        _ => "",
    };
    let made = change.before.is_null() && matches!(action, Action::Create | Action::Replace);
    if made && change.effect == Effect::Update {
        lines.push(format!("{head}{}", cut(&plain(&change.after), style.room(used))));
        return;
    }
    if let (Value::Text(before), Value::Text(after)) = (&change.before, &change.after)
        && (before.trim_end().contains('\n') || after.trim_end().contains('\n'))
    {
        lines.push(format!("{}{suffix}", head.trim_end()));
        text_lines(before, after, indent + 2, style, lines);
        return;
    }
    let (before, after) = (plain(&change.before), going_to(&change.after));
    let room = style.room(used + 4 + suffix.len());
    let (for_before, for_after) = shares(before.chars().count(), after.chars().count(), room);
    let (before, after) = (cut(&before, for_before), cut(&after, for_after));
    lines.push(format!("{head}{before} -> {after}{suffix}"));
}

/// How the room is divided among two texts: a short one leaves the rest to the other.
fn shares(before: usize, after: usize, room: usize) -> (usize, usize) {
    if room == usize::MAX || before.saturating_add(after) <= room {
        return (usize::MAX, usize::MAX);
    }
    let half = room / 2;
    if before <= half {
        (before, room - before)
    } else if after <= half {
        (room - after, after)
    } else {
        (half, room - half)
    }
}

fn plain(value: &Value) -> String {
    if value.is_null() { "(none)".to_owned() } else { clean(&value.to_string()) }
}

fn going_to(value: &Value) -> String {
    if value.is_null() { "(removed)".to_owned() } else { plain(value) }
}

/// The lines in which two long texts differ, without what is the same at both ends.
fn text_lines(before: &str, after: &str, indent: usize, style: &Style, lines: &mut Vec<String>) {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same_head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[same_head..], &new[same_head..]);
    let same_tail =
        old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let gone = old[..old.len() - same_tail].iter().map(|line| (Action::Delete, line));
    let come = new[..new.len() - same_tail].iter().map(|line| (Action::Create, line));
    let all: Vec<_> = gone.chain(come).collect();
    let shown = if style.verbose { all.len() } else { all.len().min(MOST_TEXT_LINES) };
    for (action, line) in &all[..shown] {
        let line = cut(&clean(line), style.room(indent + 2));
        let line = style.sign(*action, &format!("{} {line}", action.sign()));
        lines.push(format!("{:indent$}{line}", ""));
    }
    if shown < all.len() {
        let more = format!("and {} more lines (all with --verbose)", all.len() - shown);
        lines.push(format!("{:indent$}{}", "", style.dim(&more)));
    }
    if all.is_empty() {
        lines.push(format!("{:indent$}{}", "", style.dim("(only line ends differ)")));
    }
}
