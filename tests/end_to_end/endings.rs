//! How runs end when the clouds do not play along, and what of a run can be had afterwards.

use serde_json::{Value, json};

use crate::cloud::{FILE, request};
use crate::scene::{Emulator, Scene, example};

const WORLD: &str = ".infra/rehearsal/hub/world";

/// The marker that the cluster bears, without the part that names the cluster: that of the deployment.
fn marker(world: &Value) -> String {
    let tags = world["digitalocean"]["clusters"][0]["tags"].as_array().unwrap();
    let mut tags = tags.iter().map(|tag| tag.as_str().unwrap());
    let tag = tags.find(|tag| tag.starts_with("infra:")).unwrap();
    tag.rsplit_once(':').unwrap().0.to_owned()
}

#[test]
fn what_is_left_after_down_is_told_with_its_own_code() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse"]).ends(0);
    let marker = marker(&scene.world(WORLD));
    {
        let emulator = Emulator::start(&scene, WORLD, &[]);
        let (url, token) = emulator.digitalocean();
        let volume = json!({
            "name": "forgotten", "region": "ams3", "size_gigabytes": 10, "tags": [format!("{marker}:by-hand")],
        });
        request("POST", &format!("{url}/v2/volumes"), &token, Some(volume.to_string()));
    }
    let down = scene.run(&["down", "--rehearse"]).ends(7);
    // The tag and the volume that bears it.
    assert!(down.stderr.contains("leftovers: 2"), "{}", down.stderr);
    assert!(down.stderr.contains("volume forgotten"), "{}", down.stderr);
    let world = scene.world(WORLD);
    assert_eq!(world["digitalocean"]["volumes"][0]["name"], "forgotten", "it is told, not deleted");
    assert_eq!(world["digitalocean"]["clusters"], json!([]));
}

/// The account says that there is room, and the create is refused all the same.
#[test]
fn a_quota_met_during_the_run_has_its_code_and_the_next_run_goes_on() {
    let scene = Scene::new(FILE);
    scene.write("faults.yaml", "quotas: { registry_limit: 0 }\n");
    let refused = scene.run(&["up", "--rehearse", "--faults", "faults.yaml"]).ends(6);
    assert!(refused.stderr.contains("registry.images"), "{}", refused.stderr);
    assert!(refused.stderr.contains("next:"), "{}", refused.stderr);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["plan", "--rehearse", "--exit-code"]).ends(0);
    assert_eq!(scene.world(WORLD)["digitalocean"]["clusters"].as_array().unwrap().len(), 1);
}

#[test]
fn a_node_that_cannot_be_made_fails_the_run_at_once_and_says_why() {
    let scene = Scene::new(FILE);
    let faults = "creates: [{ kind: reserved_ip, times: 1, slow: 1m }]\nrules: [{ match: { method: POST, path: /node_pools$ }, then: { status: 422, body: { id: unprocessable_entity, message: no capacity in ams3 } } }]\n";
    scene.write("faults.yaml", faults);
    let failed = scene.run(&["up", "--rehearse", "--faults", "faults.yaml"]);
    assert!(matches!(failed.code, 1 | 6), "{}: {}", failed.code, failed.stderr);
    assert!(failed.stderr.contains("no capacity in ams3"), "{}", failed.stderr);
    assert!(failed.stderr.contains("node_pool.main/big"), "{}", failed.stderr);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["plan", "--rehearse", "--exit-code"]).ends(0);
}

/// Replies that are lost and errors of the server cost time, and nothing else.
#[test]
fn lost_replies_and_server_errors_are_survived() {
    let scene = Scene::new(FILE);
    let faults = "rules:\n\
        - { match: { method: POST, path: /v2/kubernetes/clusters$ }, times: 1, then: { lose_reply: true } }\n\
        - { match: { method: POST, path: /v2/reserved_ips$ }, times: 1, then: { lose_reply: true } }\n\
        - { match: { method: POST, path: /node_pools$ }, times: 1, then: { lose_reply: true } }\n\
        - { match: { method: GET }, after: 5, times: 2, then: { status: 503 } }\n\
        - { match: { method: GET }, after: 20, times: 1, then: { reset: true } }\n";
    scene.write("faults.yaml", faults);
    scene.run(&["up", "--rehearse", "--faults", "faults.yaml"]).ends(0);
    let world = scene.world(WORLD);
    let count = |kind: &str| world["digitalocean"][kind].as_array().unwrap().len();
    assert_eq!((count("clusters"), count("registries"), count("reserved_ips")), (1, 1, 1));
    scene.run(&["plan", "--rehearse", "--exit-code"]).ends(0);
}

#[test]
fn the_schema_holds_for_the_examples_and_refuses_unknown_keys() {
    let scene = Scene::new(FILE);
    let schema = scene.run(&["schema"]).ends(0).json();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut files = vec![scene.path().join("infra.yaml")];
    files.extend(["starter", "arl"].map(|name| example(name).join("infra.yaml")));
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let document: Value = serde_saphyr::from_str(&text).unwrap();
        let wrong: Vec<_> = validator.iter_errors(&document).map(|one| one.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", file.display());
    }
    let wrong: Value = serde_saphyr::from_str(&FILE.replace("cluster:", "clutser:")).unwrap();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn every_run_is_recorded_and_can_be_had_as_report() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["down", "--rehearse"]).ends(0);
    let listed = scene.run(&["replay", "--rehearse", "--list"]).ends(0).stdout;
    let commands: Vec<_> =
        listed.lines().map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect();
    assert_eq!(commands, ["up", "down"], "the latest last: {listed}");
    let last = scene.run(&["replay", "--rehearse"]).ends(0).stdout;
    assert!(last.contains("down: hub") && last.contains("leftovers: none"), "{last}");
    let first = listed.lines().next().unwrap().split_whitespace().next().unwrap();
    scene.run(&["replay", first, "--rehearse", "--report", "up.html"]).ends(0);
    let report = scene.read("up.html");
    assert!(report.contains("cluster.main") && report.contains("7 created"));
    // One page: nothing is fetched.
    for fetching in ["src=\"http", "url(http", "@import", "<link rel=\"stylesheet"] {
        assert!(!report.contains(fetching), "{fetching}");
    }
    scene.run(&["replay", "no-such-run", "--rehearse"]).ends(3);
}

#[test]
fn down_of_nothing_is_done_at_once() {
    let scene = Scene::new(FILE);
    scene.run(&["down", "--rehearse"]).ends(0);
    assert_eq!(scene.writes(WORLD), 0, "there is nothing to take down");
}

/// Colour is asked for here though there is no terminal; `NO_COLOR` wins.
#[test]
fn no_color_is_honoured() {
    let mut scene = Scene::new(FILE);
    let escaped = |scene: &Scene| {
        let told = scene.run(&["plan", "--rehearse"]).ends(0);
        let wrong = scene.run(&["plan", "--rehearse", "--target", "cluster.nowhere"]).ends(3);
        [told.stdout, told.stderr, wrong.stderr].concat().contains('\u{1b}')
    };
    scene.environment.insert("CLICOLOR_FORCE".into(), "1".into());
    assert!(escaped(&scene));
    scene.environment.insert("NO_COLOR".into(), "1".into());
    assert!(!escaped(&scene));
}
