//! The secret texts of a tree, to be hidden wherever a message would show them.

use super::tree::{Node, NodeValue, cut};

/// Shorter values are no secrets, and would be found in the middle of innocent words.
const SHORTEST_HIDDEN: usize = 4;

impl Node {
    /// What messages must not show, and what stands there instead; longer texts first, as one may be part of another.
    pub(crate) fn hidden_texts(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        collect(self, &mut found);
        found.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        found.dedup();
        found
    }
}

fn collect(node: &Node, found: &mut Vec<(String, String)>) {
    match &node.value {
        NodeValue::Map(map) => map.iter().for_each(|entry| collect(&entry.node, found)),
        NodeValue::List(list) => list.iter().for_each(|node| collect(node, found)),
        NodeValue::String(text) if node.is_secret() => {
            // Messages cut long texts: what is left of them must not show either.
            let start = cut(text);
            for text in [text.as_str(), start.trim_end_matches("...")] {
                if text.len() >= SHORTEST_HIDDEN {
                    found.push((text.to_owned(), "(secret)".to_owned()));
                }
            }
        }
        _ => {}
    }
}
