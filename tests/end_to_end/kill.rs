//! A run killed anywhere is completed by the next one: one of everything, nothing twice.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::cloud::FILE;
use crate::scene::{Emulator, Scene};

/// How many points of a run are tried.
const POINTS: usize = 20;

/// How many lines of events a whole run has, and whether one has a line at `point` at which it was killed.
fn killed_at(scene: &Scene, point: usize) -> bool {
    let mut up = scene
        .command(&["up", "--yes", "--output", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(up.stdout.take().unwrap()).lines();
    let seen = lines.take(point).filter(Result::is_ok).count();
    up.kill().unwrap();
    up.wait().unwrap();
    seen == point
}

/// The file that is killed: everything at once, no workload, so that a point costs seconds.
fn one_of_everything(scene: &Scene) {
    let world = scene.world("world");
    let count = |kind: &str| world["digitalocean"][kind].as_array().unwrap().len();
    assert_eq!((count("clusters"), count("registries"), count("reserved_ips")), (1, 1, 1));
    let pools = world["digitalocean"]["clusters"][0]["pools"].as_array().unwrap().len();
    assert_eq!(pools, 2);
}

/// Each point has a world of its own; four at a time.
#[test]
fn at_twenty_points_of_up() {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let survived = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if index >= POINTS {
                        break;
                    }
                    // The first points lie dense, as most requests that change something come early.
                    let point = 2 + index + index * index / 8;
                    survive(point);
                    survived.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
    });
    println!(
        "{} of {POINTS} kill points survived",
        survived.load(std::sync::atomic::Ordering::SeqCst)
    );
}

fn survive(point: usize) {
    let mut scene = Scene::new(FILE);
    let emulator = Emulator::start(&scene, "world", &[]);
    emulator.connect(&mut scene);
    killed_at(&scene, point);
    scene.run(&["up", "--yes"]).ends(0);
    one_of_everything(&scene);
    let plan = scene.run(&["plan", "--exit-code"]);
    assert_eq!(plan.code, 0, "killed at {point}: {}{}", plan.stdout, plan.stderr);
    let down = scene.run(&["down", "--yes"]).ends(0);
    assert!(down.stderr.contains("leftovers: none"), "killed at {point}: {}", down.stderr);
}
