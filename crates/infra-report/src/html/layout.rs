//! A layered layout of the graph of resources: each stands right of everything that it needs.

use std::collections::{HashMap, HashSet};

use crate::model::{Row, RunModel};

/// What stands at a place of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A resource: a row of the run.
    Row(usize),
    /// Room for an edge that passes the layer.
    Passage,
}

/// The graph of the rows of a run.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) rows: Vec<Row>,
    /// What is placed; rows first, in their order.
    pub(super) spots: Vec<Spot>,
    /// Numbers of spots by layer, from top to bottom.
    pub(super) layers: Vec<Vec<usize>>,
    /// The spots along each edge, from what is needed to what needs it. Edges that follow from others are left out.
    pub(super) edges: Vec<Vec<usize>>,
}

impl Layout {
    /// The layout of at most `most` rows; of more, only the rows are given.
    pub(super) fn of(model: &RunModel, most: usize) -> Self {
        let rows: Vec<Row> = model.groups().into_iter().flat_map(|group| group.rows).collect();
        if rows.len() > most {
            return Self { rows, ..Self::default() };
        }
        let mut row_of: HashMap<u32, usize> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            row_of.extend(row.operations.iter().map(|id| (*id, index)));
        }
        let mut needs: Vec<HashSet<usize>> = vec![HashSet::new(); rows.len()];
        for operation in model.operations.values() {
            let Some(of) = row_of.get(&operation.id) else { continue };
            let before = operation.after.iter().filter_map(|id| row_of.get(id));
            needs[*of].extend(before.filter(|before| *before != of));
        }
        let depth = depths(&needs);
        let mut layers = vec![Vec::new(); depth.iter().max().map_or(0, |most| most + 1)];
        for (index, depth) in depth.iter().enumerate() {
            layers[*depth].push(index);
        }
        let mut spots: Vec<Spot> = (0..rows.len()).map(Spot::Row).collect();
        let mut edges = Vec::new();
        for (from, to) in reduced(&needs, &depth) {
            let mut along = vec![from];
            for layer in &mut layers[depth[from] + 1..depth[to]] {
                layer.push(spots.len());
                along.push(spots.len());
                spots.push(Spot::Passage);
            }
            along.push(to);
            edges.push(along);
        }
        let steps: Vec<(usize, usize)> = edges
            .iter()
            .flat_map(|along| along.windows(2).map(|pair| (pair[0], pair[1])))
            .collect();
        order(&mut layers, &steps);
        Self { rows, spots, layers, edges }
    }
}

/// The length of the longest path to each row. Rows can need each other where operations of two resources interleave; the number of
/// passes bounds what such a cycle can do.
fn depths(needs: &[HashSet<usize>]) -> Vec<usize> {
    let mut depth = vec![0_usize; needs.len()];
    for _ in 0..needs.len().min(60) {
        let mut changed = false;
        for (index, needed) in needs.iter().enumerate() {
            let least = needed.iter().map(|before| depth[*before] + 1).max().unwrap_or(0);
            if depth[index] < least {
                depth[index] = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    depth
}

/// The edges that do not follow from others.
fn reduced(needs: &[HashSet<usize>], depth: &[usize]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|index| depth[*index]);
    let mut reach: Vec<HashSet<usize>> = vec![HashSet::new(); needs.len()];
    let mut edges = Vec::new();
    for index in order {
        let before: Vec<usize> =
            needs[index].iter().copied().filter(|other| depth[*other] < depth[index]).collect();
        let indirect: HashSet<usize> =
            before.iter().flat_map(|other| reach[*other].iter().copied()).collect();
        let mut direct: Vec<usize> =
            before.iter().copied().filter(|other| !indirect.contains(other)).collect();
        direct.sort_unstable();
        edges.extend(direct.iter().map(|other| (*other, index)));
        reach[index] = before.into_iter().chain(indirect).collect();
    }
    edges
}

/// Orders each layer by the mean place of the neighbours, to and fro, so that few edges cross.
#[allow(clippy::cast_precision_loss)]
fn order(layers: &mut [Vec<usize>], edges: &[(usize, usize)]) {
    let mut place: HashMap<usize, f64> = HashMap::new();
    for layer in layers.iter() {
        place.extend(layer.iter().enumerate().map(|(at, index)| (*index, at as f64)));
    }
    for pass in 0..6 {
        let forward = pass % 2 == 0;
        let count = layers.len();
        for step in 0..count {
            let layer = &mut layers[if forward { step } else { count - 1 - step }];
            let mean = |index: usize| {
                let near: Vec<f64> = edges
                    .iter()
                    .filter_map(|(from, to)| match forward {
                        true if *to == index => place.get(from),
                        false if *from == index => place.get(to),
                        _ => None,
                    })
                    .copied()
                    .collect();
                let own = place.get(&index).copied().unwrap_or(0.0);
                if near.is_empty() { own } else { near.iter().sum::<f64>() / near.len() as f64 }
            };
            let mut keyed: Vec<(f64, usize)> =
                layer.iter().map(|index| (mean(*index), *index)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            *layer = keyed.into_iter().map(|(_, index)| index).collect();
            place.extend(layer.iter().enumerate().map(|(at, index)| (*index, at as f64)));
        }
    }
}
