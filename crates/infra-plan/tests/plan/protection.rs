//! Protection, approvals and ownership: nothing with data goes unasked.

use infra_event::Action;
use infra_plan::Ownership;

use crate::world::{World, actions, at, hub, inputs, lines, node, owned_as, refer, refusals};

#[test]
fn protected_things_are_deleted_only_with_a_word() {
    let mut world = World::holding(hub());
    world.set("main/arl", "host", "none");
    world.drop_node("address.hub");
    assert_eq!(refusals(&world.plan()), ["protected address.hub"]);
    let refused = world.plan();
    assert!(refused.refusals[0].next_steps[0].to_string().contains("--allow-delete address.hub"));
    world.approvals.replace.insert(at("address.hub"));
    assert_eq!(refusals(&world.plan()).len(), 1, "a word for a replacement is none for a deletion");
    world.approvals.delete.insert(at("address.hub"));
    assert_eq!(refusals(&world.plan()), Vec::<String>::new());
}

#[test]
fn protected_things_are_replaced_only_with_a_word() {
    let mut world = World::holding(hub());
    world.set("cluster.main", "region", "fra1");
    assert_eq!(refusals(&world.plan()), ["protected cluster.main"]);
    world.approvals.replace.insert(at("cluster.main"));
    assert_eq!(refusals(&world.plan()), Vec::<String>::new());
    world.set("cluster.main", "region", "ams3");
    world.approvals.replace.clear();
    world.replace.insert(at("cluster.main"));
    assert_eq!(refusals(&world.plan()), ["protected cluster.main"], "also if asked for");
}

#[test]
fn protection_of_a_node_counts_as_that_of_its_kind() {
    let mut wanted = node("network.main", inputs([("base", "a".into())]));
    wanted.protected = true;
    let mut world = World::holding([wanted]);
    world.set("network.main", "base", "b");
    assert_eq!(refusals(&world.plan()), ["protected network.main"]);
    world.nodes.clear();
    assert_eq!(refusals(&world.plan()), ["protected network.main"], "the state remembers it");
    let destroy = world.destroy();
    assert_eq!(refusals(&destroy), Vec::<String>::new(), "`down` asks for all at once");
    assert!(destroy.operations[0].protected);
}

#[test]
fn protected_things_within_are_covered_by_the_word_for_their_container() {
    let mut nodes = hub();
    nodes[4].protected = true;
    let mut world = World::holding(nodes);
    world.set("cluster.main", "region", "fra1");
    assert_eq!(refusals(&world.plan()), ["protected cluster.main"]);
    world.nodes.clear();
    assert_eq!(refusals(&world.plan()), ["protected address.hub", "protected cluster.main"]);
}

#[test]
fn what_is_adopted_is_deleted_only_on_request_and_what_is_referenced_never() {
    let adopted = owned_as(node("network.adopted", inputs([])), Ownership::Adopted);
    let referenced = owned_as(node("network.shared", inputs([])), Ownership::Referenced);
    let mut world = World::desiring([adopted, referenced]);
    for address in ["network.adopted", "network.shared"] {
        world.put_there(address, address, inputs([]));
        world.seen(address).ours = false;
    }
    let plan = world.plan();
    world.apply(&plan);
    assert_eq!(lines(&world.destroy()), ["forget network.adopted"]);
    world.approvals.include_adopted = true;
    let plan = world.destroy();
    assert_eq!(lines(&plan), ["delete network.adopted"]);
    world.apply(&plan);
    assert_eq!(world.observed.keys().collect::<Vec<_>>(), [&at("network.shared")]);
}

#[test]
fn what_is_in_a_container_that_stays_is_deleted_by_itself() {
    let mut nodes = hub();
    nodes[1].ownership = Ownership::Adopted;
    nodes[1].inputs = inputs([("region", "ams3".into())]);
    let mut world = World::desiring(nodes);
    world.put_there("cluster.main", "theirs", inputs([("region", "ams3".into())]));
    let plan = world.plan();
    world.apply(&plan);
    let plan = world.destroy();
    assert_eq!(actions(&plan, "cluster.main"), [Action::Forget]);
    assert_eq!(actions(&plan, "node_pool.main/default"), [Action::Delete]);
    assert_eq!(actions(&plan, "main/arl"), [Action::Delete]);
    world.apply(&plan);
    assert_eq!(world.observed.keys().collect::<Vec<_>>(), [&at("cluster.main")]);
}

#[test]
fn a_forced_replacement_takes_what_is_bound_to_it_along() {
    let base = node("network.base", inputs([]));
    let user = node("network.user", inputs([("base", refer("network.base#id"))]));
    let mut world = World::holding([base, user]);
    world.replace.insert(at("network.base"));
    let plan = world.plan();
    assert_eq!(actions(&plan, "network.user"), [Action::Delete, Action::Create]);
    let made = plan.operations.iter().find(|one| one.action == Action::Create).unwrap();
    assert_eq!(made.note.as_deref(), Some("replaced as asked for"));
    world.apply(&plan);
    world.replace.clear();
    assert!(world.plan().is_empty());
}
