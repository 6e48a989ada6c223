//! The JSON paths of printer columns: `.spec.size`, `.status.conditions[?(@.type=="Ready")].status`, `.a['b']`, `[0]`, `[*]`.

use serde_json::Value;

/// All values at a path.
pub(super) fn find<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![object];
    let mut rest = path.trim();
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some(end) = closing(inner) else { return Vec::new() };
            found = found.into_iter().flat_map(|value| subscript(value, &inner[..end])).collect();
            rest = &inner[end + 1..];
            continue;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
        let end = key_end(rest);
        let key = rest[..end].replace("\\.", ".");
        if !key.is_empty() {
            found = found.into_iter().filter_map(|value| value.get(&key)).collect();
        }
        rest = &rest[end..];
        if end == 0 && !rest.starts_with(['[', '.']) {
            break;
        }
    }
    found
}

/// Where a key ends: at a dot or bracket that is not escaped.
fn key_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        if !escaped && matches!(c, '.' | '[') {
            return index;
        }
        escaped = c == '\\';
    }
    text.len()
}

/// Where the bracket that is open closes, outside of quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, ']') => return Some(index),
            _ => {}
        }
    }
    None
}

fn subscript<'a>(value: &'a Value, text: &str) -> Vec<&'a Value> {
    let text = text.trim();
    if text == "*" {
        return match value {
            Value::Array(list) => list.iter().collect(),
            Value::Object(map) => map.values().collect(),
            _ => Vec::new(),
        };
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        return items.iter().filter(|item| holds(item, filter)).collect();
    }
    if let Ok(index) = text.parse::<i64>() {
        let Some(list) = value.as_array() else { return Vec::new() };
        let at = if index < 0 {
            list.len().checked_add_signed(isize::try_from(index).unwrap_or(0))
        } else {
            usize::try_from(index).ok()
        };
        return at.and_then(|at| list.get(at)).into_iter().collect();
    }
    let key = text.trim_matches(['\'', '"']);
    value.get(key).into_iter().collect()
}

fn holds(item: &Value, filter: &str) -> bool {
    for (symbol, equal) in [("==", true), ("!=", false)] {
        let Some((path, wanted)) = filter.split_once(symbol) else { continue };
        let wanted = wanted.trim().trim_matches(['\'', '"']);
        let path = path.trim().trim_start_matches('@');
        let same = find(item, path).first().is_some_and(|found| match found {
            Value::String(text) => text == wanted,
            Value::Bool(flag) => wanted == if *flag { "true" } else { "false" },
            other => wanted == other.to_string().as_str(),
        });
        return same == equal;
    }
    !find(item, filter.trim().trim_start_matches('@')).is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::find;

    #[test]
    fn paths() {
        let object = json!({
            "spec": { "size": 3, "x.y": "dotted" },
            "list": [{ "type": "A", "v": 1 }, { "type": "Ready", "v": 2 }],
        });
        for (path, expected) in [
            (".spec.size", vec![json!(3)]),
            (".spec['x.y']", vec![json!("dotted")]),
            (".spec.x\\.y", vec![json!("dotted")]),
            (".list[?(@.type==\"Ready\")].v", vec![json!(2)]),
            (".list[*].v", vec![json!(1), json!(2)]),
            (".list[-1].type", vec![json!("Ready")]),
            (".none.such", vec![]),
        ] {
            let found: Vec<_> = find(&object, path).into_iter().cloned().collect();
            assert_eq!(found, expected, "{path}");
        }
    }
}
