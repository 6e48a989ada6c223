//! Overlays: maps key by key, lists of named maps by name, anything else replaces; `null` removes.
//!
//! A value keeps the place where it stands, so that errors point into the file that won.

use super::tree::{Entry, Map, Node, NodeValue};
use crate::error::{Code, Problems};

/// Turns `cluster: X` into `clusters: { main: X }`, so that files of both forms overlay each other.
pub(crate) fn normalise_cluster(root: &mut Node, problems: &mut Problems) {
    let NodeValue::Map(map) = &mut root.value else { return };
    let Some(index) = map.entries.iter().position(|entry| entry.key == "cluster") else { return };
    if let Some(other) = map.entries.iter().find(|entry| entry.key == "clusters") {
        let error = map.entries[index]
            .key_location
            .error(Code::Conflict, "`cluster` and `clusters` in one file")
            .with_help("short for `clusters: { main: ... }`")
            .with_note(format!("`clusters` stands at {}", other.key_location));
        problems.push(error);
        map.entries.remove(index);
        return;
    }
    let Entry { key_location, node, .. } = map.entries.remove(index);
    let main = Entry { key: "main".to_owned(), key_location: key_location.clone(), node };
    let clusters = Node::new(key_location.clone(), NodeValue::Map(Map { entries: vec![main] }));
    map.entries.insert(index, Entry { key: "clusters".to_owned(), key_location, node: clusters });
}

/// Lays `overlay` over `base`.
pub(crate) fn merge(base: &mut Node, overlay: Node) {
    match (&mut base.value, overlay) {
        (NodeValue::Map(base), Node { value: NodeValue::Map(overlay), .. }) => {
            merge_maps(base, overlay);
        }
        (NodeValue::List(list), Node { value: NodeValue::List(overlay), .. })
            if named(list) && named(&overlay) =>
        {
            merge_named(list, overlay);
        }
        (_, overlay) => *base = overlay,
    }
}

fn merge_maps(base: &mut Map, overlay: Map) {
    for entry in overlay.entries {
        let found = base.entries.iter().position(|old| old.key == entry.key);
        match found {
            Some(index) if entry.node.is_null() => {
                base.entries.remove(index);
            }
            Some(index) => merge(&mut base.entries[index].node, entry.node),
            None => base.entries.push(entry),
        }
    }
}

/// The name by which lists are overlaid: `name`, or what a stack item uses.
pub(crate) fn item_name(node: &Node) -> Option<&str> {
    node.get("name").or_else(|| node.get("use")).and_then(Node::as_str)
}

fn named(list: &[Node]) -> bool {
    !list.is_empty() && list.iter().all(|node| item_name(node).is_some())
}

fn merge_named(base: &mut Vec<Node>, overlay: Vec<Node>) {
    for node in overlay {
        let found = base.iter().position(|old| item_name(old) == item_name(&node));
        match found {
            Some(index) => merge(&mut base[index], node),
            None => base.push(node),
        }
    }
}
