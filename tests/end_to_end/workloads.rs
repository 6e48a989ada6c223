//! What runs is spoken to: logs, commands, forwarded ports, smoke tests, kubeconfigs for other programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::existing::ask;
use crate::scene::{Emulator, SPEED, Scene, example, told};

const FAULTS: &str = "kubernetes: { pods: { scripts: [
  { pod: web-, log: \"one\\ntwo\\n\", exec: [{ command: nvidia-smi, stdout: \"GPU 0\\n\", stderr: \"warm\\n\", exit_code: 9 }] },
  { pod: smoke-test-, log: \"fetched\\n\" } ] } }\n";

/// The example on a cluster in another process, up.
fn scene(more: &[&str]) -> (Scene, Emulator) {
    let mut scene = Scene::of_example("existing");
    scene.write("faults.yaml", FAULTS);
    let mut arguments = vec!["--only", "kubernetes", "--nodes", "2"];
    arguments.extend(more);
    let emulator = Emulator::start(&scene, "world", &arguments);
    let kubeconfig = emulator.endpoints["kubernetes"][0]["kubeconfig"].as_str().unwrap();
    std::fs::copy(scene.path().join(kubeconfig), scene.path().join("kubeconfig")).unwrap();
    scene.environment.insert("INFRA_WORLD_SPEED".into(), SPEED.into());
    scene
        .environment
        .insert("KUBECONFIG".into(), scene.path().join("kubeconfig").display().to_string());
    scene.run(&["up", "--yes"]).ends(0);
    (scene, emulator)
}

#[test]
fn logs_of_items_objects_and_pods() {
    let (scene, _emulator) = scene(&["--faults", "faults.yaml"]);
    let all = scene.run(&["logs", "web"]).ends(0).stdout;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 4, "two pods of two lines: {all}");
    assert!(lines.iter().all(|line| line.starts_with("web-") && line.contains("/web | ")), "{all}");
    let tail = scene.run(&["logs", "main/web", "--tail", "1", "--no-prefix"]).ends(0).stdout;
    assert_eq!(tail, "two\ntwo\n");
    let job = scene.run(&["logs", "job/check", "--follow", "--output", "json"]).ends(0).stdout;
    let line: Value = serde_json::from_str(job.lines().next().unwrap()).unwrap();
    assert_eq!(
        (line["namespace"].as_str(), line["container"].as_str()),
        (Some("pages"), Some("check"))
    );
    let object = scene.run(&["logs", "main/web/Deployment.apps/pages/web", "--timestamps"]).ends(0);
    assert!(object.stdout.contains("| 20"), "{}", object.stdout);
    let pod = lines[0].split('/').next().unwrap();
    assert_eq!(scene.run(&["logs", pod, "-n", "pages"]).ends(0).stdout, "one\ntwo\n");
    let told = scene.run(&["logs", pod, "-n", "pages", "--previous"]).ends(1);
    assert!(told.stderr.contains("previous terminated container"), "{}", told.stderr);
    let told = scene.run(&["logs", "nothing"]).ends(3);
    assert!(told.stderr.contains("main/web"), "the items are named: {}", told.stderr);
    scene.run(&["logs", "service/web", "-c", "no-such"]).ends(1);
    scene.run(&["logs", "main/web/ConfigMap/pages/none"]).ends(3);
}

#[test]
fn commands_in_containers_with_their_exit_codes() {
    let (scene, _emulator) = scene(&["--faults", "faults.yaml"]);
    let said = scene.run(&["exec", "web", "--", "echo", "a b"]).ends(0);
    assert_eq!(said.stdout, "a b\n");
    assert!(said.stderr.contains("In the pod pages/web-"), "{}", said.stderr);
    let failed = scene.run(&["exec", "deployment/web", "--", "nvidia-smi", "-L"]).ends(9);
    assert_eq!(failed.stdout, "GPU 0\n");
    assert!(failed.stderr.contains("warm"), "{}", failed.stderr);
    scene.run(&["exec", "web", "--", "sh", "-c", "exit 3"]).ends(3);
    scene.run(&["exec", "web"]).ends(3);
    scene.run(&["exec", "web", "-c", "no-such", "--", "true"]).ends(1);
    // The Job has ended: no pod of it runs.
    let told = scene.run(&["exec", "check", "--", "true"]).ends(1);
    assert!(told.stderr.contains("succeeded"), "{}", told.stderr);
    let mut typed = scene
        .command(&["exec", "web", "-i", "--", "cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let large = "line of some length\n".repeat(2000);
    typed.stdin.take().unwrap().write_all(large.as_bytes()).unwrap();
    assert_eq!(told_of(typed), large);
}

fn told_of(child: Child) -> String {
    told(child.wait_with_output().unwrap()).ends(0).stdout
}

/// A command that forwards, and the local ports that it has told.
struct Forward {
    child: Child,
    ports: Vec<(u16, String)>,
}

impl Forward {
    fn start(scene: &Scene, arguments: &[&str], ports: usize) -> Self {
        let mut child = scene.command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ports = lines.take(ports).map(|line| {
            let line = line.unwrap();
            let (local, target) =
                line.strip_prefix("Forwarding ").unwrap().split_once(" -> ").unwrap();
            (local.rsplit_once(':').unwrap().1.parse().unwrap(), target.to_owned())
        });
        let ports: Vec<_> = ports.collect();
        Self { child, ports }
    }

    /// What comes back for a text; the other side echoes.
    fn echo(&self, text: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.ports[0].0)).unwrap();
        connection.write_all(text.as_bytes()).unwrap();
        let mut back = vec![0; text.len()];
        connection.read_exact(&mut back).unwrap();
        String::from_utf8(back).unwrap()
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "an interrupt is its proper end");
    }
}

