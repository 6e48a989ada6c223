//! One picture of the live tree: pure, from the state of the run to lines that fit a size.

use infra_event::Severity;

use super::fold::{Detail, flat_lines, group_lines, pressing};
use crate::model::{Group, Phase, RunModel};
use crate::text::{Appearance, Line, Style, Symbols, about, count, duration};

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters in a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
}

/// How a picture of the tree is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it must fit in.
    pub size: Size,
    /// What may be used.
    pub appearance: Appearance,
    /// Step of the spinner.
    pub step: usize,
}

impl Frame {
    pub(crate) fn symbols(&self) -> &'static Symbols {
        Symbols::of(self.appearance.unicode)
    }
}

/// The live tree at the moment of `model`: a heading, the groups in as much detail as fits, and a line that sums up. Never wider or
/// higher than the size of the frame.
pub fn frame_lines(model: &RunModel, frame: &Frame) -> Vec<Line> {
    let Size { columns, rows } = frame.size;
    let mut above = vec![heading(model)];
    let mut below = Vec::new();
    if let Some(line) = notice(model, frame) {
        below.push(line);
    }
    if let Some(holder) = &model.lock_holder {
        let text = format!("waiting for the lock, held by {holder}");
        above.push(Line::new().with(Style::Warn, text));
    }
    below.push(footer(model, frame));
    let room = rows.saturating_sub(above.len() + below.len());
    let mut lines = above;
    lines.extend(fitting(model, &model.groups(), frame, room));
    lines.extend(below);
    let surplus = lines.len().saturating_sub(rows.max(1));
    // On a terminal of one or two lines the line that sums up is what stays.
    lines.drain(..surplus);
    lines.into_iter().map(|line| line.cut(columns, frame.symbols().ellipsis)).collect()
}

/// The groups in the most detail that fits into `room` lines.
fn fitting(model: &RunModel, groups: &[Group], frame: &Frame, room: usize) -> Vec<Line> {
    let pressing = pressing(model, groups);
    if pressing.len() < room {
        for detail in Detail::LEVELS {
            let lines = tree(model, groups, frame, &detail);
            if lines.len() <= room {
                return lines;
            }
        }
    }
    let fits = pressing.len() <= room;
    let shown = if fits { pressing.len() } else { room.saturating_sub(1) };
    let mut lines = flat_lines(model, pressing.get(..shown).unwrap_or_default(), frame);
    if !fits && room > 0 {
        let text = format!("{} and {} more", frame.symbols().ellipsis, pressing.len() - shown);
        lines.push(Line::new().with(Style::Dim, text));
    }
    lines
}

/// The groups in a chosen detail.
pub(crate) fn tree(
    model: &RunModel,
    groups: &[Group],
    frame: &Frame,
    detail: &Detail,
) -> Vec<Line> {
    groups.iter().flat_map(|group| group_lines(model, group, frame, detail)).collect()
}

pub(crate) fn heading(model: &RunModel) -> Line {
    let mut line = Line::new();
    let command = if model.command.is_empty() { "run" } else { &model.command };
    line.push(Style::Strong, format!("{command} {}", model.name).trim_end());
    if model.rehearsed {
        line.push(Style::Dim, " (rehearsed)");
    }
    line
}

/// The latest warning, or how many there are, since a frame has no room for all of them.
fn notice(model: &RunModel, frame: &Frame) -> Option<Line> {
    let number = model.diagnostics_of(Severity::Warning).count();
    let last = model.diagnostics_of(Severity::Warning).last()?;
    let mut line = Line::new().with(Style::Warn, format!("{} ", frame.symbols().blocked));
    line.push(Style::Warn, count(number, "warning"));
    line.push(Style::Plain, format!(": {last}"));
    Some(line)
}

/// `━━━━━━━──────  7 of 14 done · 2 running · 1 waiting        1m12s, about 3m left`.
fn footer(model: &RunModel, frame: &Frame) -> Line {
    let symbols = frame.symbols();
    let columns = frame.size.columns;
    let total = model.operations.len();
    let done = model.count(|phase| *phase == Phase::Succeeded);
    let bar = match columns {
        0..40 => 0,
        40..100 => columns / 8,
        _ => 20,
    };
    let filled = (done * bar).checked_div(total).unwrap_or(0);
    let mut line = Line::new();
    line.push(Style::Good, symbols.bar_done.repeat(filled));
    line.push(Style::Dim, symbols.bar_open.repeat(bar - filled));
    line.push(Style::Plain, format!("{}{done} of {total} done", if bar > 0 { " " } else { "" }));
    let parts: [(&str, Style, usize); 6] = [
        ("running", Style::Accent, model.count(|phase| *phase == Phase::Running)),
        ("waiting", Style::Accent, model.count(|phase| matches!(phase, Phase::Waiting { .. }))),
        ("retrying", Style::Warn, model.count(|phase| matches!(phase, Phase::Retrying { .. }))),
        ("failed", Style::Bad, model.count(|phase| *phase == Phase::Failed)),
        ("skipped", Style::Warn, model.count(|phase| *phase == Phase::Skipped)),
        ("cancelled", Style::Warn, model.count(|phase| *phase == Phase::Cancelled)),
    ];
    for (word, style, number) in parts.into_iter().filter(|(.., number)| *number > 0) {
        line.push(Style::Dim, symbols.separator);
        line.push(style, format!("{number} {word}"));
    }
    let mut right = Line::new().with(Style::Strong, duration(model.seconds()));
    if let Some(left) = model.expected_left().filter(|_| columns >= 40) {
        right.push(Style::Dim, format!(", {} left", about(left)));
    }
    justify(line, right, columns, symbols.ellipsis)
}

/// Puts `right` at the right edge; `left` is cut if there is no room for both.
pub(crate) fn justify(left: Line, right: Line, columns: usize, ellipsis: &str) -> Line {
    let room = columns.saturating_sub(right.width() + 2);
    let mut line = left.cut(room, ellipsis);
    line.pad(columns.saturating_sub(right.width()));
    line.append(right);
    line
}
