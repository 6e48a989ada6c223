//! What recordings of a control plane cannot hold: logs, commands, forwarded ports, image pulls, time, the loss of a node; each through `infra`
//! itself.
//!
//! On an emulated cluster in another process, or on the current context of `INFRA_TEST_KUBECONFIG`: everything then happens in
//! a namespace of its own, which `infra down` takes away. `INFRA_TEST_IMAGE` is an image with a shell (busybox unless given).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail by panicking, like tests"
)]
#![allow(dead_code, reason = "the scene has more than is used here")]

#[path = "../../end_to_end/scene.rs"]
mod scene;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use scene::{Emulator, SPEED, Scene};

const FAULTS: &str =
    "kubernetes: { pods: { scripts: [{ image: no-such-image, pull_error: 'no such host' }] } }\n";

struct World {
    // Ended first: it writes its world down in the folder of the scene.
    emulator: Option<Emulator>,
    scene: Scene,
    namespace: String,
}

impl World {
    /// A cluster, and a file whose item is `k8s.yaml`.
    fn new(manifests: &str, more: &str) -> Self {
        let image = std::env::var("INFRA_TEST_IMAGE");
        let image = image.unwrap_or_else(|_| "docker.io/library/busybox:1.37".to_owned());
        let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let namespace = format!("infra-case-{}-{}", std::process::id(), unique.subsec_nanos());
        let file = format!(
            "apiVersion: infra/v1\nname: {namespace}\nproviders: {{ existing: {{ kubeconfig: kubeconfig }} }}\n\
             cluster: {{ existing: true }}\nstack:\n  - name: item\n    namespace: {namespace}\n    manifests: k8s.yaml\n    timeout: 5m\n{more}"
        );
        let mut scene = Scene::new(&file.replace("IMAGE", &image));
        scene.write("k8s.yaml", &manifests.replace("IMAGE", &image));
        scene.write("faults.yaml", FAULTS);
        let emulator = match std::env::var("INFRA_TEST_KUBECONFIG") {
            Ok(path) => {
                std::fs::copy(path, scene.path().join("kubeconfig")).unwrap();
                // Credential programs of the kubeconfig look for their files at home.
                let home = std::env::var("HOME").unwrap_or_default();
                scene.environment.insert("HOME".into(), home);
                None
            }
            Err(_) => {
                let arguments = ["--only", "kubernetes", "--nodes", "3", "--faults", "faults.yaml"];
                let emulator = Emulator::start(&scene, "world", &arguments);
                let place = emulator.endpoints["kubernetes"][0]["kubeconfig"].as_str().unwrap();
                std::fs::copy(scene.path().join(place), scene.path().join("kubeconfig")).unwrap();
                scene.environment.insert("INFRA_WORLD_SPEED".into(), SPEED.into());
                Some(emulator)
            }
        };
        Self { emulator, scene, namespace }
    }

    fn emulated(&self) -> bool {
        self.emulator.is_some()
    }

