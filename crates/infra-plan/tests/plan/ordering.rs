//! Every rule of order of `planner/operations.rs`.

use infra_plan::{Address, Graph, GraphError, Value};

use crate::world::{World, at, hub, inputs, lines, node, refer, refusals, waits_for};

#[test]
fn all_is_made_after_what_it_needs_is_ready() {
    let plan = World::desiring(hub()).plan();
    let expected = [
        "create network.main",
        "create cluster.main",
        "wait cluster.main",
        "create node_pool.main/default",
        "wait node_pool.main/default",
        "create address.hub",
        "create main/arl",
        "wait main/arl",
    ];
    assert_eq!(lines(&plan), expected);
    assert!(waits_for(&plan, "create cluster.main", "create network.main"));
    assert!(waits_for(&plan, "create node_pool.main/default", "wait cluster.main"));
    assert!(waits_for(&plan, "create main/arl", "create address.hub"), "it refers to it");
    assert!(waits_for(&plan, "create main/arl", "wait node_pool.main/default"), "`after`");
    assert!(!waits_for(&plan, "create address.hub", "create network.main"), "they are independent");
}

#[test]
fn what_does_not_change_passes_on_what_it_waits_for() {
    let mut world = World::holding(hub());
    world.set("network.main", "label", "new");
    world.set("main/arl", "replicas", 2_u32);
    let plan = world.plan();
    assert_eq!(lines(&plan), ["update network.main", "update main/arl", "wait main/arl"]);
    assert!(waits_for(&plan, "update main/arl", "update network.main"));
}

#[test]
fn deletions_go_backwards() {
    let mut nodes = hub();
    nodes.push(node("network.peer", inputs([("peer", refer("network.main#id"))])));
    nodes.push(node("network.far", inputs([])));
    nodes[6].after = vec![at("network.peer")];
    let mut world = World::holding(nodes);
    let destroy = world.destroy();
    assert!(waits_for(&destroy, "delete network.main", "delete network.peer"));
    assert!(waits_for(&destroy, "delete network.peer", "delete network.far"), "`after` counts too");
    assert!(waits_for(&destroy, "delete network.main", "delete cluster.main"));
    world.apply(&destroy);
    assert!(world.observed.is_empty() && world.records.is_empty());
}

#[test]
fn what_goes_with_its_container_is_forgotten_after_it() {
    let mut nodes = hub();
    // Outside of the cluster, and needs something within: it must go while that is still there.
    nodes.push(node("network.records", inputs([("target", refer("main/arl#ip"))])));
    let world = World::holding(nodes);
    let plan = world.destroy();
    let expected = [
        "delete network.records",
        "delete cluster.main",
        "forget main/arl",
        "delete address.hub",
        "forget node_pool.main/default",
        "delete network.main",
    ];
    let mut sorted = lines(&plan);
    sorted.sort();
    let mut all = expected;
    all.sort_unstable();
    assert_eq!(sorted, all);
    assert!(waits_for(&plan, "delete cluster.main", "delete network.records"));
    assert!(waits_for(&plan, "forget main/arl", "delete cluster.main"));
    assert!(waits_for(&plan, "delete address.hub", "delete cluster.main"), "main/arl uses it");
    assert_eq!(plan.totals.delete, 6, "what vanishes is deleted");
    assert_eq!(plan.totals.forget, 0);
}

#[test]
fn what_is_removed_goes_after_its_dependents_were_changed() {
    let old = node("network.old", inputs([]));
    let user = node("network.user", inputs([("peer", refer("network.old#id"))]));
    let mut world = World::holding([old, user]);
    world.drop_node("network.old");
    world.set("network.user", "peer", Value::Null);
    let plan = world.plan();
    assert_eq!(lines(&plan), ["update network.user", "delete network.old"]);
    assert!(waits_for(&plan, "delete network.old", "update network.user"));
}

