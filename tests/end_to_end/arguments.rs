//! Arguments, questions and their answers, without any change.

use serde_json::Value;

use crate::cloud::FILE;
use crate::scene::Scene;

#[test]
fn exit_codes_of_bad_input() {
    let scene = Scene::new(FILE);
    scene.run(&["--version"]).ends(0);
    scene.run(&["--help"]).ends(0);
    scene.run(&["bogus"]).ends(3);
    scene.run(&["plan", "--target", "no address"]).ends(3);
    scene.run(&["plan", "--rehearse", "--target", "cluster.nowhere"]).ends(3);
    scene.run(&["validate", "-f", "missing.yaml"]).ends(3);
    let told = scene.run(&["plan"]).ends(5);
    assert!(told.stderr.contains("DIGITALOCEAN_ACCESS_TOKEN"), "{}", told.stderr);
    scene.write("infra.yaml", "apiVersion: infra/v1\nname: hub\nclutser: {}\n");
    let told = scene.run(&["validate"]).ends(3);
    assert!(
        told.stderr.contains("infra.yaml:3:1") && told.stderr.contains("`cluster`"),
        "{}",
        told.stderr
    );
}

#[test]
fn without_a_terminal_and_yes_nothing_is_changed() {
    let mut scene = Scene::new(FILE);
    let emulator = crate::scene::Emulator::start(&scene, "world", &[]);
    emulator.connect(&mut scene);
    let told = scene.run(&["up"]).ends(3);
    assert!(told.stderr.contains("--yes"), "{}", told.stderr);
    assert_eq!(scene.writes("world"), 0);
}

#[test]
fn init_writes_a_file_that_is_valid_and_can_be_rehearsed() {
    let scene = Scene::new("");
    scene.run(&["init"]).ends(3);
    scene.run(&["init", "--force", "--name", "lab"]).ends(0);
    scene.run(&["validate"]).ends(0);
    scene.run(&["up", "--rehearse"]).ends(0);
}

#[test]
fn questions_answer_with_one_document() {
    let scene = Scene::new(FILE);
    scene.run(&["up", "--rehearse", "--report", "run.html"]).ends(0);
    assert!(
        scene.read("run.html").starts_with("<!doctype html>")
            || scene.read("run.html").starts_with("<!DOCTYPE html>")
    );
    for question in ["plan", "status", "output", "graph", "explain"] {
        let document = scene.run(&[question, "--rehearse", "--output", "json"]).ends(0).json();
        assert!(document["format_version"].is_u64(), "{question}: {document}");
    }
    let schema = scene.run(&["schema"]).ends(0).json();
    assert!(schema["properties"]["providers"].is_object() || schema["$defs"].is_object());
    let runs = scene.run(&["replay", "--rehearse", "--list", "--output", "json"]).ends(0).json();
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
    let events = scene.run(&["replay", "--rehearse", "--output", "json"]).ends(0).stdout;
    let events: Vec<Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.first().unwrap()["body"]["type"], "run_started");
    assert_eq!(events.last().unwrap()["body"]["type"], "run_finished");
    let numbers: Vec<_> = events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    scene.run(&["replay", "--rehearse", "--picture", "tree.svg"]).ends(0);
    assert!(scene.read("tree.svg").contains("<svg"));
    for format in ["dot", "mermaid", "svg"] {
        assert!(
            scene
                .run(&["graph", "--rehearse", "--format", format])
                .ends(0)
                .stdout
                .contains("cluster.main")
        );
    }
}

#[test]
fn completions_and_manual() {
    let scene = Scene::new(FILE);
    for shell in ["bash", "zsh", "fish"] {
        assert!(scene.run(&["completions", shell]).ends(0).stdout.contains("kubeconfig"));
    }
    assert!(scene.run(&["man"]).ends(0).stdout.contains(".TH"));
}

#[cfg(unix)]
#[test]
fn a_kubeconfig_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new(FILE);
    scene.run(&["kubeconfig", "--rehearse"]).ends(3);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["kubeconfig", "--rehearse", "--path", "kubeconfig"]).ends(0);
    assert!(scene.read("kubeconfig").contains("certificate-authority-data"));
    let mode = std::fs::metadata(scene.path().join("kubeconfig")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
