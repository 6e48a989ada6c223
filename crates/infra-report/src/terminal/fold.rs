//! How much of a group is shown: rows one by one, or folded into a count.

use super::frame::Frame;
use super::row::{Place, label_columns, row_lines};
use crate::model::{Group, Phase, Row, RowState, RunModel};
use crate::text::{Line, Style, Symbols, duration};

/// How much detail is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detail {
    /// How many finished rows a group may have before they are folded.
    pub(crate) finished: usize,
    /// How many pending rows of a group are shown; the rest is counted.
    pub(crate) pending: usize,
    /// Whether rows may take more than one line, for reasons, objects and logs.
    pub(crate) extras: bool,
}

impl Detail {
    /// From much to little.
    pub(crate) const LEVELS: [Self; 6] = [
        Self { finished: 5, pending: 5, extras: true },
        Self { finished: 3, pending: 3, extras: true },
        Self { finished: 0, pending: 3, extras: true },
        Self { finished: 0, pending: 1, extras: true },
        Self { finished: 0, pending: 0, extras: true },
        Self { finished: 0, pending: 0, extras: false },
    ];
    /// Everything, for the picture that stays.
    pub(crate) const ALL: Self = Self { finished: 60, pending: 60, extras: false };
}

/// The rows that matter most on a small terminal, in this order: failed, blocked, tried again, and whatever else is under way.
pub(crate) fn pressing<'a>(
    model: &'a RunModel,
    groups: &'a [Group],
) -> Vec<(&'a Row, RowState<'a>)> {
    let rank = |phase: &Phase| match phase {
        Phase::Failed => Some(0),
        Phase::Waiting { blocked: Some(_), .. } => Some(1),
        Phase::Retrying { .. } => Some(2),
        phase if phase.is_active() => Some(3),
        _ => None,
    };
    let rows = groups.iter().flat_map(|group| &group.rows);
    let states = rows.filter_map(|row| Some((row, model.row_state(row)?)));
    let mut rows: Vec<_> =
        states.filter_map(|(row, state)| Some((rank(&state.current.phase)?, row, state))).collect();
    rows.sort_by_key(|(rank, ..)| *rank);
    rows.into_iter().map(|(_, row, state)| (row, state)).collect()
}

/// The lines of some rows, one each, without the groups that they are in.
pub(crate) fn flat_lines(
    model: &RunModel,
    rows: &[(&Row, RowState<'_>)],
    frame: &Frame,
) -> Vec<Line> {
    let flat: Vec<Row> = rows.iter().map(|(row, _)| Row { depth: 0, ..(*row).clone() }).collect();
    let columns = label_columns(&flat, 0, frame.size.columns);
    let place = Place { frame, indent: 0, columns, extras: false };
    let states = rows.iter().map(|(_, state)| state);
    flat.iter().zip(states).flat_map(|(row, state)| row_lines(model, row, state, &place)).collect()
}

/// The lines of a group.
pub(crate) fn group_lines(
    model: &RunModel,
    group: &Group,
    frame: &Frame,
    detail: &Detail,
) -> Vec<Line> {
    let symbols = frame.symbols();
    let rows: Vec<(&Row, RowState<'_>)> =
        group.rows.iter().filter_map(|row| Some((row, model.row_state(row)?))).collect();
    let indent = if group.cluster.is_some() { 2 } else { 0 };
    let finished: Vec<_> = rows.iter().filter(|(_, state)| is_done(state)).collect();
    let pending: Vec<_> = rows.iter().filter(|(_, state)| is_pending(state)).collect();
    let mut lines = Vec::new();
    if let Some(cluster) = &group.cluster {
        let mut line = Line::new().with(Style::Strong, cluster);
        line.push(Style::Dim, format!("  {} of {} done", finished.len(), rows.len()));
        lines.push(line);
    }
    let fold_finished = finished.len() > detail.finished;
    if fold_finished {
        let seconds = finished.iter().map(|(_, state)| state.seconds).fold(0.0, f64::max);
        let addresses = finished.iter().map(|(row, _)| row.address.as_str());
        let mut line = folded(indent, symbols, symbols.done, Style::Good, "done", addresses);
        line.push(Style::Dim, format!(" (longest {})", duration(seconds)));
        lines.push(line);
    }
    let columns = label_columns(&group.rows, indent, frame.size.columns);
    let place = Place { frame, indent, columns, extras: detail.extras };
    let mut shown_pending = 0;
    for (row, state) in &rows {
        if fold_finished && is_done(state) {
            continue;
        }
        if is_pending(state) {
            shown_pending += 1;
            if shown_pending > detail.pending {
                continue;
            }
        }
        lines.extend(row_lines(model, row, state, &place));
    }
    if pending.len() > detail.pending {
        let addresses = pending.iter().skip(detail.pending).map(|(row, _)| row.address.as_str());
        let word = if detail.pending == 0 { "pending" } else { "more pending" };
        lines.push(folded(indent, symbols, symbols.pending, Style::Dim, word, addresses));
    }
    lines
}

/// `✓ 5 done: cluster.main, node_pool.main/default, …`.
fn folded<'a>(
    indent: usize,
    symbols: &Symbols,
    sign: &str,
    style: Style,
    word: &str,
    addresses: impl Iterator<Item = &'a str>,
) -> Line {
    let addresses: Vec<&str> = addresses.collect();
    let mut line = Line::plain(" ".repeat(indent));
    line.push(style, format!("{sign} "));
    line.push(Style::Plain, format!("{} {word}: ", addresses.len()));
    let mut names = addresses.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    if addresses.len() > 3 {
        names.push_str(", ");
        names.push_str(symbols.ellipsis);
    }
    line.push(Style::Dim, names);
    line
}

fn is_done(state: &RowState<'_>) -> bool {
    state.over && state.current.phase == Phase::Succeeded
}

/// Whether nothing of it has been started.
fn is_pending(state: &RowState<'_>) -> bool {
    state.current.phase == Phase::Pending
}
