//! What becomes of each resource: create, change, replace, adopt, wait, delete, forget.

use infra_event::Action;
use infra_plan::{Change, Effect, Observed, Ownership, Readiness, Row, Value};

use crate::world::{World, actions, at, hub, inputs, lines, node, owned_as, refer, refusals};

const POOL: &str = "node_pool.main/default";

#[test]
fn a_field_leads_to_a_change_in_place_a_replacement_or_nothing() {
    let cases: [(&str, &str, &[Action]); 4] = [
        ("cluster.main", "version", &[Action::Update, Action::Wait]),
        ("cluster.main", "template", &[]),
        (POOL, "size", &[Action::Delete, Action::Create, Action::Wait]),
        (POOL, "labels", &[Action::Update, Action::Wait]),
    ];
    for (address, field, expected) in cases {
        let mut world = World::holding(hub());
        world.set(address, field, "another");
        let plan = world.plan();
        assert_eq!(actions(&plan, address), expected, "{address} {field}");
        assert_eq!(plan.operations.len(), expected.len(), "{address} {field}: {:?}", lines(&plan));
        world.apply(&plan);
        assert!(world.plan().is_empty(), "{address} {field} converges");
    }
}

#[test]
fn a_field_taken_out_of_the_file_is_removed() {
    let mut world = World::holding(hub());
    world.set(POOL, "labels", inputs([("a", "1".into()), ("b", "2".into())]));
    let plan = world.plan();
    world.apply(&plan);
    world.set(POOL, "labels", inputs([("a", "1".into())]));
    let plan = world.plan();
    let changes = &plan.operations[0].changes;
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].path.as_str(), &changes[0].after), ("labels.b", &Value::Null));
}

#[test]
fn drift_is_found_and_what_is_not_ours_is_left() {
    let mut world = World::holding(hub());
    let Value::Map(fields) = &mut world.seen(POOL).fields else { panic!() };
    fields.insert("count".to_owned(), 9_u32.into());
    fields.insert("added_by_the_cloud".to_owned(), "x".into());
    let plan = world.plan();
    assert_eq!(lines(&plan), [format!("update {POOL}"), format!("wait {POOL}")]);
    let paths: Vec<_> =
        plan.operations[0].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["count"]);
}

