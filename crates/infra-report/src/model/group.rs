//! The tree: operations by resource, resources by stack item and cluster.

use std::collections::{HashMap, HashSet};

use infra_event::Action;

use super::address::Gazetteer;
use super::operation::{Operation, Phase};
use super::run::RunModel;

/// What is done to one resource: its operations (such as create and wait) on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Address of the resource.
    pub address: String,
    /// 0 for a row of the group, 1 for what belongs to the row above it.
    pub depth: usize,
    /// Its operations, in the order of the plan.
    pub operations: Vec<u32>,
}

/// The rows of one cluster, or those outside of any.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name of the cluster; none for what is outside of any.
    pub cluster: Option<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Where a row stands, from the operations in it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowState<'a> {
    /// The operation that matters now: the one that failed, else the one that runs, else the next one, else the last.
    pub current: &'a Operation,
    /// World seconds that its operations have taken.
    pub seconds: f64,
    /// World seconds that its operations should take together; none if nothing is known.
    pub expected: Option<f64>,
    /// Whether nothing more will happen to it.
    pub over: bool,
    /// What is done to the resource, without waiting if more is done.
    pub actions: Vec<Action>,
    /// How many objects belong to it.
    pub objects: usize,
}

impl RunModel {
    /// The tree of the run.
    pub fn groups(&self) -> Vec<Group> {
        let gazetteer = Gazetteer::of(self.operations.values().map(|o| o.address.as_str()));
        let mut groups: Vec<Group> = vec![Group { cluster: None, rows: Vec::new() }];
        let mut items: Vec<(usize, Option<String>, Row)> = Vec::new();
        let mut known_rows: HashMap<&str, usize> = HashMap::new();
        for operation in self.operations.values() {
            let known = known_rows.get(operation.address.as_str());
            if let Some((.., row)) = known.and_then(|index| items.get_mut(*index)) {
                row.operations.push(operation.id);
                continue;
            }
            known_rows.insert(&operation.address, items.len());
            let place = gazetteer.place(&operation.address);
            let known = groups.iter().position(|group| group.cluster == place.cluster);
            let index = known.unwrap_or_else(|| {
                groups.push(Group { cluster: place.cluster.clone(), rows: Vec::new() });
                groups.len() - 1
            });
            let (address, operations) = (operation.address.clone(), vec![operation.id]);
            items.push((index, place.item, Row { address, depth: 0, operations }));
        }
        for (index, group) in groups.iter_mut().enumerate() {
            let of_group = items.iter().filter(|(of, ..)| *of == index);
            group.rows = nest(group.cluster.as_deref(), of_group.map(|(_, item, row)| (item, row)));
        }
        groups.retain(|group| !group.rows.is_empty());
        groups
    }

    /// Where a row stands. None for a row without operations.
    pub fn row_state(&self, row: &Row) -> Option<RowState<'_>> {
        let operations: Vec<&Operation> =
            row.operations.iter().filter_map(|id| self.operations.get(id)).collect();
        let current = current(&operations)?;
        let known = operations.iter().filter_map(|operation| operation.expected_seconds);
        let expected: f64 = known.sum();
        let mut actions: Vec<Action> = operations.iter().filter_map(|o| o.action).collect();
        if actions.iter().any(|action| *action != Action::Wait) {
            actions.retain(|action| *action != Action::Wait);
        }
        actions.dedup();
        Some(RowState {
            current,
            seconds: operations.iter().map(|operation| operation.seconds(self.elapsed)).sum(),
            expected: (expected > 0.0).then_some(expected),
            over: operations.iter().all(|operation| operation.phase.is_over()),
            actions,
            objects: operations.iter().map(|o| o.objects.len()).max().unwrap_or(0),
        })
    }
}

/// The operation of a row that matters now.
fn current<'a>(operations: &[&'a Operation]) -> Option<&'a Operation> {
    let first = |test: &dyn Fn(&Phase) -> bool| {
        operations.iter().find(|operation| test(&operation.phase)).copied()
    };
    first(&|phase| *phase == Phase::Failed)
        .or_else(|| first(&Phase::is_active))
        .or_else(|| first(&|phase| matches!(phase, Phase::Cancelled | Phase::Skipped)))
        .or_else(|| first(&|phase| *phase == Phase::Pending))
        .or_else(|| operations.last().copied())
}

/// Puts the rows of a stack item below the row of the item itself.
fn nest<'a>(
    cluster: Option<&str>,
    rows: impl Iterator<Item = (&'a Option<String>, &'a Row)>,
) -> Vec<Row> {
    let rows: Vec<(&Option<String>, &Row)> = rows.collect();
    let addresses: HashSet<&str> = rows.iter().map(|(_, row)| row.address.as_str()).collect();
    let head_of = |item: &Option<String>| {
        let address = format!("{}/{}", cluster?, item.as_ref()?);
        addresses.contains(address.as_str()).then_some(address)
    };
    let mut children: HashMap<String, Vec<Row>> = HashMap::new();
    let mut heads = Vec::new();
    for (item, row) in rows {
        match head_of(item) {
            Some(head) if head != row.address => {
                children.entry(head).or_default().push(Row { depth: 1, ..row.clone() });
            }
            _ => heads.push(row.clone()),
        }
    }
    let mut nested = Vec::new();
    for head in heads {
        let below = children.remove(&head.address).unwrap_or_default();
        nested.push(head);
        nested.extend(below);
    }
    nested
}
