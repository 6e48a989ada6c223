//! The state of a run.

use infra_event::{Action, Body, RunOutcome};
use infra_report::{ExpectedDurations, Phase, RunModel};

use crate::scenario;

#[test]
fn every_operation_has_its_place_at_every_moment() {
    let events = scenario::up();
    let words = |at: f64| -> Vec<&str> {
        let model = RunModel::at(&events, at);
        let words: Vec<&str> = model.operations.values().map(|o| o.phase.word()).collect();
        words
    };
    let open = ["pending"; 7];
    assert_eq!(words(0.05), ["pending"; 11]);
    assert_eq!(words(2.0)[..4], ["running", "succeeded", "succeeded", "waiting"]);
    assert_eq!(words(2.0)[4..], open);
    assert_eq!(words(132.0)[3], "retrying");
    assert_eq!(words(378.2), ["succeeded"; 11]);
}

#[test]
fn pending_operations_know_what_they_wait_for() {
    let model = RunModel::at(&scenario::up(), 230.0);
    let before = |id| -> Vec<u32> { model.blocked_by(id).iter().map(|o| o.id).collect() };
    assert_eq!(before(9), [6]);
    assert_eq!(before(10), [9]);
    assert!(before(6).is_empty());
    assert!(before(99).is_empty());
}

#[test]
fn waits_are_spans_with_a_reason() {
    let model = RunModel::of(&scenario::up());
    let waits: Vec<(f64, f64, bool)> = model.operations[&6]
        .waits
        .iter()
        .map(|wait| (wait.from, wait.to, wait.blocked.is_some()))
        .collect();
    assert_eq!(waits, [(226.3, 250.0, false), (250.0, 300.0, true), (300.0, 322.5, false)]);
    let cluster = &model.operations[&4];
    assert_eq!(cluster.waits.len(), 2);
    assert_eq!((cluster.waits[0].from, cluster.waits[0].to), (1.9, 131.0));
    assert_eq!(cluster.retries.len(), 1);
    assert_eq!(model.operations[&11].log.len(), 2);
}

#[test]
fn the_time_left_is_the_longest_path() {
    let events = scenario::up();
    // Nothing has begun: 2 + 240 (cluster), 2 + 90 (pool), 2 + 45 (arl), 20 (smoke test).
    assert_eq!(RunModel::at(&events, 0.05).expected_left(), Some(401.0));
    // The cluster has waited for 100 of 240 seconds.
    let left = RunModel::at(&events, 101.9).expected_left().unwrap();
    assert!((left - (140.0 + 92.0 + 47.0 + 20.0)).abs() < 1e-6, "{left}");
    // Nodes take longer than expected: a tenth of the expectation is left.
    let left = RunModel::at(&events, 322.4).expected_left().unwrap();
    assert!((left - (9.0 + 47.0 + 20.0)).abs() < 1e-6, "{left}");
    assert_eq!(RunModel::of(&events).expected_left(), None);
}

#[test]
fn the_critical_path_is_the_chain_that_ended_last() {
    let path = RunModel::of(&scenario::up()).critical_path();
    assert_eq!(path.operations, [3, 4, 5, 6, 9, 10, 11]);
    assert!((path.seconds - 377.9).abs() < 1e-6);
    assert!(RunModel::default().critical_path().operations.is_empty());
}

#[test]
fn a_cycle_in_a_damaged_outline_does_no_harm() {
    let mut events = scenario::up();
    for event in &mut events {
        if let Body::PlanOutlined { outline } = &mut event.body {
            outline.operations[0].after = vec![11, 1];
        }
    }
    let model = RunModel::of(&events);
    assert!(!model.critical_path().operations.is_empty());
    assert!(RunModel::at(&events, 100.0).expected_left().is_some());
}

#[test]
fn events_without_beginning_or_outline_are_understood() {
    let events: Vec<_> = scenario::up_without_quota()
        .into_iter()
        .filter(|e| !matches!(e.body, Body::PlanOutlined { .. } | Body::RunStarted { .. }))
        .collect();
    let model = RunModel::of(&events);
    assert_eq!(model.outcome(), Some(RunOutcome::Failed));
    assert_eq!(model.operations[&5].address, "node_pool.main/workers");
    assert_eq!(model.operations[&5].phase, Phase::Failed);
    assert_eq!(model.diagnostics.len(), 1);
    assert_eq!(model.groups().len(), 2);
}

#[test]
fn groups_follow_clusters_and_stack_items() {
    let model = RunModel::of(&scenario::up());
    let groups: Vec<_> = model
        .groups()
        .into_iter()
        .map(|group| {
            let rows = group.rows.into_iter();
            (
                group.cluster,
                rows.map(|r| (r.address, r.depth, r.operations.len())).collect::<Vec<_>>(),
            )
        })
        .collect();
    let row = |address: &str, depth, operations| (address.to_owned(), depth, operations);
    let expected = [
        (None, vec![row("registry.images", 0, 1)]),
        (
            Some("main".to_owned()),
            vec![
                row("cluster.main", 0, 2),
                row("node_pool.main/workers", 0, 2),
                row("main/namespace.arl", 0, 1),
                row("main/pull_secret.arl", 0, 1),
                row("main/arl", 0, 2),
                row("password.arl/notebook", 1, 1),
                row("main/arl/smoke", 1, 1),
            ],
        ),
    ];
    assert_eq!(groups, expected);
}

#[test]
fn earlier_runs_tell_how_long_things_take() {
    let (good, bad) = (scenario::up(), scenario::up_without_quota());
    let expected = ExpectedDurations::of([good.as_slice(), bad.as_slice()]);
    let seconds = |address: &str, kind: &str, action| {
        expected.seconds(address, "digitalocean", kind, action).map(|s| (s * 10.0).round() / 10.0)
    };
    assert_eq!(seconds("cluster.main", "cluster", Action::Wait), Some(222.1));
    // Another cluster of the same kind; of another action nothing is known.
    assert_eq!(seconds("cluster.edge", "cluster", Action::Wait), Some(222.1));
    assert_eq!(seconds("cluster.main", "cluster", Action::Delete), None);
    // The pool that failed does not count.
    assert_eq!(seconds("node_pool.main/workers", "node_pool", Action::Create), Some(2.1));
}
