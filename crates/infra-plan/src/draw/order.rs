//! The order of items within layers: barycentre sweeps, the best order of all sweeps kept.

/// Items by layer, and the links between items of neighbouring layers.
pub(super) struct Layers {
    /// The layer of each item.
    pub(super) layer: Vec<usize>,
    /// From an item to one of a later layer.
    pub(super) links: Vec<(usize, usize)>,
}

/// More links than this between two layers are not counted for crossings: the picture is beyond neatness.
const MOST_COUNTED: usize = 4_000;

impl Layers {
    /// For each item those that link to it, and those that it links to.
    pub(super) fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut left = vec![Vec::new(); self.layer.len()];
        let mut right = vec![Vec::new(); self.layer.len()];
        for (from, to) in &self.links {
            left[*to].push(*from);
            right[*from].push(*to);
        }
        (left, right)
    }
}

/// The items of each layer from top to bottom.
pub(super) fn ordered(layers: &Layers) -> Vec<Vec<usize>> {
    let count = layers.layer.iter().max().map_or(0, |last| last + 1);
    let mut columns = vec![Vec::new(); count];
    for (item, layer) in layers.layer.iter().enumerate() {
        columns[*layer].push(item);
    }
    let (left, right) = layers.neighbours();
    let mut best = columns.clone();
    let mut fewest = crossings(&columns, &right);
    for round in 0..8 {
        if fewest == 0 {
            break;
        }
        let mut place = vec![0.0; layers.layer.len()];
        for column in &columns {
            number(column, &mut place);
        }
        let forwards = round % 2 == 0;
        for step in 0..columns.len() {
            let at = if forwards { step } else { columns.len() - 1 - step };
            sort(&mut columns[at], if forwards { &left } else { &right }, &mut place);
        }
        let crossed = crossings(&columns, &right);
        if crossed < fewest {
            fewest = crossed;
            best.clone_from(&columns);
        }
    }
    best
}

fn number(column: &[usize], place: &mut [f64]) {
    for (index, item) in column.iter().enumerate() {
        place[*item] = f64::from(u32::try_from(index).unwrap_or(u32::MAX));
    }
}

/// Sorts a column by the mean place of each item's neighbours; items without neighbours keep theirs.
fn sort(column: &mut [usize], neighbours: &[Vec<usize>], place: &mut [f64]) {
    let wish = |item: usize| {
        let near = &neighbours[item];
        if near.is_empty() {
            return place[item];
        }
        let count = f64::from(u32::try_from(near.len()).unwrap_or(u32::MAX));
        near.iter().map(|item| place[*item]).sum::<f64>() / count
    };
    let mut wishes: Vec<_> = column.iter().map(|item| (wish(*item), *item)).collect();
    wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (slot, (_, item)) in column.iter_mut().zip(wishes) {
        *slot = item;
    }
    number(column, place);
}

/// How many pairs of links cross.
fn crossings(columns: &[Vec<usize>], right: &[Vec<usize>]) -> usize {
    let items = right.len();
    let mut place = vec![0_usize; items];
    for column in columns {
        for (index, item) in column.iter().enumerate() {
            place[*item] = index;
        }
    }
    columns
        .iter()
        .map(|column| {
            let mut ends: Vec<usize> = Vec::new();
            for item in column {
                let mut mine: Vec<_> = right[*item].iter().map(|to| place[*to]).collect();
                mine.sort_unstable();
                ends.extend(mine);
            }
            if ends.len() > MOST_COUNTED { 0 } else { inversions(&mut ends) }
        })
        .sum()
}

/// Pairs that stand in the wrong order, counted while merging.
fn inversions(ends: &mut [usize]) -> usize {
    if ends.len() < 2 {
        return 0;
    }
    let middle = ends.len() / 2;
    let (low, high) = ends.split_at_mut(middle);
    let mut count = inversions(low) + inversions(high);
    let mut merged = Vec::with_capacity(low.len() + high.len());
    let (mut at_low, mut at_high) = (0, 0);
    while at_low < low.len() || at_high < high.len() {
        if at_high == high.len() || (at_low < low.len() && low[at_low] <= high[at_high]) {
            merged.push(low[at_low]);
            at_low += 1;
        } else {
            count += low.len() - at_low;
            merged.push(high[at_high]);
            at_high += 1;
        }
    }
    ends.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::inversions;

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&mut [0, 1, 2, 3]), 0);
        assert_eq!(inversions(&mut [3, 2, 1, 0]), 6);
        assert_eq!(inversions(&mut [1, 1, 0]), 2);
    }
}
