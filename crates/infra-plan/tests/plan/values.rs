//! Unknown, secret and null values through diff, plan, JSON and display.

use infra_plan::{Address, Kind, Plan, Secret, Value, diff, resolve, show};
use serde_json::json;

use crate::world::{KINDS, World, at, hub, inputs, node, refer};

fn network() -> &'static Kind {
    KINDS.iter().find(|kind| kind.name == "network").unwrap()
}

fn paths(desired: &Value, live: &Value, prior: Option<&Value>) -> Vec<String> {
    diff(network(), desired, live, prior).into_iter().map(|change| change.path).collect()
}

#[test]
fn equal_for_the_api_is_no_difference() {
    let big = |number: u64| Value::from(number);
    let cases = [
        (Value::Null, Value::List(Vec::new()), true),
        (Value::Null, inputs([("a", Value::Null)]), true),
        (inputs([("a", Value::Null), ("b", 1_u32.into())]), inputs([("b", 1_u32.into())]), true),
        (Value::from_plain_json(json!(3)), Value::from_plain_json(json!(3.0)), true),
        (big(9_007_199_254_740_993), big(9_007_199_254_740_992), false),
        (Value::secret("a"), Value::from("a"), true),
        (Value::secret("a"), Value::secret("b"), false),
        (Value::Secret(Secret::sealed("x".to_owned())), Value::secret("x"), false),
        (
            Value::Secret(Secret::sealed("x".to_owned())),
            Value::Secret(Secret::sealed("x".to_owned())),
            true,
        ),
        (Value::Unknown, Value::Unknown, false),
        (Value::from(""), Value::Null, false),
        (vec!["a", "b"].into(), vec!["b", "a"].into(), false),
    ];
    for (one, other, same) in cases {
        for (one, other) in [(&one, &other), (&other, &one)] {
            let differences =
                paths(&inputs([("field", one.clone())]), &inputs([("field", other.clone())]), None);
            assert_eq!(differences.is_empty(), same, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn prior_inputs_stand_in_for_what_the_api_does_not_tell() {
    let desired = inputs([("secret", Value::secret("a"))]);
    let prior = inputs([("secret", Value::secret("a"))]);
    assert!(paths(&desired, &inputs([]), Some(&prior)).is_empty());
    // The API tells that there is a secret, and not which.
    let hidden = inputs([("secret", Value::Secret(Secret::hidden()))]);
    assert!(paths(&desired, &hidden, Some(&prior)).is_empty());
    let changed = inputs([("secret", Value::secret("b"))]);
    assert_eq!(paths(&changed, &hidden, Some(&prior)), ["secret"]);
    assert_eq!(paths(&desired, &inputs([]), None), ["secret"], "it was never set");
}

#[test]
fn secrets_never_get_out() {
    let mut world = World::desiring(hub());
    // A secret field whose value nobody marked, a secret output, and one within a joined text.
    world.nodes.push(node("network.other", inputs([("secret", "hunter2".into())])));
    world.set("main/arl", "password", refer("network.main#password"));
    let url = vec!["https://u:".into(), Value::secret("hunter2"), "@h".into()];
    world.set("main/arl", "url", Value::Joined(url));
    let list = vec![inputs([("name", "A".into()), ("value", Value::secret("hunter2"))])];
    world.set("network.main", "env", Value::List(list));
    let first = world.plan();
    world.apply(&first);
    // What the API tells in clear is as secret as what the file says.
    world.set("network.other", "secret", "hunter3");
    world.seen("network.other").fields = inputs([("secret", "hunter2".into())]);
    let live = vec![inputs([("name", "A".into()), ("value", "hunter2".into())])];
    world.set("network.main", "env", Value::List(vec![inputs([("name", "B".into())])]));
    world.seen("network.main").fields = inputs([("env", Value::List(live))]);
    world.record("network.main").inputs = world.nodes[0].inputs.clone();
    let leaked = world.plan();
    world.set("network.main", "env", Value::List(vec![Value::secret("hunter4")]));
    let options = show::ShowOptions { color: false, verbose: true, width: 0 };
    for plan in [first, world.plan(), world.destroy()] {
        let shown = [
            show::text(&plan, &options),
            show::json(&plan).to_string(),
            serde_json::to_string(&plan).unwrap(),
            format!("{plan:?}"),
            infra_plan::draw::svg(&infra_plan::draw::Picture::of_plan(&plan)),
        ];
        for text in shown {
            assert!(!text.contains("hunter"), "{text}");
            assert!(!text.contains("password-of"), "{text}");
        }
    }
    // The record of network.main said in clear what the file once marked: nothing marks it any more, and it shows.
    assert!(show::text(&leaked, &options).contains("network.main"));
}

#[test]
fn unknowns_and_secrets_are_shown_by_their_marks() {
    let plan = World::desiring(hub()).plan();
    let text = show::text(&plan, &show::ShowOptions::default());
    assert!(text.contains("host:    (known after create)"), "{text}");
    assert!(text.contains("token:   (secret)"), "{text}");
    let document = show::json(&plan);
    let changes = document["changes"].as_array().unwrap();
    let field = |address: &str, path: &str| {
        let change = changes.iter().find(|change| change["address"] == address).unwrap();
        let fields = change["fields"].as_array().unwrap();
        fields.iter().find(|field| field["path"] == path).unwrap()["after"].clone()
    };
    assert_eq!(field("cluster.main", "token"), json!({ "$secret": null }));
    assert_eq!(field("cluster.main", "network"), json!({ "$unknown": true }));
    let operations = document["operations"].as_array().unwrap();
    let cluster = operations.iter().find(|one| one["address"] == "cluster.main").unwrap();
    assert_eq!(cluster["inputs"]["network"], json!({ "$reference": "network.main#id" }));
}

#[test]
fn joined_texts_are_joined_as_soon_as_their_parts_are_known() {
    let joined = Value::Joined(vec!["a".into(), refer("network.a#ip"), 7_u32.into(), true.into()]);
    assert!(!joined.is_known());
    assert_eq!(resolve(&joined, &|_| None), Value::Unknown);
    assert_eq!(resolve(&joined, &|_| Some("b".into())), Value::from("ab7true"));
    assert_eq!(resolve(&joined, &|_| Some(Value::secret("b"))), Value::secret("ab7true"));
    let sealed = Value::Secret(Secret::sealed("s".to_owned()));
    let still = resolve(&joined, &|_| Some(sealed.clone()));
    assert!(matches!(still, Value::Joined(_)) && still.is_known());
    assert_eq!(still.to_string(), "(secret)");
    let nested = Value::Joined(vec![joined, "!".into()]);
    let still = resolve(&nested, &|_| Some(sealed.clone()));
    assert!(matches!(still, Value::Joined(_)) && still.is_known(), "{still:?}");
    assert_eq!(resolve(&nested, &|_| Some("b".into())), Value::from("ab7true!"));
}

#[test]
fn a_joined_input_is_bound_when_its_source_is_there() {
    let mut world = World::holding(hub());
    let ip = world.seen("address.hub").outputs.text_at("ip").unwrap().to_owned();
    assert_eq!(
        world.record("main/arl").inputs.text_at("host"),
        Some(format!("http://{ip}/").as_str())
    );
    world.set("main/arl", "replicas", 2_u32);
    let plan = world.plan();
    let host = format!("http://{ip}/");
    assert_eq!(plan.operations[0].inputs.text_at("host"), Some(host.as_str()));
}

#[test]
fn values_survive_json() {
    let cases = [
        Value::Null,
        Value::Unknown,
        refer("main/arl#a.b"),
        Value::Joined(vec!["a".into(), refer("network.a#id")]),
        Value::Secret(Secret::sealed("sealed".to_owned())),
        Value::Secret(Secret::hidden()),
        inputs([("$secret", "no secret".into())]),
        inputs([("$map", inputs([("$unknown", true.into())]))]),
        inputs([("$unknown", true.into()), ("other", 1_u32.into())]),
        inputs([("plain", vec![Value::Null, inputs([])].into())]),
    ];
    for value in cases {
        let text = serde_json::to_string(&value).unwrap();
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value, "{text}");
    }
    for wrong in [r#"{"$joined": 1}"#, r#"{"$reference": "no"}"#, r#"{"$reference": "a b#c"}"#] {
        assert!(serde_json::from_str::<Value>(wrong).is_err(), "{wrong}");
    }
    let clear = serde_json::to_string(&Value::secret("hunter2")).unwrap();
    assert_eq!(clear, r#"{"$secret":null}"#);
}

#[test]
fn a_saved_plan_is_checked_when_it_is_read() {
    let plan = World::desiring(hub()).plan();
    let mut json = serde_json::to_value(&plan).unwrap();
    json["graph"]["nodes"]["network.main"]["after"] = json!(["cluster.main"]);
    let error = serde_json::from_value::<Plan>(json).unwrap_err();
    assert!(error.to_string().contains("need each other"), "{error}");
}

#[test]
fn the_checker_finds_what_was_edited() {
    type Edit = fn(&mut Plan);
    let edits: [(Edit, &str); 8] = [
        (|plan| plan.format = 9, "the form 9"),
        (|plan| plan.operations.swap(0, 1), "stands at place"),
        (|plan| plan.operations[0].after = vec![plan.operations[3].id], "comes later"),
        (|plan| plan.operations[1].after.clear(), "does not wait for it"),
        (|plan| plan.operations[2].address = at("network.main"), "does not wait"),
        (|plan| plan.operations[0].inputs = Value::Unknown, "neither known nor bound"),
        (|plan| plan.operations[0].action = infra_event::Action::Update, "has no id"),
        (
            |plan| plan.operations[0].ownership = infra_plan::Ownership::Referenced,
            "somebody else's",
        ),
    ];
    for (edit, expected) in edits {
        let mut plan = World::desiring(hub()).plan();
        edit(&mut plan);
        let problems = infra_plan::check(&plan).join("\n");
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
}

#[test]
fn names_of_any_characters_make_addresses() {
    let address = Address::inside("main", "rbac").part("ClusterRole.rbac/system:a b#\"ü$");
    assert_eq!(address.as_str(), "main/rbac/ClusterRole.rbac/system:a%20b%23%22%C3%BC%24");
    assert_eq!(address.as_str().parse::<Address>().unwrap(), address);
    assert_eq!((address.cluster(), address.item()), (Some("main"), Some("rbac")));
    assert_eq!(at("node_pool.main/gpu").cluster(), None);
    for wrong in ["", "x", "a b/c", "a.b#c", "a.$b"] {
        assert!(wrong.parse::<Address>().is_err(), "{wrong}");
    }
}