#[test]
fn ports_lead_into_pods_and_to_another_one_when_one_goes() {
    let (scene, _emulator) = scene(&[]);
    let forward = Forward::start(&scene, &["forward", "web"], 1);
    assert_eq!(forward.ports[0].1, "web:80", "the endpoint of the item");
    assert_eq!(forward.echo("hello"), "hello");
    let several: Vec<_> = std::thread::scope(|scope| {
        let texts: Vec<String> = (0..4).map(|number| format!("{number}").repeat(50_000)).collect();
        let tasks: Vec<_> = texts
            .into_iter()
            .map(|text| {
                scope.spawn({
                    let forward = &forward;
                    move || forward.echo(&text) == text
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    assert_eq!(several, [true; 4]);
    let (_, pods) = ask(&scene, "GET", "/api/v1/namespaces/pages/pods?labelSelector=app=web", None);
    for pod in pods["items"].as_array().unwrap() {
        let path =
            format!("/api/v1/namespaces/pages/pods/{}", pod["metadata"]["name"].as_str().unwrap());
        ask(&scene, "DELETE", &path, None);
        wait_ready(&scene);
        assert_eq!(forward.echo("still there"), "still there");
    }
    drop(forward);
    let by_name = Forward::start(&scene, &["forward", "deployment/web", ":http"], 1);
    assert_eq!(by_name.echo("x"), "x");
    let taken = by_name.ports[0].0.to_string();
    let told = scene.run(&["forward", "service/web", &format!("{taken}:80")]).ends(1);
    assert!(told.stderr.contains("choose another local port"), "{}", told.stderr);
    let told = scene.run(&["forward", "web", "81"]).ends(3);
    assert!(told.stderr.contains("web:80"), "{}", told.stderr);
    scene.run(&["forward", "web", "99999"]).ends(3);
}

fn wait_ready(scene: &Scene) {
    let path = "/apis/apps/v1/namespaces/pages/deployments/web";
    let ready =
        |live: &Value| live["status"]["readyReplicas"] == 2 && live["status"]["replicas"] == 2;
    for _ in 0..2000 {
        if ready(&ask(scene, "GET", path, None).1) {
            return;
        }
    }
    panic!("the deployment does not become ready again");
}

#[test]
fn smoke_tests_run_again_and_a_failing_one_is_told() {
    let (scene, _emulator) = scene(&["--faults", "faults.yaml"]);
    let again = scene.run(&["test"]).ends(0);
    assert!(again.stdout.contains("main/web/smoke_test: passed"), "{}", again.stdout);
    assert!(again.stderr.contains("main/web/smoke_test | fetched"), "{}", again.stderr);
    let document = scene.run(&["test", "web", "--output", "json"]).ends(0).json();
    assert_eq!(document["tests"][0]["outcome"], "passed");
    scene.run(&["plan", "--exit-code"]).ends(0);
    let told = scene.run(&["test", "check"]).ends(3);
    assert!(told.stderr.contains("main/web"), "{}", told.stderr);
}

#[test]
fn a_failing_smoke_test_fails_the_command() {
    let scene = Scene::of_example("existing");
    scene.run(&["up", "--rehearse"]).ends(0);
    let script = "kubernetes: { pods: { scripts: [{ pod: smoke-test-, exit_code: 1, log: \"no page\\n\" }] } }\n";
    scene.write("faults.yaml", script);
    let failed = scene.run(&["test", "--rehearse", "--faults", "faults.yaml"]).ends(1);
    assert!(
        failed.stdout.contains("failed") && failed.stderr.contains("no page"),
        "{}",
        failed.stderr
    );
    // It does not count as passed any more.
    scene.run(&["plan", "--rehearse", "--exit-code"]).ends(2);
    scene.run(&["up", "--rehearse"]).ends(0);
}

#[test]
fn a_kubeconfig_is_merged_and_taken_out_again() {
    let scene = Scene::of_example("existing");
    scene.run(&["up", "--rehearse"]).ends(0);
    let theirs = "# mine\napiVersion: v1\nkind: Config\ncurrent-context: theirs\npreferences: { colors: true }\n\
        clusters: [{ name: theirs, cluster: { server: 'https://example.org' } }]\n\
        users: [{ name: theirs, user: { token: abc, unknown: kept } }]\n\
        contexts: [{ name: theirs, context: { cluster: theirs, user: theirs } }]\n";
    scene.write("config", theirs);
    let read = |scene: &Scene| serde_saphyr::from_str::<Value>(&scene.read("config")).unwrap();
    scene.run(&["kubeconfig", "--rehearse", "--merge", "--path", "config"]).ends(0);
    let merged = read(&scene);
    assert_eq!(merged["current-context"], "theirs");
    assert_eq!(merged["users"][0]["user"]["unknown"], "kept");
    assert_eq!(merged["preferences"]["colors"], true);
    assert_eq!(merged["contexts"][1]["name"], "pages-main");
    assert!(merged["users"][1]["user"]["token"].is_string());
    assert_eq!(scene.read("config.backup"), theirs);
    assert!(!scene.path().join("config.lock").exists());
    scene
        .run(&[
            "kubeconfig",
            "--rehearse",
            "--merge",
            "--exec",
            "--set-current",
            "--path",
            "config",
        ])
        .ends(0);
    let asking = read(&scene);
    assert_eq!(asking["current-context"], "pages-main");
    assert_eq!(asking["users"][1]["user"]["exec"]["apiVersion"], "client.authentication.k8s.io/v1");
    assert!(asking["users"][1]["user"]["token"].is_null());
    // What it would run gives a credential, from wherever it is run.
    let exec = &asking["users"][1]["user"]["exec"];
    let words = |value: &Value| {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut plugin = Command::new(exec["command"].as_str().unwrap());
    plugin.args(words(&exec["args"])).env("INFRA_CONFIG_HOME", scene.path().join("config-home"));
    plugin.env("KUBERNETES_EXEC_INFO", "{}").current_dir(example("existing"));
    let credential: Value = told(plugin.output().unwrap()).ends(0).json();
    assert_eq!(credential["kind"], "ExecCredential");
    assert!(credential["status"]["token"].is_string());

    scene.run(&["kubeconfig", "--rehearse", "--remove", "--path", "config"]).ends(0);
    let removed = read(&scene);
    assert_eq!(removed["contexts"].as_array().unwrap().len(), 1);
    assert_eq!(removed["users"].as_array().unwrap().len(), 1);
    // An entry of that name that is not ours is left alone.
    scene.write("config", &theirs.replace("theirs", "pages-main"));
    let refused = scene.run(&["kubeconfig", "--rehearse", "--merge", "--path", "config"]).ends(1);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    scene.run(&["kubeconfig", "--rehearse", "--remove", "--path", "config"]).ends(1);
    assert_eq!(scene.read("config"), theirs.replace("theirs", "pages-main"));
    scene.run(&["kubeconfig", "--rehearse", "--merge", "--force", "--path", "config"]).ends(0);
    scene.write("config", "no: [kubeconfig");
    scene.run(&["kubeconfig", "--rehearse", "--merge", "--path", "config"]).ends(3);
    assert_eq!(scene.read("config"), "no: [kubeconfig");
}

/// Many at once, and none is lost: the lock keeps them apart.
#[test]
fn merges_at_the_same_time_do_not_lose_each_other() {
    let names = ["a", "b", "c", "d"];
    let scenes: Vec<Scene> = names
        .iter()
        .map(|name| {
            let scene = Scene::new(&format!(
                "apiVersion: infra/v1\nname: pages-{name}\nproviders: {{ existing: {{}} }}\ncluster: {{ existing: true }}\n"
            ));
            scene.run(&["up", "--rehearse"]).ends(0);
            scene
        })
        .collect();
    let place = scenes[0].path().join("shared");
    std::thread::scope(|scope| {
        for scene in &scenes {
            scope.spawn(|| {
                let place = place.display().to_string();
                scene.run(&["kubeconfig", "--rehearse", "--merge", "--path", &place]).ends(0)
            });
        }
    });
    let merged: Value = serde_saphyr::from_str(&std::fs::read_to_string(&place).unwrap()).unwrap();
    assert_eq!(merged["contexts"].as_array().unwrap().len(), names.len());
}
