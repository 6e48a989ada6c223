//! Graphs and plans as DOT, Mermaid and SVG.

use infra_plan::draw::{Picture, dot, mermaid, svg};

use crate::world::{World, at, hub, inputs, node, owned_as, refer};

fn changed() -> Picture {
    let mut nodes = hub();
    nodes.push(owned_as(node("network.shared", inputs([])), infra_plan::Ownership::Referenced));
    let mut world = World::desiring(nodes);
    world.put_there("network.shared", "theirs", inputs([]));
    let plan = world.plan();
    world.apply(&plan);
    world.agree_to_all();
    world.set("network.main", "label", "new");
    world.set("node_pool.main/default", "size", "big");
    world.set("main/arl", "host", "none");
    world.drop_node("address.hub");
    world.nodes.push(node("registry.images", inputs([("region", "ams3".into())])));
    world.node_mut("registry.images").kind = "network".to_owned();
    Picture::of_plan(&world.plan())
}

#[test]
fn a_graph() {
    let picture = Picture::of_graph(&World::desiring(hub()).graph());
    insta::assert_snapshot!("graph_dot", dot(&picture));
    insta::assert_snapshot!("graph_mermaid", mermaid(&picture));
    insta::assert_snapshot!("graph_svg", svg(&picture));
}

#[test]
fn a_plan() {
    let picture = changed();
    insta::assert_snapshot!("plan_dot", dot(&picture));
    insta::assert_snapshot!("plan_mermaid", mermaid(&picture));
    insta::assert_snapshot!("plan_svg", svg(&picture));
}

#[test]
fn a_plan_of_down_shows_what_is_there() {
    let picture = Picture::of_plan(&World::holding(hub()).destroy());
    let mermaid = mermaid(&picture);
    assert_eq!(mermaid.matches(":::delete").count(), 5, "{mermaid}");
    assert!(!picture.edges.is_empty());
}

#[test]
fn edges_that_follow_from_others_are_left_out() {
    let nodes = [
        node("network.a", inputs([])),
        node("network.b", inputs([("a", refer("network.a#id"))])),
        node("network.c", inputs([("a", refer("network.a#id")), ("b", refer("network.b#id"))])),
    ];
    let picture = Picture::of_graph(&World::desiring(nodes).graph());
    assert_eq!(picture.edges, [(0, 1), (1, 2)]);
}

#[test]
fn texts_cannot_break_out() {
    let mut evil = node("network.a", inputs([]));
    evil.address = at("network.<b>&;|]");
    evil.provider = "\"];x<script>alert(1)</script>\n`*_#".to_owned();
    let picture = Picture::of_graph(&World::desiring([evil]).graph());
    let svg = svg(&picture);
    assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
    let dot = dot(&picture);
    assert!(dot.contains(r#"(\"];x<script>alert(1)</script>\n`*_#)"#), "{dot}");
    let mermaid = mermaid(&picture);
    assert!(!mermaid.contains("<script>") && !mermaid.contains('`'), "{mermaid}");
}

#[test]
fn boxes_never_lie_on_each_other() {
    let nodes: Vec<_> = (0..60_usize)
        .map(|place| {
            let mut node = node(&format!("network.n{place}"), inputs([]));
            let on = [place / 2, place.saturating_sub(7), place * 7 % 60];
            node.after = on
                .into_iter()
                .filter(|on| *on < place)
                .map(|on| at(&format!("network.n{on}")))
                .collect();
            node
        })
        .collect();
    let svg = svg(&Picture::of_graph(&World::desiring(nodes).graph()));
    let number = |line: &str, name: &str| -> f64 {
        let rest = line.split("<rect class=\"\" ").nth(1).unwrap();
        let rest = rest.split(&format!("{name}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let boxes: Vec<_> = svg
        .lines()
        .filter(|line| line.starts_with("<g><title>"))
        .map(|line| ["x", "y", "width", "height"].map(|name| number(line, name)))
        .collect();
    assert_eq!(boxes.len(), 60);
    for (place, one) in boxes.iter().enumerate() {
        for other in &boxes[..place] {
            let apart = one[0] >= other[0] + other[2]
                || other[0] >= one[0] + one[2]
                || one[1] >= other[1] + other[3]
                || other[1] >= one[1] + one[3];
            assert!(apart, "{one:?} {other:?}");
        }
    }
}
