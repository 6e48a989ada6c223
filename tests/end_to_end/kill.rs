//! A run killed anywhere is completed by the next one: one of everything, nothing twice, nothing left.
//!
//! The clouds are emulated in another process, which survives. Where a run dies is chosen by what it has done, not by the time that has passed:
//! with a request that the cloud has carried out and not answered, or right after an event.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::cloud::FILE;
use crate::scene::{Emulator, Scene};

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// When the cloud has carried out the n-th request of this method, and keeps the answer to itself.
    Unanswered(&'static str, usize),
    /// After the n-th event that is not the progress of a wait.
    Event(usize),
}

/// 6 requests of `up` change something in the cloud; about 30 events tell of operations.
const UP: [Point; 20] = [
    Point::Unanswered("POST", 0),
    Point::Unanswered("POST", 1),
    Point::Unanswered("POST", 2),
    Point::Unanswered("POST", 3),
    Point::Unanswered("POST", 4),
    Point::Unanswered("POST", 5),
    Point::Event(1),
    Point::Event(2),
    Point::Event(3),
    Point::Event(4),
    Point::Event(5),
    Point::Event(7),
    Point::Event(9),
    Point::Event(11),
    Point::Event(13),
    Point::Event(15),
    Point::Event(17),
    Point::Event(19),
    Point::Event(21),
    Point::Event(23),
];

const DOWN: [Point; 6] = [
    Point::Unanswered("DELETE", 0),
    Point::Unanswered("DELETE", 1),
    Point::Unanswered("DELETE", 2),
    Point::Event(2),
    Point::Event(4),
    Point::Event(7),
];

/// The most that anything may take here, on the wall.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn at_twenty_points_of_up() {
    at_each(&UP, |point| {
        let mut scene = Scene::new(FILE);
        let _emulator = serve(&mut scene, point);
        killed(&scene, "up", point);
        scene.run(&["up", "--yes"]).ends(0);
        one_of_everything(&scene);
        let plan = scene.run(&["plan", "--exit-code"]);
        assert_eq!(plan.code, 0, "killed at {point:?}: {}{}", plan.stdout, plan.stderr);
        let down = scene.run(&["down", "--yes"]).ends(0);
        assert!(down.stderr.contains("leftovers: none"), "killed at {point:?}: {}", down.stderr);
    });
}

#[test]
fn at_six_points_of_down() {
    at_each(&DOWN, |point| {
        let mut scene = Scene::new(FILE);
        let _emulator = serve(&mut scene, point);
        scene.run(&["up", "--yes"]).ends(0);
        killed(&scene, "down", point);
        let down = scene.run(&["down", "--yes"]).ends(0);
        assert!(down.stderr.contains("leftovers: none"), "killed at {point:?}: {}", down.stderr);
        let world = scene.world("world");
        for kind in ["clusters", "droplets", "reserved_ips", "registries"] {
            assert_eq!(world["digitalocean"][kind].as_array().unwrap().len(), 0, "{kind}");
        }
    });
}

/// Each point has a world of its own; four at a time.
fn at_each(points: &[Point], trial: impl Fn(Point) + Sync) {
    let open = Mutex::new(points.to_vec());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = open.lock().unwrap().pop();
                    let Some(point) = next else { break };
                    trial(point);
                }
            });
        }
    });
}

/// Emulated clouds that keep the answer to one request, if the point is one.
fn serve(scene: &mut Scene, point: Point) -> Emulator {
    let emulator = match point {
        Point::Unanswered(method, passed) => {
            let rule = format!(
                "rules: [{{ match: {{ service: digitalocean, method: {method} }}, after: {passed}, times: 1, then: {{ hold: kill }} }}]\n"
            );
            scene.write("faults.yaml", &rule);
            Emulator::start(scene, "world", &["--faults", "faults.yaml"])
        }
        Point::Event(_) => Emulator::start(scene, "world", &[]),
    };
    emulator.connect(scene);
    emulator
}

/// Runs the command until the point, and kills it there. It must not have ended by itself.
fn killed(scene: &Scene, command: &str, point: Point) {
    let mut run = scene
        .command(&[command, "--yes", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    match point {
        Point::Unanswered(..) => until_held(scene, &mut run),
        Point::Event(number) => until_event(&mut run, number),
    }
    run.kill().unwrap();
    let status: ExitStatus = run.wait().unwrap();
    assert_eq!(status.signal(), Some(9), "{point:?} is not on the way of `{command}`: {status}");
}

fn until_event(run: &mut Child, number: usize) {
    let lines = BufReader::new(run.stdout.take().unwrap()).lines().map(Result::unwrap);
    let events = lines.filter(|line| !line.contains("\"wait_progressed\""));
    assert_eq!(events.take(number).count(), number, "the run has fewer events");
}

/// The journal of the world says when the answer is being held.
fn until_held(scene: &Scene, run: &mut Child) {
    let began = Instant::now();
    let journal = scene.path().join("world/requests.jsonl");
    let held = || std::fs::read_to_string(&journal).unwrap().contains("\"fault\":\"hold\"");
    while !held() {
        assert!(run.try_wait().unwrap().is_none(), "the run ended without this request");
        assert!(began.elapsed() < PATIENCE, "the request does not come");
        std::thread::yield_now();
    }
}

fn one_of_everything(scene: &Scene) {
    let world = scene.world("world");
    let count = |kind: &str| world["digitalocean"][kind].as_array().unwrap().len();
    assert_eq!((count("clusters"), count("registries"), count("reserved_ips")), (1, 1, 1));
    assert_eq!(count("droplets"), 3);
    let pools = world["digitalocean"]["clusters"][0]["pools"].as_array().unwrap().len();
    assert_eq!(pools, 2);
}
