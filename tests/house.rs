//! The rules of the house: who may import whom, how long a file may be, and that documents tell the truth.
//!
//! The table is that of ARCHITECTURE.md. It is held against `cargo metadata`, so that a new dependency between crates is a
//! decision that somebody took, and not an accident.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking, like tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Lines that no source file exceeds.
const LONGEST_FILE: usize = 600;

/// Crate, what it may import of this workspace, and what its tests may import besides.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    ("infra-event", &[], &[]),
    ("infra-clock", &[], &[]),
    ("infra-helm", &[], &[]),
    ("infra-spec", &["event"], &[]),
    ("infra-plan", &["event"], &[]),
    ("infra-report", &["event"], &[]),
    ("infra-state", &["event", "clock", "plan"], &[]),
    ("infra-provider", &["event", "clock", "plan", "spec"], &[]),
    ("infra-kube", &["event", "clock", "plan", "provider"], &["emulator"]),
    ("infra-oci", &["event", "spec", "plan", "provider"], &["clock", "emulator"]),
    ("infra-engine", &["event", "clock", "plan", "provider", "state"], &["emulator"]),
    (
        "infra-bootstrap",
        &["event", "clock", "spec", "plan", "provider", "kube", "oci"],
        &["emulator"],
    ),
    ("infra-emulator", &["event", "clock"], &[]),
    (
        "infra-conformance",
        &["event", "clock", "spec", "plan", "provider", "state", "engine", "emulator"],
        &[],
    ),
];

/// What every crate in `providers/` may import.
const PROVIDER: (&[&str], &[&str]) =
    (&["event", "clock", "spec", "plan", "provider", "kube"], &["emulator", "conformance"]);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The packages of the workspace, as cargo sees them. Nothing is fetched.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn allowed(package: &Value) -> Option<(&'static [&'static str], &'static [&'static str])> {
    let (name, manifest) =
        (package["name"].as_str().unwrap(), package["manifest_path"].as_str().unwrap());
    if Path::new(manifest).starts_with(root().join("providers")) {
        return Some(PROVIDER);
    }
    LAYERS.iter().find(|layer| layer.0 == name).map(|layer| (layer.1, layer.2))
}

/// What is imported against the table, each as a sentence.
fn trespasses(packages: &[Value]) -> Vec<String> {
    let ours: BTreeSet<_> =
        packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| package["name"] != "infra-cli") {
        let name = package["name"].as_str().unwrap();
        let Some((always, in_tests)) = allowed(package) else {
            found.push(format!("{name} is not in the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let imported = dependency["name"].as_str().unwrap();
            if !ours.contains(imported) {
                continue;
            }
            let short = imported.trim_start_matches("infra-");
            let test_only = dependency["kind"] == "dev";
            if !(always.contains(&short) || test_only && in_tests.contains(&short)) {
                found.push(format!("{name} may not import {imported}"));
            }
        }
    }
    found
}

#[test]
fn crates_import_only_what_their_layer_may() {
    let packages = packages();
    assert!(packages.len() > 10, "{} packages", packages.len());
    assert_eq!(trespasses(&packages), Vec::<String>::new());
}

#[test]
fn a_trespass_would_be_seen() {
    let mut packages = packages();
    let plan = packages.iter_mut().find(|package| package["name"] == "infra-plan").unwrap();
    let wrong = serde_json::json!({ "name": "infra-emulator", "kind": null });
    plan["dependencies"].as_array_mut().unwrap().push(wrong);
    assert_eq!(trespasses(&packages), ["infra-plan may not import infra-emulator"]);
}

/// Layers have no cycle, whatever the table says: a crate never reaches itself.
#[test]
fn the_table_has_no_cycle() {
    let table: BTreeMap<_, _> = LAYERS
        .iter()
        .map(|(name, imports, _)| (name.trim_start_matches("infra-"), *imports))
        .collect();
    for name in table.keys() {
        let (mut open, mut seen) = (table[name].to_vec(), BTreeSet::new());
        while let Some(next) = open.pop() {
            assert_ne!(next, *name, "{name} reaches itself");
            if seen.insert(next) {
                open.extend(table[next]);
            }
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "providers", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "{} files", found.len());
    found
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = all_sources()
        .into_iter()
        .map(|path| (std::fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    assert!(long.is_empty(), "over {LONGEST_FILE} lines: {long:#?}");
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty = ["utils", "util", "common", "helpers", "helper", "misc", "manager"];
    let found: Vec<_> = all_sources()
        .into_iter()
        .map(|path| path.strip_prefix(root()).unwrap().to_owned())
        .filter(|path| {
            path.iter().any(|part| empty.contains(&part.to_string_lossy().trim_end_matches(".rs")))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The documents of the repository, without what was built.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                documents(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut files = Vec::new();
    documents(&root(), &mut files);
    let mut broken = Vec::new();
    let mut followed = 0;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            let path = target.0.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.contains(' ') {
                continue;
            }
            followed += 1;
            if !file.parent().unwrap().join(path).exists() {
                broken.push(format!("{}: {path}", file.display()));
            }
        }
    }
    assert!(followed > 20, "{followed} links");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Commands and exit codes of the README are those of the program.
#[test]
fn the_readme_names_every_command_and_exit_code() {
    let help = Command::new(env!("CARGO_BIN_EXE_infra")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    // Continued lines are indented further.
    let names = commands.lines().filter(|line| !line.starts_with("   "));
    let names: Vec<_> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let cell = |end: &str| readme.contains(&format!("`{name}{end}"));
        assert!(cell("`") || cell(" "), "the README does not name `{name}`");
    }
    for code in infra_event::ExitCode::ALL {
        let row = format!("| {} |", code.code());
        assert!(readme.contains(&row), "the README does not tell exit code {}", code.code());
    }
}
