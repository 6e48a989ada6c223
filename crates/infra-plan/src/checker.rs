//! [`check`]: lints a finished plan for internal consistency, also one that was saved and edited by hand.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::Action;

use crate::{Address, OperationId, PLAN_FORMAT, Plan};

/// What is wrong with a plan, one line each; empty if nothing is.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut problems = Vec::new();
    if plan.format != PLAN_FORMAT {
        problems.push(format!("it has the form {}, this version reads {PLAN_FORMAT}", plan.format));
    }
    check_order(plan, &mut problems);
    check_pairs(plan, &mut problems);
    check_references(plan, &mut problems);
    problems
}

/// Numbers are dense, and each operation stands after those that it needs (so that there is no cycle).
fn check_order(plan: &Plan, problems: &mut Vec<String>) {
    for (index, operation) in plan.operations.iter().enumerate() {
        if operation.id.0 as usize != index {
            problems.push(format!("operation {} stands at place {index}", operation.id));
        }
        for needed in operation.after.iter().filter(|needed| **needed >= operation.id) {
            problems.push(format!(
                "operation {} ({}) waits for {needed}, which comes later",
                operation.id, operation.address
            ));
        }
        if operation.action == Action::Replace {
            problems.push(format!(
                "operation {} is not broken down into deletion and creation",
                operation.id
            ));
        }
    }
}

/// Nothing is made twice, and what is deleted and made anew is deleted first.
fn check_pairs(plan: &Plan, problems: &mut Vec<String>) {
    let mut made: BTreeMap<&Address, OperationId> = BTreeMap::new();
    let mut deleted: BTreeMap<&Address, OperationId> = BTreeMap::new();
    for operation in &plan.operations {
        let seen = match operation.action {
            Action::Create | Action::Adopt => made.insert(&operation.address, operation.id),
            Action::Delete | Action::Forget => deleted.insert(&operation.address, operation.id),
            _ => None,
        };
        if let Some(first) = seen {
            problems.push(format!(
                "operations {first} and {} do the same to {}",
                operation.id, operation.address
            ));
        }
    }
    for (address, gone) in &deleted {
        if made.get(address).is_some_and(|made| made < gone) {
            problems.push(format!("{address} is made before it is deleted"));
        }
    }
}

/// What inputs are bound to is there already, or made by an operation that comes before.
fn check_references(plan: &Plan, problems: &mut Vec<String>) {
    let mut earlier: BTreeSet<&Address> = BTreeSet::new();
    let made: BTreeSet<_> = plan
        .operations
        .iter()
        .filter(|operation| operation.action == Action::Create)
        .map(|operation| &operation.address)
        .collect();
    for operation in plan.operations.iter().filter(|operation| operation.action != Action::Delete) {
        for reference in operation.inputs.references() {
            if made.contains(&reference.address)
                && !earlier.contains(&reference.address)
                && reference.address != operation.address
            {
                problems
                    .push(format!("{} needs {reference}, which is made later", operation.address));
            }
        }
        earlier.insert(&operation.address);
    }
}
