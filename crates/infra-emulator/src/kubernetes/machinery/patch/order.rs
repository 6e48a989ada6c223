//! The order of merged lists: items of the patch in its order, others in the order they had, interleaved as they stood.

use serde_json::Value;

/// Brings a merged list into order. `given` are the items (or their keys) of the patch, `before` the list as it was.
pub(super) fn normalised(
    merged: Vec<Value>,
    given: &[Value],
    before: &[Value],
    key: Option<&str>,
) -> Vec<Value> {
    let same = |a: &Value, b: &Value| match key {
        Some(key) => a.get(key).is_some() && a.get(key) == b.get(key),
        None => a == b,
    };
    let place = |list: &[Value], item: &Value| list.iter().position(|own| same(own, item));
    let (mut patched, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| place(given, item).is_some());
    patched.sort_by_key(|item| place(given, item));
    others.sort_by_key(|item| place(before, item).unwrap_or(usize::MAX));
    let mut out = Vec::with_capacity(patched.len() + others.len());
    let (mut left, mut right) = (others.into_iter().peekable(), patched.into_iter().peekable());
    while let (Some(other), Some(item)) = (left.peek(), right.peek()) {
        let first = match (place(before, other), place(before, item)) {
            (Some(a), Some(b)) if a < b => left.next(),
            _ => right.next(),
        };
        out.extend(first);
    }
    out.extend(left);
    out.extend(right);
    out
}
