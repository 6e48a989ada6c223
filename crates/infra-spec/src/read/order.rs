//! `after` must lead to a beginning: circles are found and shown whole.

use std::collections::HashMap;

use crate::error::{Code, Problems};
use crate::model::{ItemReference, StackItem};
use crate::source::Location;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Reports every circle of `after` once, at the item of the circle that stands first in the file.
pub(crate) fn check_order(items: &[StackItem], places: &[Location], problems: &mut Problems) {
    let mut index: HashMap<ItemReference, usize> = HashMap::new();
    for (position, item) in items.iter().enumerate() {
        index.entry(item.reference()).or_insert(position);
    }
    let edges: Vec<Vec<usize>> = items
        .iter()
        .map(|item| item.after.iter().filter_map(|after| index.get(after).copied()).collect())
        .collect();
    let mut marks = vec![Mark::New; items.len()];
    for start in 0..items.len() {
        if marks[start] == Mark::New {
            walk(start, &edges, &mut marks, &mut |circle| report(circle, items, places, problems));
        }
    }
}

/// Depth first with a stack of its own: a long chain must not exhaust that of the thread.
fn walk(start: usize, edges: &[Vec<usize>], marks: &mut [Mark], found: &mut dyn FnMut(&[usize])) {
    let mut path: Vec<(usize, usize)> = vec![(start, 0)];
    marks[start] = Mark::Open;
    while let Some((item, next)) = path.last_mut() {
        let Some(&target) = edges[*item].get(*next) else {
            marks[*item] = Mark::Done;
            path.pop();
            continue;
        };
        *next += 1;
        match marks[target] {
            Mark::New => {
                marks[target] = Mark::Open;
                path.push((target, 0));
            }
            Mark::Open => {
                let from = path.iter().position(|(item, _)| *item == target).unwrap_or(0);
                let circle: Vec<usize> = path[from..].iter().map(|(item, _)| *item).collect();
                found(&circle);
            }
            Mark::Done => {}
        }
    }
}

fn report(circle: &[usize], items: &[StackItem], places: &[Location], problems: &mut Problems) {
    let Some(first) = circle.iter().enumerate().min_by_key(|(_, item)| **item) else { return };
    let turned: Vec<usize> =
        circle[first.0..].iter().chain(&circle[..first.0]).chain([first.1]).copied().collect();
    let names: Vec<&str> = turned.iter().map(|item| items[*item].name.as_str()).collect();
    let summary = format!("`after` goes in a circle: {}", names.join(" -> "));
    if let Some(place) = places.get(*first.1) {
        let error = place.error(Code::Cycle, summary);
        problems.push(error.with_note("each of them waits for the next"));
    }
}
