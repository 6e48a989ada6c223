//! [`Picture`]: what is drawn, before anything is placed.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};
use infra_event::Action;

use crate::show::entries;
use crate::{Address, Graph, Node, Operation, Ownership, Plan};

/// Pictures with more boxes keep the edges that follow from others: finding those takes memory by the square.
const MOST_REDUCED: usize = 5_000;

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Address of the resource.
    pub address: Address,
    /// Kind and provider.
    pub subtitle: String,
    /// What happens to it; `None` if nothing, or if no plan is drawn.
    pub action: Option<Action>,
    /// Whose it is.
    pub ownership: Ownership,
    /// How many objects it consists of.
    pub objects: usize,
}

/// Boxes and the edges between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// The boxes, each after those that it needs where that is possible.
    pub shapes: Vec<Shape>,
    /// From what is needed to what needs it, as places in `shapes`; free of cycles.
    pub edges: Vec<(usize, usize)>,
    /// Whether it shows a plan, with what happens to each box.
    pub of_plan: bool,
}

impl Picture {
    /// The desired resources.
    pub fn of_graph(graph: &Graph) -> Self {
        let shapes: IndexMap<_, _> =
            graph.nodes().map(|node| (&node.address, Shape::of_node(node, None))).collect();
        let needs = graph.nodes().map(|node| (&node.address, node.dependencies()));
        Self::new(shapes, needs.collect(), false)
    }

    /// The desired resources and those that go, with what happens to each.
    pub fn of_plan(plan: &Plan) -> Self {
        let entries = entries(plan);
        let actions: BTreeMap<_, _> =
            entries.iter().map(|entry| (entry.address, entry.action)).collect();
        // A plan of `down` is about what is there, not about what the file says.
        let desired = || plan.graph.nodes().filter(|_| !plan.destroy);
        let mut shapes: IndexMap<_, _> = desired()
            .map(|node| (&node.address, Shape::of_node(node, actions.get(&node.address).copied())))
            .collect();
        let mut needs: BTreeMap<_, _> =
            desired().map(|node| (&node.address, node.dependencies())).collect();
        // What goes is listed dependents first, so that the reverse has each after what it needs.
        for entry in entries.iter().rev() {
            if !shapes.contains_key(entry.address) {
                shapes.insert(entry.address, Shape::of_operation(entry.main, entry.action));
                needs.insert(entry.address, entry.main.depends_on.iter().cloned().collect());
            }
        }
        Self::new(shapes, needs, true)
    }

    fn new(
        shapes: IndexMap<&Address, Shape>,
        needs: BTreeMap<&Address, std::collections::BTreeSet<Address>>,
        of_plan: bool,
    ) -> Self {
        let mut edges = IndexSet::new();
        for (place, address) in shapes.keys().enumerate() {
            for needed in needs.get(address).into_iter().flatten() {
                // An edge against the order could close a cycle; only records of different runs can have such.
                if let Some(from) = shapes.get_index_of(needed).filter(|from| *from < place) {
                    edges.insert((from, place));
                }
            }
        }
        let edges = reduced(shapes.len(), edges.into_iter().collect());
        Self { shapes: shapes.into_values().collect(), edges, of_plan }
    }
}

impl Shape {
    fn of_node(node: &Node, action: Option<Action>) -> Self {
        Self {
            address: node.address.clone(),
            subtitle: format!("{} ({})", node.kind, node.provider),
            action,
            ownership: node.ownership,
            objects: node.rows.len(),
        }
    }

    fn of_operation(operation: &Operation, action: Action) -> Self {
        Self {
            address: operation.address.clone(),
            subtitle: format!("{} ({})", operation.kind, operation.provider),
            action: Some(action),
            ownership: operation.ownership,
            objects: operation.rows.len(),
        }
    }

    /// The second line: kind, provider, objects, ownership.
    pub(super) fn details(&self) -> String {
        let mut details = self.subtitle.clone();
        match self.objects {
            0 => {}
            1 => details.push_str(", 1 object"),
            count => details.push_str(&format!(", {count} objects")),
        }
        match self.ownership {
            Ownership::Owned => {}
            Ownership::Adopted => details.push_str(", adopted"),
            Ownership::Referenced => details.push_str(", referenced"),
        }
        details
    }

    /// The first line: sign and address.
    pub(super) fn title(&self) -> String {
        match self.action {
            Some(action) => format!("{} {}", action.sign(), self.address),
            None => self.address.to_string(),
        }
    }
}

/// The edges without those that follow from others. Every edge leads from a lower to a higher place.
fn reduced(count: usize, edges: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    if count > MOST_REDUCED {
        return edges;
    }
    let words = count.div_ceil(64);
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (from, to) in &edges {
        needs[*to].push(*from);
    }
    // For each box all that it needs, directly or not, as bits.
    let mut all = vec![0_u64; words * count];
    let mut kept = Vec::with_capacity(edges.len());
    for (to, direct) in needs.iter_mut().enumerate() {
        // The highest first: what a lower one needs cannot lead to a higher one.
        direct.sort_unstable_by(|a, b| b.cmp(a));
        let (before, rest) = all.split_at_mut(to * words);
        let mine = &mut rest[..words];
        for from in direct.iter().copied() {
            if mine[from / 64] >> (from % 64) & 1 == 1 {
                continue;
            }
            kept.push((from, to));
            mine[from / 64] |= 1 << (from % 64);
            for (mine, theirs) in mine.iter_mut().zip(&before[from * words..(from + 1) * words]) {
                *mine |= theirs;
            }
        }
    }
    kept.sort_unstable();
    kept
}
