//! Items of the stack that need more than files: kustomizations, Jobs whose output is shown.

use std::os::unix::fs::PermissionsExt;

use crate::scene::Scene;

const FILE: &str = "apiVersion: infra/v1
name: lab
providers: { existing: {} }
cluster: { existing: true }
stack:
  - { name: shop, kustomize: ./overlay }
";

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings, namespace: shop }\ndata: { mode: quick }\n";

/// A folder with a program of this name on the PATH, and nothing but what a shell needs besides.
fn program(scene: &mut Scene, name: &str, script: &str) {
    let folder = scene.path().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:/bin", folder.display());
    scene.environment.insert("PATH".into(), search);
}

fn scene() -> Scene {
    let scene = Scene::new(FILE);
    std::fs::create_dir_all(scene.path().join("overlay")).unwrap();
    scene.write("overlay/kustomization.yaml", "resources: [settings.yaml]\n");
    scene.write("overlay/settings.yaml", MAP);
    scene
}

#[test]
fn a_kustomization_is_rendered_by_the_systems_program() {
    let mut scene = scene();
    // It stands in for `kustomize build FOLDER`.
    program(&mut scene, "kustomize", "[ \"$1\" = build ] && cat \"$2/settings.yaml\"");
    let plan = scene.run(&["plan", "--rehearse"]).ends(0);
    assert!(plan.stdout.contains("ConfigMap/shop/settings"), "{}", plan.stdout);
    scene.run(&["up", "--rehearse"]).ends(0);
    scene.run(&["plan", "--rehearse", "--exit-code"]).ends(0);
    scene.write("overlay/settings.yaml", &MAP.replace("quick", "slow"));
    let changed = scene.run(&["plan", "--rehearse", "--exit-code"]).ends(2);
    assert!(changed.stdout.contains("data.mode: \"quick\" -> \"slow\""), "{}", changed.stdout);
    scene.run(&["up", "--rehearse"]).ends(0);
    // Taking it down needs no program: what was applied is known.
    std::fs::remove_file(scene.path().join("bin/kustomize")).unwrap();
    scene.run(&["down", "--rehearse"]).ends(0);
}

#[test]
fn what_the_program_says_is_told_and_a_missing_one_too() {
    let mut scene = scene();
    program(
        &mut scene,
        "kustomize",
        "echo 'Error: accumulating resources: no such thing' >&2; exit 1",
    );
    let told = scene.run(&["plan", "--rehearse"]).ends(3);
    assert!(told.stderr.contains("accumulating resources: no such thing"), "{}", told.stderr);
    assert!(told.stderr.contains("infra.yaml:6:"), "{}", told.stderr);
    let empty = scene.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    scene.environment.insert("PATH".into(), empty.display().to_string());
    let told = scene.run(&["plan", "--rehearse"]).ends(3);
    assert!(told.stderr.contains("neither `kustomize` nor `kubectl`"), "{}", told.stderr);
}

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: { name: load }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: load, image: registry.example.org/load:1 }]
";

#[test]
fn what_a_job_prints_is_shown_while_it_is_waited_for() {
    let scene = Scene::new(&FILE.replace("kustomize: ./overlay", "manifests: job.yaml"));
    scene.write("job.yaml", JOB);
    let faults = "kubernetes: { pods: { scripts: [{ pod: load-, exit_code: 0, run_seconds: 20, log: \"row 1\\nrow 2\\n\" }] } }\n";
    scene.write("faults.yaml", faults);
    let up = scene.run(&["up", "--rehearse", "--faults", "faults.yaml"]).ends(0);
    assert!(up.stderr.contains("row 1") && up.stderr.contains("row 2"), "{}", up.stderr);

    let scene = Scene::new(&FILE.replace("kustomize: ./overlay", "manifests: job.yaml"));
    scene.write("job.yaml", JOB);
    scene.write("faults.yaml", &faults.replace("exit_code: 0", "exit_code: 3"));
    let failed = scene.run(&["up", "--rehearse", "--faults", "faults.yaml"]).ends(1);
    assert!(failed.stderr.contains("row 2"), "{}", failed.stderr);
    assert!(failed.stderr.contains("BackoffLimitExceeded"), "{}", failed.stderr);
}