#[test]
fn of_a_replacement_the_deletion_comes_first() {
    let base = node("network.base", inputs([("base", "a".into())]));
    let user = node("network.user", inputs([("base", refer("network.base#id"))]));
    let mut world = World::holding([base, user]);
    world.set("network.base", "base", "b");
    let plan = world.plan();
    let expected = [
        "delete network.user",
        "delete network.base",
        "create network.base",
        "create network.user",
    ];
    assert_eq!(lines(&plan), expected);
    assert!(waits_for(&plan, "create network.user", "create network.base"));
    assert_eq!((plan.totals.replace, plan.totals.create, plan.totals.delete), (2, 2, 0));
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn one_at_a_time_within_a_container() {
    let mut world = World::holding(hub());
    world.agree_to_all();
    let second = inputs([("cluster", refer("cluster.main#id")), ("size", "big".into())]);
    world.nodes.push(node("node_pool.main/second", second));
    world.nodes[4].after.clear();
    world.drop_node("node_pool.main/default");
    let plan = world.plan();
    let of = |address: &str| {
        let operation =
            plan.operations.iter().find(|operation| operation.address == at(address)).unwrap();
        operation.exclusive_within.clone()
    };
    // One is bound to the id already, the other refers to the address: they share one text.
    assert_eq!(of("node_pool.main/default"), Some("node_pool cluster.main".to_owned()));
    assert_eq!(of("node_pool.main/second"), of("node_pool.main/default"));
}

#[test]
fn what_a_dead_run_made_is_taken_down_too() {
    let mut world = World::holding(hub());
    for address in ["cluster.main", "main/arl"] {
        world.records.remove(&at(address));
    }
    let plan = world.destroy();
    assert!(waits_for(&plan, "forget main/arl", "delete cluster.main"));
    assert!(waits_for(&plan, "delete network.main", "delete cluster.main"), "the file tells");
    world.apply(&plan);
    assert!(world.observed.is_empty());
}

#[test]
fn what_has_to_go_before_its_container_is_deleted_by_itself() {
    // The outer one needs the cluster, and the item in the cluster needs the outer one.
    let cluster = node("cluster.main", inputs([]));
    let outer = node("network.names", inputs([("target", refer("cluster.main#ip"))]));
    let fields = [("cluster", refer("cluster.main#id")), ("name", refer("network.names#id"))];
    let item = node("main/web", inputs(fields));
    let mut world = World::holding([cluster, outer, item]);
    let plan = world.destroy();
    assert_eq!(lines(&plan), ["delete main/web", "delete network.names", "delete cluster.main"]);
    world.agree_to_all();
    world.set("cluster.main", "region", "fra1");
    world.set("network.names", "base", "b");
    let plan = world.plan();
    assert!(waits_for(&plan, "delete network.names", "delete main/web"));
    assert!(waits_for(&plan, "delete cluster.main", "delete network.names"));
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_in_a_container_cannot_move_to_another() {
    let pool = inputs([("cluster", refer("cluster.a#id"))]);
    let nodes =
        [node("cluster.a", inputs([])), node("cluster.b", inputs([])), node("main/web", pool)];
    let mut world = World::holding(nodes);
    world.set("main/web", "cluster", refer("cluster.b#id"));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete main/web", "create main/web", "wait main/web"]);
    world.drop_node("cluster.a");
    world.agree_to_all();
    let plan = world.plan();
    assert!(waits_for(&plan, "delete cluster.a", "delete main/web"));
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn records_that_contradict_each_other_do_not_stop_a_deletion() {
    let mut world = World::holding([node("network.a", inputs([])), node("network.b", inputs([]))]);
    world.record("network.a").depends_on = vec![at("network.b")];
    world.record("network.b").depends_on = vec![at("network.a")];
    let plan = world.destroy();
    assert_eq!(plan.operations.len(), 2);
    assert_eq!(plan.refusals, []);
}

#[test]
fn a_real_conflict_is_refused_and_told() {
    // `user` moves from `old`, which goes, to `base`, which is replaced; `old` needs `base` until it is gone.
    let base = node("network.base", inputs([("base", "a".into())]));
    let old = node("network.old", inputs([("peer", refer("network.base#id"))]));
    let user = node("network.user", inputs([("peer", refer("network.old#id"))]));
    let mut world = World::holding([base, old, user]);
    world.drop_node("network.old");
    world.set("network.base", "base", "b");
    world.set("network.user", "peer", refer("network.base#id"));
    let plan = world.plan();
    assert_eq!(refusals(&plan), ["order "]);
    let detail = plan.refusals[0].detail.clone().unwrap();
    for name in ["network.base", "network.old", "network.user"] {
        assert!(detail.contains(name), "{detail}");
    }
    assert_eq!(plan.operations.len(), 4, "the plan is whole nevertheless: {:?}", lines(&plan));
}

#[test]
fn cycles_and_gaps_of_the_file_are_told() {
    let with = |address: &str, after: &[&str]| {
        let mut node = node(address, inputs([]));
        node.after = after.iter().map(|address| at(address)).collect();
        node
    };
    let cycle = Graph::new([
        with("network.start", &["network.a"]),
        with("network.a", &["network.b"]),
        with("network.b", &["network.a"]),
    ]);
    assert_eq!(
        cycle.unwrap_err().to_string(),
        "these need each other, so that none can be first: network.a -> network.b -> network.a"
    );
    let itself = Graph::new([with("network.a", &["network.a"])]).unwrap_err();
    assert_eq!(itself, GraphError::Cycle(vec![at("network.a"), at("network.a")]));
    let missing = Graph::new([with("network.a", &["network.no"])]).unwrap_err();
    assert_eq!(missing, GraphError::Missing { from: at("network.a"), to: at("network.no") });
    let twice = Graph::new([with("network.a", &[]), with("network.a", &[])]).unwrap_err();
    assert_eq!(twice, GraphError::Twice(at("network.a")));
}

#[test]
fn the_given_order_is_kept_where_dependencies_leave_it_open() {
    let with = |address: &str, after: &[&str]| {
        let mut node = node(address, inputs([]));
        node.after = after.iter().map(|address| at(address)).collect();
        node
    };
    let nodes = [
        with("network.user", &["network.z", "network.m"]),
        with("network.z", &[]),
        with("network.m", &[]),
        with("network.a", &[]),
    ];
    let graph = Graph::new(nodes.clone()).unwrap();
    let order: Vec<_> = graph.nodes().map(|node| node.address.as_str()).collect();
    assert_eq!(order, ["network.z", "network.m", "network.user", "network.a"]);
    let created: Vec<Address> =
        World::desiring(nodes).plan().operations.iter().map(|one| one.address.clone()).collect();
    assert_eq!(created.iter().map(Address::as_str).collect::<Vec<_>>(), order);
}
