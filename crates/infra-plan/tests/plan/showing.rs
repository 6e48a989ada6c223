//! Plans as text: snapshots of whole plans, and what must hold for each.

use infra_event::{Action, Diagnostic};
use infra_plan::show::{ShowOptions, headline, summary, text};
use infra_plan::{Change, Effect, Plan, Row, Value};

use crate::world::{World, at, hub, inputs, refer};

fn shown(plan: &Plan) -> String {
    text(plan, &ShowOptions::default())
}

fn row(name: &str, action: Option<Action>, changes: Vec<Change>) -> Row {
    Row { address: at("main/arl").part(name), action, changes }
}

fn change(path: &str, before: Value, after: Value) -> Change {
    Change { path: path.to_owned(), before, after, effect: Effect::Update }
}

/// A hub with costs, notes and the objects of its item.
fn rich() -> World {
    let mut world = World::desiring(hub());
    world.node_mut("cluster.main").monthly_cost = Some(12.0);
    let pool = world.node_mut("node_pool.main/default");
    pool.monthly_cost = Some(84.0);
    pool.note = Some("s-2vcpu-4gb is the cheapest with 2 cpus and 4 GiB".to_owned());
    world.set("node_pool.main/default", "labels", inputs([("leafai.affinity", "gpu".into())]));
    let mut rows = vec![row("Namespace/arl", Some(Action::Create), Vec::new())];
    rows.push(row("Deployment.apps/arl/notebook", Some(Action::Create), Vec::new()));
    rows.extend(
        (0..14).map(|number| row(&format!("ConfigMap/arl/page-{number}"), None, Vec::new())),
    );
    rows.push(row("Secret/arl/password", None, Vec::new()));
    world.node_mut("main/arl").rows = rows;
    world
}

#[test]
fn a_plan_that_makes_all() {
    let plan = rich().plan();
    insta::assert_snapshot!("make", shown(&plan));
    assert_eq!(summary(&plan), "5 to create, 0 to change, 0 to delete, about 96.00 USD a month");
    assert_eq!(headline(&plan.operations[0]), "+ network.main: create network (cloud)");
    let verbose = text(&plan, &ShowOptions { verbose: true, ..ShowOptions::default() });
    assert!(verbose.contains("+ ConfigMap/arl/page-13"), "{verbose}");
}

#[test]
fn a_plan_that_changes_much() {
    let mut world = rich();
    let plan = world.plan();
    world.apply(&plan);
    world.set("node_pool.main/default", "count", 5_u32);
    world.set("node_pool.main/default", "labels", Value::Null);
    world.set("cluster.main", "region", "fra1");
    world.set("cluster.main", "token", Value::secret("other"));
    world.set("network.main", "motd", "one\ntwo\nthree\n");
    world.seen("network.main").fields =
        inputs([("base", "10.0.0.0/16".into()), ("motd", "one\n2\nthree\n".into())]);
    world.drop_node("main/arl");
    world.drop_node("address.hub");
    let mut plan = world.plan();
    let note = Diagnostic::note("size", "the size s-1vcpu is going away").about("cluster.main");
    plan.notes.push(note.set("choose another size"));
    insta::assert_snapshot!("change", shown(&plan));
}

#[test]
fn a_plan_of_objects() {
    let mut world = World::holding(hub());
    let replicas = vec![
        change("spec.replicas", 1_u32.into(), 3_u32.into()),
        change("spec.template.spec.containers.0.image", "a:1".into(), "a:2".into()),
        change("metadata.labels.tier", "web".into(), Value::Null),
    ];
    let clash = vec![Change {
        path: "spec.clusterIP".to_owned(),
        before: "10.0.0.1".into(),
        after: "None".into(),
        effect: Effect::Replace,
    }];
    let rows = vec![
        row("Namespace/arl", None, Vec::new()),
        row("Deployment.apps/arl/notebook", Some(Action::Update), replicas),
        row("Service/arl/hub", Some(Action::Replace), clash),
        row(
            "Secret/arl/password",
            Some(Action::Update),
            vec![change("data.password", Value::secret("a"), Value::secret("b"))],
        ),
        row("ConfigMap/arl/old", Some(Action::Delete), Vec::new()),
        row("ConfigMap/arl/new", Some(Action::Create), Vec::new()),
    ];
    world.seen("main/arl").rows = Some(rows);
    insta::assert_snapshot!("objects", shown(&world.plan()));
}

#[test]
fn a_plan_that_takes_all_down() {
    let mut world = World::holding(hub());
    world.node_mut("network.main").monthly_cost = Some(1.0);
    insta::assert_snapshot!("destroy", shown(&world.destroy()));
}

#[test]
fn a_plan_with_nothing_to_do() {
    let mut world = World::holding(hub());
    assert_eq!(shown(&world.plan()), "No changes. What is there is what the file describes.\n");
    world.seen("cluster.main").readiness =
        infra_plan::Readiness::Pending { reason: "booting".to_owned(), blocked: None };
    insta::assert_snapshot!("waiting", shown(&world.plan()));
    let empty = World::default().destroy();
    assert_eq!(shown(&empty), "No changes. There is nothing to take down.\n");
}

#[test]
fn adopted_forgotten_and_gone() {
    let mut world = World::holding(hub());
    world.records.remove(&at("network.main"));
    world.vanish(&at("address.hub"));
    world.drop_node("main/arl");
    world.observed.remove(&at("main/arl"));
    insta::assert_snapshot!("adopt", shown(&world.plan()));
}

#[test]
fn the_document() {
    let mut world = rich();
    let plan = world.plan();
    world.apply(&plan);
    assert!(world.plan().is_empty(), "what will be made is nothing once it is there");
    world.set("node_pool.main/default", "size", "s-4vcpu-8gb");
    world.drop_node("address.hub");
    world.set(
        "main/arl",
        "host",
        Value::Joined(vec![refer("node_pool.main/default#ip"), "/".into()]),
    );
    let document = infra_plan::show::json(&world.plan());
    insta::assert_snapshot!("document", serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn lines_keep_to_the_width_and_steer_no_terminal() {
    let mut world = World::holding(hub());
    world.set("network.main", "long", "x".repeat(500));
    world.set("network.main", "evil\u{1b}[2J", "a\u{1b}[31m\u{202e}b");
    world.node_mut("network.main").note = Some("bell\u{7}".to_owned());
    let plan = world.plan();
    for width in [60, 80, 120] {
        let text = text(&plan, &ShowOptions { color: false, verbose: false, width });
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
            assert!(line.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{line:?}");
        }
    }
    let whole = text(&plan, &ShowOptions { color: false, verbose: true, width: 60 });
    assert!(whole.contains(&"x".repeat(500)));
}

#[test]
fn colour_only_adds_to_what_is_said() {
    let plan = rich().plan();
    let colored = text(&plan, &ShowOptions { color: true, ..ShowOptions::default() });
    assert!(colored.contains("\u{1b}[32m  +\u{1b}[0m"));
    let mut plain = String::new();
    let mut inside = false;
    for c in colored.chars() {
        match c {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    assert_eq!(plain, shown(&plan));
}