    /// kubectl on the same cluster; `None` where there is none.
    fn kubectl(&self, arguments: &[&str]) -> Option<String> {
        let kubeconfig = self.scene.path().join("kubeconfig");
        let output = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(arguments)
            .output()
            .ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let down = self.scene.run(&["down", "--yes"]).ends(0);
            assert!(down.stderr.contains("leftovers: none"), "{}", down.stderr);
        } else if !self.emulated() {
            let _ = self.scene.command(&["down", "--yes"]).output();
        }
    }
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: IMAGE
          command: [sh, -c, 'echo started as web; mkdir -p /www; echo page > /www/index.html; exec httpd -f -p 8080 -h /www']
          ports: [{ name: http, containerPort: 8080 }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
";

#[test]
fn a_life_with_change_and_drift() {
    let world = World::new(WEB, "");
    let scene = &world.scene;
    scene.run(&["up", "--yes"]).ends(0);
    scene.run(&["plan", "--exit-code"]).ends(0);
    let again = scene.run(&["up", "--yes"]).ends(0);
    assert!(again.stderr.contains("unchanged"), "{}", again.stderr);
    scene.write("k8s.yaml", &scene.read("k8s.yaml").replace("replicas: 2", "replicas: 1"));
    let plan = scene.run(&["plan", "--exit-code"]).ends(2);
    assert!(plan.stdout.contains("spec.replicas: 2 -> 1"), "{}", plan.stdout);
    scene.run(&["up", "--yes"]).ends(0);
    scene.run(&["drift"]).ends(0);
    if world.kubectl(&["-n", &world.namespace, "label", "service", "web", "by-hand=yes"]).is_some()
    {
        // A field of somebody else's is no drift; one of ours is.
        scene.run(&["drift"]).ends(0);
        world.kubectl(&["-n", &world.namespace, "scale", "deployment/web", "--replicas=3"]);
        scene.run(&["drift"]).ends(2);
    }
    let status = scene.run(&["status", "--output", "json"]).ends(0).json();
    assert!(status["resources"].as_array().unwrap().len() >= 3, "{status}");
}

#[test]
fn logs_commands_and_ports() {
    let world = World::new(WEB, "");
    let scene = &world.scene;
    scene.run(&["up", "--yes"]).ends(0);
    let logs = scene.run(&["logs", "item", "--tail", "1"]).ends(0).stdout;
    assert_eq!(logs.lines().count(), 2, "{logs}");
    assert!(logs.contains("web"), "{logs}");
    assert_eq!(scene.run(&["exec", "deployment/web", "--", "echo", "hi"]).ends(0).stdout, "hi\n");
    scene.run(&["exec", "item", "--", "sh", "-c", "exit 5"]).ends(5);
    let mut typed = scene
        .command(&["exec", "service/web", "-i", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    typed.stdin.take().unwrap().write_all(b"through\n").unwrap();
    assert_eq!(scene::told(typed.wait_with_output().unwrap()).ends(0).stdout, "through\n");
    let (mut forward, port) = forward(scene, &["forward", "service/web", ":80"]);
    let answer = request(port);
    // The image serves a page; the emulated container gives back what it gets.
    let expected = if world.emulated() { "GET / HTTP/1.0" } else { "page" };
    assert!(answer.contains(expected), "{answer}");
    Command::new("kill").args(["-INT", &forward.id().to_string()]).status().unwrap();
    assert_eq!(forward.wait().unwrap().code(), Some(0));
}

fn forward(scene: &Scene, arguments: &[&str]) -> (Child, u16) {
    let mut child = scene.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let local = line.split_whitespace().nth(1).unwrap();
    (child, local.rsplit_once(':').unwrap().1.parse().unwrap())
}

fn request(port: u16) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = [0; 4096];
    let mut text = String::new();
    while let Ok(count @ 1..) = connection.read(&mut answer) {
        text.push_str(&String::from_utf8_lossy(&answer[..count]));
        if text.contains("page") || text.contains("HTTP/1.0\r\n\r\n") {
            break;
        }
    }
    text
}

#[test]
fn an_image_that_cannot_be_pulled_ends_the_run_with_its_reason() {
    let world = World::new(&WEB.replace("IMAGE", "registry.invalid/no-such-image:1"), "");
    let failed = world.scene.run(&["up", "--yes"]).ends(1);
    assert!(failed.stderr.contains("registry.invalid/no-such-image:1"), "{}", failed.stderr);
    assert!(failed.stderr.contains("next:"), "{}", failed.stderr);
}

#[test]
fn jobs_run_to_their_end_and_their_output_is_shown() {
    let job = "apiVersion: batch/v1
kind: Job
metadata: { name: load }
spec:
  backoffLimit: 0
  template: { spec: { restartPolicy: Never, containers: [{ name: load, image: IMAGE, command: [sh, -c, 'echo row one; sleep 4; echo row two; exit CODE'] }] } }
";
    let world = World::new(
        &job.replace("CODE", "0"),
        "    smoke_test: { image: IMAGE, command: 'echo tested' }\n",
    );
    let up = world.scene.run(&["up", "--yes"]).ends(0);
    for text in ["row one", "row two", "tested"] {
        assert!(up.stderr.contains(text), "{text}: {}", up.stderr);
    }
    world.scene.run(&["test"]).ends(0);
    drop(world);
    let world = World::new(&job.replace("CODE", "3"), "");
    let failed = world.scene.run(&["up", "--yes"]).ends(1);
    assert!(
        failed.stderr.contains("row two") && failed.stderr.contains("BackoffLimitExceeded"),
        "{}",
        failed.stderr
    );
}

#[test]
fn a_cron_job_makes_jobs_when_its_time_has_come() {
    let cron = "apiVersion: batch/v1
kind: CronJob
metadata: { name: tick }
spec:
  schedule: '* * * * *'
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: tick, image: IMAGE, command: [echo, tick] }] } } } }
";
    let world = World::new(cron, "");
    world.scene.run(&["up", "--yes"]).ends(0);
    let began = std::time::Instant::now();
    loop {
        let listed = world.kubectl(&[
            "-n",
            &world.namespace,
            "get",
            "jobs",
            "-o",
            "jsonpath={.items[*].status.succeeded}",
        ]);
        match listed {
            None => return,
            Some(listed) if listed.contains('1') => break,
            Some(_) => assert!(began.elapsed().as_secs() < 150, "no job has completed"),
        }
    }
}

/// Only where the node is nobody's.
#[test]
fn the_loss_of_a_node_is_survived() {
    let world = World::new(WEB, "");
    if !world.emulated() {
        return;
    }
    world.scene.run(&["up", "--yes"]).ends(0);
    let pods = ["-n", &world.namespace, "get", "pods", "-o", "jsonpath={.items[0].spec.nodeName}"];
    let Some(node) = world.kubectl(&pods) else { return };
    world.kubectl(&["delete", "node", &node]);
    // The pods of the node go, and others come elsewhere: the item becomes ready again.
    let began = std::time::Instant::now();
    let ready = [
        "-n",
        &world.namespace,
        "get",
        "deployment",
        "web",
        "-o",
        "jsonpath={.status.readyReplicas}",
    ];
    let nodes = ["-n", &world.namespace, "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}"];
    while world.kubectl(&ready).unwrap() != "2" || world.kubectl(&nodes).unwrap().contains(&node) {
        assert!(began.elapsed().as_secs() < 60, "the pods do not come back");
    }
    world.scene.run(&["plan", "--exit-code"]).ends(0);
}
