//! Where boxes and edges go: columns by the longest path, few crossings, neighbours near each other.
//!
//! The layered method of Sugiyama, Tagawa and Toda (1981): layers, then the order within layers, then coordinates. An edge over
//! several layers gets a joint in each layer that it crosses, which takes part in the order, so that edges bend around boxes.

use super::Picture;
use super::order::{Layers, ordered};

/// Height of a box, in pixels.
pub(super) const BOX_HEIGHT: f64 = 44.0;
/// Room between two boxes above each other.
const GAP: f64 = 16.0;
/// Height of a joint of an edge.
const JOINT_HEIGHT: f64 = 6.0;
/// Room between two columns, for the curves.
const COLUMN_GAP: f64 = 72.0;
/// Width of a character of the larger line, about right for the usual sans-serif fonts.
const CHARACTER: f64 = 7.4;
/// Edges over more layers than this get no joints: a picture of thousands of layers has no readable curves anyway.
const MOST_JOINTS: usize = 64;

/// A placed box.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
}

/// A placed picture.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// By shape.
    pub(super) places: Vec<Place>,
    /// By edge: the points that its curve goes through, from the right side of a box to the left side of another.
    pub(super) curves: Vec<Vec<(f64, f64)>>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Places everything.
pub(super) fn layout(picture: &Picture) -> Layout {
    let (layers, joints) = layers(picture);
    let columns = ordered(&layers);
    let widths: Vec<f64> = picture.shapes.iter().map(width).collect();
    let width_of = |item: usize| widths.get(item).copied().unwrap_or_default();
    let height_of =
        |item: usize| if item < picture.shapes.len() { BOX_HEIGHT } else { JOINT_HEIGHT };
    let centers = centers(&layers, &columns, &height_of);
    let mut places = vec![Place::default(); layers.layer.len()];
    let mut x = 0.0;
    for column in &columns {
        let widest = column.iter().map(|item| width_of(*item)).fold(0.0, f64::max);
        for item in column {
            places[*item] = Place { x, y: centers[*item], width: widest };
        }
        x += widest + COLUMN_GAP;
    }
    let curves = picture
        .edges
        .iter()
        .zip(&joints)
        .map(|((from, to), joints)| curve(&places, *from, joints, *to))
        .collect();
    let height = places.iter().map(|place| place.y).fold(0.0, f64::max) + BOX_HEIGHT / 2.0;
    places.truncate(picture.shapes.len());
    Layout { places, curves, width: (x - COLUMN_GAP).max(0.0), height }
}

/// The points of an edge; a joint is crossed along its whole width, so that curves pass between boxes.
fn curve(places: &[Place], from: usize, joints: &[usize], to: usize) -> Vec<(f64, f64)> {
    let (start, end) = (places[from], places[to]);
    let mut points = vec![(start.x + start.width, start.y)];
    for joint in joints {
        let place = places[*joint];
        points.push((place.x, place.y));
        points.push((place.x + place.width, place.y));
    }
    points.push((end.x, end.y));
    points
}

fn width(shape: &super::Shape) -> f64 {
    let title = chars(&shape.title()) * CHARACTER;
    let details = chars(&shape.details()) * CHARACTER * 0.84;
    (title.max(details) + 28.0).clamp(120.0, 420.0).round()
}

pub(super) fn chars(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
}

/// The layer of each box by its longest path, and a joint for each layer that an edge crosses.
fn layers(picture: &Picture) -> (Layers, Vec<Vec<usize>>) {
    let mut layer = vec![0_usize; picture.shapes.len()];
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); picture.shapes.len()];
    for (from, to) in &picture.edges {
        needs[*to].push(*from);
    }
    // Edges lead from lower to higher places, so that one pass is enough.
    for place in 0..layer.len() {
        layer[place] = needs[place].iter().map(|from| layer[*from] + 1).max().unwrap_or(0);
    }
    let mut links = Vec::new();
    let mut joints = Vec::with_capacity(picture.edges.len());
    for (from, to) in &picture.edges {
        let between = layer[*from] + 1..layer[*to];
        let mut crossed = Vec::new();
        let mut last = *from;
        for crossed_layer in
            between.clone().take(if between.len() > MOST_JOINTS { 0 } else { usize::MAX })
        {
            let joint = layer.len();
            layer.push(crossed_layer);
            links.push((last, joint));
            crossed.push(joint);
            last = joint;
        }
        links.push((last, *to));
        joints.push(crossed);
    }
    (Layers { layer, links }, joints)
}

/// The vertical centre of each item: near the mean of its neighbours, never over the next one.
fn centers(layers: &Layers, columns: &[Vec<usize>], height: &impl Fn(usize) -> f64) -> Vec<f64> {
    let (left, right) = layers.neighbours();
    let mut centers = vec![0.0; layers.layer.len()];
    for column in columns {
        let mut y = 0.0;
        for item in column {
            centers[*item] = y + height(*item) / 2.0;
            y += height(*item) + GAP;
        }
    }
    for round in 0..6 {
        let forwards = round % 2 == 0;
        let order: Vec<usize> = if forwards {
            (0..columns.len()).collect()
        } else {
            (0..columns.len()).rev().collect()
        };
        for column in order {
            let neighbours = if forwards { &left } else { &right };
            settle(&columns[column], neighbours, &mut centers, height);
        }
    }
    let top = centers
        .iter()
        .enumerate()
        .map(|(item, center)| center - height(item) / 2.0)
        .fold(f64::INFINITY, f64::min);
    centers.iter().map(|center| (center - top).round()).collect()
}

/// Moves the items of a column towards their neighbours, keeping their order and distances.
///
/// Items that press against each other form a block, which sits at the mean of its items' wishes (isotonic regression by pooling).
fn settle(
    column: &[usize],
    neighbours: &[Vec<usize>],
    centers: &mut [f64],
    height: &impl Fn(usize) -> f64,
) {
    // Per item the distance from the first item if all were pressed together; wishes are made relative to it.
    let mut offsets = Vec::with_capacity(column.len());
    let mut offset = 0.0;
    for (place, item) in column.iter().enumerate() {
        if let Some(above) = place.checked_sub(1).map(|above| column[above]) {
            offset += (height(above) + height(*item)) / 2.0 + GAP;
        }
        offsets.push(offset);
    }
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (item, offset) in column.iter().zip(&offsets) {
        let near = &neighbours[*item];
        let wish = if near.is_empty() {
            centers[*item]
        } else {
            near.iter().map(|item| centers[*item]).sum::<f64>() / chars_count(near.len())
        };
        // Those without neighbours yield to those with.
        let weight = if near.is_empty() { 0.1 } else { 1.0 };
        let mut block = ((wish - offset) * weight, weight, 1);
        while let Some(above) = blocks.last().filter(|above| above.0 / above.1 > block.0 / block.1)
        {
            block = (block.0 + above.0, block.1 + above.1, block.2 + above.2);
            blocks.pop();
        }
        blocks.push(block);
    }
    let positions =
        blocks.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
    for ((item, offset), position) in column.iter().zip(&offsets).zip(positions) {
        centers[*item] = position + offset;
    }
}

fn chars_count(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
