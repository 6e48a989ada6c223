//! [`check`]: lints a finished plan for internal consistency, also one that was saved and edited by hand.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::Action;

use crate::{Address, Operation, OperationId, Ownership, PLAN_FORMAT, Plan, Value};

/// What is wrong with a plan, one line each; empty if nothing is.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut problems = Vec::new();
    if plan.format != PLAN_FORMAT {
        problems.push(format!("it has the form {}, this version reads {PLAN_FORMAT}", plan.format));
    }
    check_order(plan, &mut problems);
    check_pairs(plan, &mut problems);
    check_references(plan, &mut problems);
    for operation in &plan.operations {
        check_operation(operation, &mut problems);
    }
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
    }
}

/// What each operation must have or be.
fn check_operation(operation: &Operation, problems: &mut Vec<String>) {
    let action = operation.action;
    let mut problem = |text: &str| {
        problems.push(format!("operation {} ({}) {text}", operation.id, operation.address))
    };
    if action == Action::Replace {
        problem("is not broken down into deletion and creation");
    }
    let touches =
        matches!(action, Action::Create | Action::Update | Action::Delete | Action::Adopt);
    if touches && operation.ownership == Ownership::Referenced {
        problem("would touch what is somebody else's");
    }
    let needs_id = matches!(action, Action::Update | Action::Delete | Action::Adopt);
    if needs_id && operation.prior_id.is_none() {
        problem("does not say what it is about: it has no id");
    }
    if matches!(action, Action::Create | Action::Update) && holds_unknown(&operation.inputs) {
        problem("has an input that is neither known nor bound to anything");
    }
}

fn holds_unknown(value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::List(list) | Value::Joined(list) => list.iter().any(holds_unknown),
        Value::Map(map) => map.values().any(holds_unknown),
        _ => false,
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
        let Some(made) = made.get(address) else { continue };
        if made < gone {
            problems.push(format!("{address} is made before it is deleted"));
        } else if !waits_for(plan, *made, *gone) {
            problems.push(format!("{address} is made without waiting for its deletion"));
        }
    }
}

/// What inputs are bound to is there already, or made by an operation that is waited for.
fn check_references(plan: &Plan, problems: &mut Vec<String>) {
    let mut last: BTreeMap<&Address, OperationId> = BTreeMap::new();
    let mut making: BTreeSet<&Address> = BTreeSet::new();
    for operation in &plan.operations {
        match operation.action {
            Action::Delete | Action::Forget => {}
            action => {
                last.insert(&operation.address, operation.id);
                if action == Action::Create {
                    making.insert(&operation.address);
                }
            }
        }
    }
    let runs =
        |operation: &&Operation| !matches!(operation.action, Action::Delete | Action::Forget);
    for operation in plan.operations.iter().filter(runs) {
        let mut checked = BTreeSet::new();
        for reference in operation.inputs.references() {
            let address = &reference.address;
            if !checked.insert(address) {
                continue;
            }
            if *address == operation.address {
                problems.push(format!("{address} needs an output of itself"));
            } else if let Some(needed) = last.get(address) {
                if making.contains(address) && !waits_for(plan, operation.id, *needed) {
                    problems.push(format!(
                        "operation {} ({}) needs {reference} and does not wait for it",
                        operation.id, operation.address
                    ));
                }
            } else if plan.graph.get(address).is_none() {
                problems
                    .push(format!("{} needs {reference}, which nobody makes", operation.address));
            }
        }
    }
}

/// Whether an operation waits for another, directly or through others.
fn waits_for(plan: &Plan, operation: OperationId, needed: OperationId) -> bool {
    let mut left = vec![operation];
    let mut seen = BTreeSet::new();
    while let Some(id) = left.pop() {
        let Some(operation) = plan.operation(id) else { continue };
        if operation.after.contains(&needed) {
            return true;
        }
        // Numbers grow along the way, so that nothing before what is needed can lead to it.
        left.extend(operation.after.iter().copied().filter(|id| *id > needed && seen.insert(*id)));
    }
    false
}
