//! Size: nothing may grow by the square. The limits are those of an unoptimised build on a busy machine.

use std::time::{Duration, Instant};

use infra_plan::draw::{Picture, svg};
use infra_plan::show;

use crate::world::{World, at, inputs, node, refer};

/// Many nodes in layers, each of which needs several of the layer before.
fn many(count: usize) -> Vec<infra_plan::Node> {
    (0..count)
        .map(|place| {
            let mut fields = inputs([("size", 1_u32.into())]);
            if let (Some(near), infra_plan::Value::Map(map)) = (place.checked_sub(40), &mut fields)
            {
                map.insert("peer".to_owned(), refer(&format!("network.n{near}#ip")));
            }
            let mut node = node(&format!("network.n{place}"), fields);
            node.after = (41..45)
                .filter_map(|back| place.checked_sub(back))
                .map(|back| at(&format!("network.n{back}")))
                .collect();
            node
        })
        .collect()
}

fn timed<T>(what: &str, limit: Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let taken = start.elapsed();
    println!("{what}: {taken:?}");
    assert!(taken < limit, "{what} took {taken:?}");
    done
}

#[test]
fn plans_of_two_thousand_nodes_are_quick() {
    let second = Duration::from_secs(1);
    let mut world = World::desiring(many(2_000));
    let try_plan = |world: &World| world.try_plan(infra_plan::Purpose::Apply).unwrap();
    let graph = timed("graph", second, || world.graph());
    assert_eq!(graph.len(), 2_000);
    let plan = timed("plan that makes all", second, || try_plan(&world));
    timed("check", second, || assert!(infra_plan::check(&plan).is_empty()));
    timed("text", second, || show::text(&plan, &show::ShowOptions::default()));
    timed("json", second, || show::json(&plan));
    timed("svg", 4 * second, || svg(&Picture::of_plan(&plan)));
    world.apply(&plan);
    timed("plan of nothing", second, || assert!(try_plan(&world).is_empty()));
    world.set("network.n0", "size", 2_u32);
    timed("plan of one change", second, || assert_eq!(try_plan(&world).operations.len(), 1));
    world.targets.insert(at("network.n0"));
    let destroy = timed("plan that deletes all that needs one", second, || {
        world.try_plan(infra_plan::Purpose::Destroy).unwrap()
    });
    assert!(destroy.operations.len() > 1_000);
}

#[test]
fn long_chains_are_no_problem() {
    let second = Duration::from_secs(1);
    let nodes: Vec<_> = (0..2_000)
        .rev()
        .map(|place: usize| {
            let mut node = node(&format!("network.n{place}"), inputs([]));
            node.after = place
                .checked_sub(1)
                .map(|back| at(&format!("network.n{back}")))
                .into_iter()
                .collect();
            node
        })
        .collect();
    let mut world = World::desiring(nodes);
    let plan = timed("chain", second, || world.try_plan(infra_plan::Purpose::Apply).unwrap());
    timed("svg of a chain", 4 * second, || svg(&Picture::of_plan(&plan)));
    world.apply(&plan);
    let destroy =
        timed("chain down", second, || world.try_plan(infra_plan::Purpose::Destroy).unwrap());
    assert_eq!(destroy.operations[0].address, at("network.n1999"));
}