#[test]
fn what_is_gone_is_made_again_with_all_that_was_bound_to_it() {
    let mut world = World::holding(hub());
    world.vanish(&at("cluster.main"));
    let plan = world.plan();
    assert_eq!(actions(&plan, "cluster.main"), [Action::Create, Action::Wait]);
    assert_eq!(actions(&plan, POOL), [Action::Create, Action::Wait]);
    assert_eq!(actions(&plan, "network.main"), []);
    assert_eq!(plan.refusals, [], "nothing protected is deleted");
    let told: Vec<_> = plan.notes.iter().map(ToString::to_string).collect();
    let gone = "it was there after the last run and is gone; it will be made again";
    assert_eq!(told, [format!("cluster.main: {gone}")], "what was in it is no news");
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_refers_to_something_made_again_is_changed_or_replaced() {
    let base = node("network.base", inputs([]));
    let bound = node("network.bound", inputs([("base", refer("network.base#id"))]));
    let loose = node("network.loose", inputs([("peer", refer("network.base#id"))]));
    let mut later = node("network.later", inputs([]));
    later.after = vec![at("network.base")];
    let mut world = World::holding([base, bound, loose, later]);
    world.vanish(&at("network.base"));
    let plan = world.plan();
    assert_eq!(actions(&plan, "network.bound"), [Action::Delete, Action::Create]);
    assert_eq!(actions(&plan, "network.loose"), [Action::Update]);
    assert_eq!(actions(&plan, "network.later"), [], "`after` is an order, no binding");
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_in_a_replaced_container_goes_and_comes_with_it() {
    let mut world = World::holding(hub());
    world.agree_to_all();
    world.set("cluster.main", "region", "fra1");
    // It compares its objects by itself, and they are as they should be: but their cluster will be another one.
    world.seen("main/arl").rows = Some(Vec::new());
    let plan = world.plan();
    for address in [POOL, "main/arl"] {
        assert_eq!(actions(&plan, address), [Action::Forget, Action::Create, Action::Wait]);
    }
    assert_eq!(plan.totals.replace, 3);
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn a_container_may_be_named_by_its_address() {
    let mut item = node("main/web", inputs([("cluster", "cluster.main".into())]));
    item.after = vec![at("cluster.main")];
    let mut world = World::holding([node("cluster.main", inputs([])), item]);
    assert_eq!(lines(&world.destroy()), ["delete cluster.main", "forget main/web"]);
    world.agree_to_all();
    world.set("cluster.main", "region", "fra1");
    let plan = world.plan();
    assert_eq!(actions(&plan, "main/web"), [Action::Forget, Action::Create, Action::Wait]);
    // Nobody can look into a cluster that is not ready.
    world.set("cluster.main", "region", Value::Null);
    world.seen("cluster.main").readiness =
        Readiness::Pending { reason: "upgrading".to_owned(), blocked: None };
    world.observed.remove(&at("main/web"));
    let plan = world.plan();
    assert_eq!(plan.notes, []);
    let note = plan.operations.last().and_then(|_| plan.operations[1].note.clone());
    assert_eq!(note.as_deref(), Some("not looked at, as cluster.main is not ready"));
}

#[test]
fn an_output_that_is_not_told_now_replaces_nothing() {
    let base = node("network.base", inputs([]));
    let user = node("network.user", inputs([("base", refer("network.base#ip"))]));
    let mut world = World::holding([base, user]);
    world.seen("network.base").outputs = Value::Null;
    world.record("network.base").outputs = Value::Null;
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_not_ready_is_waited_for_and_its_empty_outputs_are_not_bound() {
    let mut world = World::desiring(hub());
    let plan = world.plan();
    // The run dies after the cluster was made, before it is ready.
    for operation in &plan.operations[..2] {
        world.execute(&plan, operation);
    }
    world.set("main/arl", "server", refer("cluster.main#access.server"));
    world.set("main/arl", "ip", refer("cluster.main#ip"));
    let plan = world.plan();
    assert_eq!(actions(&plan, "cluster.main"), [Action::Wait]);
    let item = plan.operations.iter().find(|one| one.address == at("main/arl")).unwrap();
    assert_eq!(item.inputs.get("ip"), Some(&refer("cluster.main#ip")), "null is no answer yet");
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_bears_our_marker_is_adopted() {
    let mut world = World::desiring([node("network.main", inputs([("size", 1_u32.into())]))]);
    world.put_there("network.main", "n-1", inputs([("size", 1_u32.into())]));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["adopt network.main"]);
    world.put_there("network.main", "n-1", inputs([("size", 2_u32.into())]));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["adopt network.main", "update network.main"]);
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_bears_our_marker_and_cannot_be_changed_is_deleted_first() {
    let mut world = World::desiring([node("network.main", inputs([("base", "a".into())]))]);
    world.put_there("network.main", "n-1", inputs([("base", "b".into())]));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete network.main", "create network.main"]);
    assert_eq!(plan.operations[0].prior_id.as_deref(), Some("n-1"));
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_foreign_is_never_touched() {
    for purpose in ["same", "changed", "replaced"] {
        let base = if purpose == "replaced" { "b" } else { "a" };
        let size: u32 = if purpose == "changed" { 2 } else { 1 };
        let inputs = inputs([("base", base.into()), ("size", size.into())]);
        let mut world = World::desiring([node("network.main", inputs)]);
        let there = [("base", Value::from("a")), ("size", Value::from(1_u32))];
        world.put_there("network.main", "theirs", Value::map(there));
        world.seen("network.main").ours = false;
        let plan = world.plan();
        assert_eq!(refusals(&plan), ["not-ours network.main"]);
        assert_eq!(lines(&plan), Vec::<String>::new(), "{purpose}");
    }
}

#[test]
fn what_is_adopted_on_purpose_needs_no_marker() {
    let wanted =
        owned_as(node("network.main", inputs([("size", 2_u32.into())])), Ownership::Adopted);
    let mut world = World::desiring([wanted]);
    world.put_there("network.main", "theirs", inputs([("size", 1_u32.into())]));
    world.seen("network.main").ours = false;
    let plan = world.plan();
    assert_eq!(refusals(&plan), Vec::<String>::new());
    assert_eq!(lines(&plan), ["adopt network.main", "update network.main"]);
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_took_the_place_of_ours_is_neither_changed_nor_deleted() {
    let mut world = World::holding([node("network.main", inputs([]))]);
    world.seen("network.main").id = "theirs".to_owned();
    world.seen("network.main").ours = false;
    assert_eq!(refusals(&world.plan()), ["not-ours network.main"]);
    let plan = world.destroy();
    assert_eq!(lines(&plan), ["forget network.main"]);
    assert_eq!(plan.totals.forget, 1);
    assert_eq!(plan.notes[0].code, "not-ours");
}

#[test]
fn a_new_id_of_ours_is_taken_into_the_state() {
    let mut world = World::holding([node("network.main", inputs([]))]);
    world.seen("network.main").id = "n-9".to_owned();
    let plan = world.plan();
    assert_eq!(lines(&plan), ["adopt network.main"]);
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_referenced_is_only_read() {
    let existing =
        owned_as(node("cluster.main", inputs([("region", "ams3".into())])), Ownership::Referenced);
    let user = node("network.user", inputs([("base", refer("cluster.main#id"))]));
    let mut world = World::desiring([existing, user]);
    let plan = world.plan();
    assert_eq!(refusals(&plan), ["not-found cluster.main"]);
    assert_eq!(actions(&plan, "cluster.main"), [], "it is never made");
    world.put_there("cluster.main", "theirs", inputs([("region", "fra1".into())]));
    world.seen("cluster.main").ours = false;
    let plan = world.plan();
    assert_eq!(lines(&plan), ["create network.user"]);
    assert_eq!(plan.operations[0].inputs.text_at("base"), Some("theirs"));
    let pending = Readiness::Pending { reason: "booting".to_owned(), blocked: None };
    world.seen("cluster.main").readiness = pending;
    assert_eq!(lines(&world.plan()), ["wait cluster.main", "create network.user"]);
    world.replace.insert(at("cluster.main"));
    assert_eq!(refusals(&world.plan()), ["not-ours cluster.main"]);
}

#[test]
fn what_is_given_away_leaves_the_state_and_stays() {
    let mut world = World::holding([node("network.main", inputs([]))]);
    world.node_mut("network.main").ownership = Ownership::Referenced;
    let plan = world.plan();
    assert_eq!(lines(&plan), ["forget network.main"]);
    assert_eq!(lines(&world.destroy()), ["forget network.main"]);
    world.apply(&plan);
    assert!(world.observed.contains_key(&at("network.main")));
    assert!(world.plan().is_empty());
}

#[test]
fn what_moves_to_another_provider_is_deleted_where_it_was() {
    let mut world = World::holding([node("network.main", inputs([]))]);
    world.node_mut("network.main").provider = "elsewhere".to_owned();
    // The new provider was asked, and has none.
    world.observed.clear();
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete network.main", "create network.main"]);
    let providers: Vec<_> = plan.operations.iter().map(|one| one.provider.as_str()).collect();
    assert_eq!(providers, ["cloud", "elsewhere"]);
    assert_eq!(plan.operations[0].prior_id.as_deref(), Some("network-1"));
    world.apply(&plan);
    assert!(world.plan().is_empty());
}

#[test]
fn what_is_being_deleted_is_made_again_after_that() {
    let mut world = World::holding([node("cluster.main", inputs([]))]);
    world.seen("cluster.main").readiness = Readiness::Deleting;
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete cluster.main", "create cluster.main", "wait cluster.main"]);
    assert_eq!(plan.refusals, [], "it goes anyway");
}

#[test]
fn what_failed_is_waited_for_and_told() {
    let mut world = World::holding([node("cluster.main", inputs([]))]);
    world.seen("cluster.main").readiness = Readiness::Failed { reason: "no capacity".to_owned() };
    let plan = world.plan();
    assert_eq!(lines(&plan), ["wait cluster.main"]);
    assert_eq!(plan.notes[0].detail.as_deref(), Some("no capacity"));
    assert!(plan.notes[0].next_steps[0].to_string().contains("--replace cluster.main"));
}

#[test]
fn objects_decide_for_a_resource_that_compares_them_itself() {
    let mut world = World::holding(hub());
    let row = |action| Row {
        address: at("main/arl/Deployment.apps/arl/hub"),
        action,
        changes: vec![Change {
            path: "spec.replicas".to_owned(),
            before: 1_u32.into(),
            after: 2_u32.into(),
            // Replacing an object does not replace the item.
            effect: Effect::Replace,
        }],
    };
    world.seen("main/arl").rows = Some(vec![row(None)]);
    assert!(world.plan().is_empty());
    world.seen("main/arl").rows = Some(vec![row(Some(Action::Replace))]);
    assert_eq!(lines(&world.plan()), ["update main/arl", "wait main/arl"]);
    // An object that has only to be deleted has no field that changes.
    let gone = Row { changes: Vec::new(), ..row(Some(Action::Delete)) };
    world.seen("main/arl").rows = Some(vec![gone]);
    assert_eq!(lines(&world.plan()), ["update main/arl", "wait main/arl"]);
    world.records.remove(&at("main/arl"));
    assert_eq!(lines(&world.plan()), ["adopt main/arl", "update main/arl", "wait main/arl"]);
}

#[test]
fn what_left_the_file_is_deleted_and_what_is_gone_is_forgotten() {
    let mut world = World::holding([node("network.a", inputs([])), node("network.b", inputs([]))]);
    world.nodes.clear();
    world.observed.remove(&at("network.b"));
    let plan = world.plan();
    assert_eq!(lines(&plan), ["delete network.a", "forget network.b"]);
    assert_eq!((plan.totals.delete, plan.totals.forget), (1, 1));
    assert!(!plan.operations[1].vanishes());
}

#[test]
fn equal_ids_of_different_kinds_are_no_containers() {
    let mut world = World::holding(hub());
    // An address with the id that the pool's cluster has: the pool is not in the address.
    world.nodes.push(node("address.other", inputs([])));
    let plan = world.plan();
    world.apply(&plan);
    let id = world.record("cluster.main").id.clone();
    world.record("address.other").id.clone_from(&id);
    world.observed.insert(at("address.other"), Observed::ready(id));
    world.observed.remove(&at("cluster.main"));
    let plan = world.destroy();
    assert_eq!(actions(&plan, POOL), [Action::Delete], "its cluster is not deleted here");
}
