//! Targets: only these, what they need, and what needs them when they go.

use infra_plan::{PlanningError, Purpose};

use crate::world::{World, at, hub, inputs, lines, node, refer};

fn chain() -> [infra_plan::Node; 4] {
    [
        node("network.a", inputs([])),
        node("network.b", inputs([("peer", refer("network.a#id"))])),
        node("network.c", inputs([("peer", refer("network.b#id"))])),
        node("network.d", inputs([])),
    ]
}

#[test]
fn a_target_brings_what_it_needs() {
    let mut world = World::desiring(chain());
    world.targets.insert(at("network.b"));
    assert_eq!(lines(&world.plan()), ["create network.a", "create network.b"]);
}

#[test]
fn a_target_names_all_its_parts() {
    let mut world = World::desiring(hub());
    world.targets.insert(at("node_pool.main"));
    let plan = world.plan();
    assert!(plan.operations.iter().any(|one| one.address == at("node_pool.main/default")));
    assert!(plan.operations.iter().all(|one| one.address != at("main/arl")));
}

#[test]
fn a_target_that_is_taken_down_takes_its_dependents_along() {
    let mut world = World::holding(chain());
    world.targets.insert(at("network.b"));
    let plan = world.destroy();
    assert_eq!(lines(&plan), ["delete network.c", "delete network.b"]);
    world.apply(&plan);
    assert_eq!(world.records.len(), 2);
}

#[test]
fn a_target_that_left_the_file_takes_along_what_needed_it() {
    let mut world = World::holding(chain());
    world.drop_node("network.b");
    world.drop_node("network.d");
    world.set("network.c", "peer", "none");
    world.targets.insert(at("network.b"));
    assert_eq!(lines(&world.plan()), ["update network.c", "delete network.b"], "d is not meant");
}

#[test]
fn what_is_left_alone_is_told() {
    let mut world = World::holding(chain());
    world.targets.insert(at("network.a"));
    world.replace.insert(at("network.a"));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete network.a", "create network.a"]);
    let told: Vec<_> = plan.notes.iter().map(ToString::to_string).collect();
    let expected = "network.b: it needs network.a, which is replaced, and is not among the targets";
    assert_eq!(told, [expected]);
    world.apply(&plan);
    world.targets.clear();
    world.replace.clear();
    assert_eq!(lines(&world.plan()), ["update network.b"], "the next run completes it");
}

#[test]
fn targets_must_be_something() {
    let mut world = World::holding(chain());
    world.targets.insert(at("network.no"));
    let error = world.try_plan(Purpose::Apply).unwrap_err();
    assert_eq!(error, PlanningError::UnknownTarget(at("network.no")));
    world.targets.clear();
    // A part of an address names several; replacing needs one exactly.
    world.replace.insert(at("node_pool.main"));
    let error = world.try_plan(Purpose::Apply).unwrap_err();
    assert_eq!(error, PlanningError::UnknownTarget(at("node_pool.main")));
}

#[test]
fn unknown_kinds_are_told() {
    let mut world = World::desiring(chain());
    world.node_mut("network.a").kind = "galaxy".to_owned();
    let error = world.try_plan(Purpose::Apply).unwrap_err();
    assert!(error.to_string().contains("galaxy"), "{error}");
}
