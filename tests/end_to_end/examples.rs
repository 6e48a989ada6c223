//! The life of each example: plan as expected, up, up again, change, drift, down.

use serde_json::Value;

use crate::scene::{Scene, example};

fn plan_text(scene: &Scene) -> String {
    let told = scene.run(&["plan", "--rehearse"]).ends(0);
    // Trailing blanks would not survive editors, and each emulated cluster has an identity of its own.
    let line = |line: &str| match line.split_once("cluster_id:") {
        Some((before, id))
            if id.trim().len() == "\"00000000-0000-0000-0000-000000000000\"".len() =>
        {
            format!("{before}cluster_id: (that of the cluster)")
        }
        _ => line.trim_end().to_owned(),
    };
    told.stdout.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// The plan that stands beside the example is what the program says; `INFRA_BLESS=1` writes it anew.
fn expected_plan(name: &str, scene: &Scene) {
    let (place, now) = (example(name).join("plan.txt"), plan_text(scene));
    if std::env::var_os("INFRA_BLESS").is_some() {
        std::fs::write(&place, &now).unwrap();
    }
    let expected = std::fs::read_to_string(&place).unwrap_or_default();
    assert_eq!(now, expected, "INFRA_BLESS=1 writes {} anew", place.display());
}

fn changes(scene: &Scene) -> Vec<String> {
    let plan = scene.run(&["plan", "--rehearse", "--output", "json"]).ends(0).json();
    let operations = plan["changes"].as_array().unwrap().iter();
    let shown = operations.filter(|operation| operation["action"] != "wait");
    shown
        .map(|one| {
            format!("{} {}", one["action"].as_str().unwrap(), one["address"].as_str().unwrap())
        })
        .collect()
}

fn life(name: &str, endpoints: &[&str], change: (&str, &str), expected: &[&str]) {
    let scene = Scene::of_example(name);
    // The deployment's name is that of the folder, but for one.
    let deployment = if name == "existing" { "pages" } else { name };
    let world = format!(".infra/rehearsal/{deployment}/world");
    expected_plan(name, &scene);
    let up = scene.run(&["up", "--rehearse"]).ends(0);
    assert!(up.stderr.contains("endpoint"), "{}", up.stderr);
    let outputs = scene.run(&["output", "--rehearse", "--output", "json"]).ends(0).json();
    let names: Vec<_> = outputs["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, endpoints);
    assert!(changes(&scene).is_empty(), "{:?}", changes(&scene));
    let writes = scene.writes(&world);
    scene.run(&["up", "--rehearse"]).ends(0);
    assert_eq!(scene.writes(&world), writes, "a second up writes nothing");

    scene.edit(change.0, change.1);
    assert_eq!(changes(&scene), expected);
    scene.run(&["up", "--rehearse"]).ends(0);
    assert!(changes(&scene).is_empty(), "{:?}", changes(&scene));

    let down = scene.run(&["down", "--rehearse"]).ends(0);
    assert!(down.stderr.contains("leftovers: none"), "{}", down.stderr);
    let left: Value = scene.world(&world);
    for kind in ["clusters", "droplets", "load_balancers", "volumes", "reserved_ips", "registries"]
    {
        assert_eq!(left["digitalocean"][kind].as_array().unwrap().len(), 0, "{kind}");
    }
}

#[test]
fn starter() {
    life("starter", &["py-service"], ("count: 2", "count: 3"), &["update node_pool.main/default"]);
}

#[test]
fn arl() {
    // What was installed anew is tested anew.
    let expected = ["update main/arl", "update main/arl/smoke_test"];
    life("arl", &["notebook", "scheduler", "dashboard"], ("replicas: 2", "replicas: 3"), &expected);
}

#[test]
fn existing() {
    let expected = ["update main/web", "update main/web/smoke_test"];
    life("existing", &["web"], ("replicas: 2", "replicas: 3"), &expected);
}

/// A password is the same after a second run, shown only when asked for, and nowhere in clear on the disk.
#[test]
fn a_generated_password_stays_and_stays_secret() {
    let scene = Scene::of_example("arl");
    let up = scene.run(&["up", "--rehearse", "--report", "run.html"]).ends(0);
    let hidden = scene.run(&["output", "--rehearse"]).ends(0).stdout;
    let shown = scene.run(&["output", "--rehearse", "--secrets"]).ends(0).stdout;
    let password = shown
        .lines()
        .find(|line| line.starts_with("password."))
        .unwrap()
        .split_whitespace()
        .last()
        .unwrap();
    assert!(password.len() >= 16, "{shown}");
    assert!(!hidden.contains(password) && !up.stderr.contains(password));
    scene.run(&["up", "--rehearse"]).ends(0);
    assert!(scene.run(&["output", "--rehearse", "--secrets"]).ends(0).stdout.contains(password));
    assert!(!scene.read("run.html").contains(password));
    let state = scene.path().join(".infra/rehearsal/arl/state");
    let mut files = 0;
    scan(&state, &mut |path, content| {
        files += 1;
        let text = String::from_utf8_lossy(content);
        assert!(!text.contains(password), "{} holds the password in clear", path.display());
    });
    assert!(files > 3);
}

fn scan(folder: &std::path::Path, each: &mut impl FnMut(&std::path::Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scan(&path, each);
        } else {
            each(&path, &std::fs::read(&path).unwrap());
        }
    }
}
