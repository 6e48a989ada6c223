//! The objects of an item as rows: what changes first, what comes or goes in long lists only counted by kind.

use indexmap::IndexMap;
use infra_event::Action;

use super::Entry;
use super::fields;
use super::style::{Style, clean};
use crate::Row;

/// How many objects that come or go are listed unless everything is.
const MOST_ROWS: usize = 10;

/// The rows of an entry.
pub(super) fn lines(entry: &Entry<'_>, style: &Style) -> Vec<String> {
    let rows: Vec<_> =
        entry.main.rows.iter().filter_map(|row| Some((row, action_of(row, entry)?))).collect();
    let whole = |action: Action| matches!(action, Action::Create | Action::Delete);
    let listed = if style.verbose || rows.len() <= MOST_ROWS + 2 { usize::MAX } else { MOST_ROWS };
    let (mut lines, mut left) = (Vec::new(), listed);
    let mut hidden: IndexMap<(Action, &str), usize> = IndexMap::new();
    for (row, action) in &rows {
        // What is changed in place is never hidden: that is what a reader looks for.
        if whole(*action) && left == 0 {
            *hidden.entry((*action, kind(row, entry))).or_default() += 1;
            continue;
        }
        left -= usize::from(whole(*action));
        let sign = style.sign(*action, &format!("{:>3}", action.sign()));
        lines.push(format!("    {sign} {}", clean(name(row, entry))));
        if !whole(*action) || style.verbose {
            lines.extend(fields::lines(&row.changes, *action, 10, style));
        }
    }
    for action in [Action::Create, Action::Delete] {
        let counts: Vec<_> = hidden.iter().filter(|((of, _), _)| *of == action).collect();
        let sum: usize = counts.iter().map(|(_, count)| **count).sum();
        if sum > 0 {
            let kinds: Vec<_> = counts
                .iter()
                .map(|((_, kind), count)| format!("{count} {}", clean(kind)))
                .collect();
            let more = format!("and {sum} more: {} (all with --verbose)", kinds.join(", "));
            let sign = style.sign(action, &format!("{:>3}", action.sign()));
            lines.push(format!("    {sign} {}", style.dim(&more)));
        }
    }
    let same = entry.main.rows.len() - rows.len();
    if same > 0 {
        let stay = match same {
            1 => "1 object stays as it is".to_owned(),
            same => format!("{same} objects stay as they are"),
        };
        lines.push(format!("        {}", style.dim(&stay)));
    }
    lines
}

/// What happens to an object: all objects of what is made are made, all of what goes go.
fn action_of(row: &Row, entry: &Entry<'_>) -> Option<Action> {
    match entry.action {
        Action::Create => Some(row.action.unwrap_or(Action::Create)),
        Action::Replace => Some(Action::Create),
        Action::Delete => Some(Action::Delete),
        _ => row.action,
    }
}

/// The object's name within its item: `Deployment.apps/arl/notebook`.
fn name<'row>(row: &'row Row, entry: &Entry<'_>) -> &'row str {
    let all = row.address.as_str();
    all.strip_prefix(entry.address.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(all)
}

fn kind<'row>(row: &'row Row, entry: &Entry<'_>) -> &'row str {
    let name = name(row, entry);
    name.split('/').next().unwrap_or(name)
}
