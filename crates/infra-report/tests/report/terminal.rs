//! The live tree and the summary.

use infra_event::{Body, Envelope, Listener};
use infra_report::{Appearance, Frame, RunModel, Size, Terminal, frame_lines, summary_lines};

use crate::scenario;
use crate::screen::Written;

fn frame(events: &[Envelope], at: f64, columns: usize, rows: usize, unicode: bool) -> String {
    let appearance = Appearance { colour: false, unicode };
    let frame = Frame { size: Size { columns, rows }, appearance, step: 0 };
    let lines = frame_lines(&RunModel::at(events, at), &frame);
    assert!(lines.len() <= rows.max(1), "{} lines in {rows} rows", lines.len());
    for line in &lines {
        assert!(line.width() <= columns, "{} columns: {line}", line.width());
    }
    lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
}

fn moments(events: &[Envelope], moments: &[f64], columns: usize, rows: usize) -> String {
    let frames = moments
        .iter()
        .map(|at| format!("--- at {at}\n{}", frame(events, *at, columns, rows, true)));
    frames.collect()
}

const MOMENTS: [f64; 7] = [0.05, 72.0, 132.0, 255.0, 345.0, 375.0, 378.2];

#[test]
fn the_tree_is_drawn_at_120_columns() {
    insta::assert_snapshot!(moments(&scenario::up(), &MOMENTS, 120, 30));
}

#[test]
fn the_tree_is_drawn_at_60_columns() {
    insta::assert_snapshot!(moments(&scenario::up(), &MOMENTS, 60, 24));
}

#[test]
fn a_failure_shows_in_the_tree() {
    insta::assert_snapshot!(frame(&scenario::up_without_quota(), 225.1, 100, 24, true));
}

#[test]
fn objects_and_locks_show_in_the_tree() {
    let mut events = scenario::up();
    let told = |template: &Envelope, object: &str, reason: &str| {
        let (address, reason) = (Some(format!("main/arl/{object}")), reason.to_owned());
        let body = Body::WaitProgressed { operation: 10, reason, blocked: None };
        Envelope { address, body, ..template.clone() }
    };
    let index = events.iter().position(|event| event.elapsed > 341.5).unwrap();
    let template = Envelope { elapsed: 341.2, ..events[index].clone() };
    events
        .insert(index, told(&template, "Deployment.apps/arl/worker", "2 of 4 replicas are ready"));
    events.insert(index, told(&template, "Service/arl/notebook", "has no address yet"));
    let lock = Body::LockWaited { holder: "ci@runner-7, infra up, job 812".into() };
    events.insert(1, Envelope { address: None, body: lock, ..events[0].clone() });
    let locked = frame(&events[..2], 12.0, 80, 24, true);
    let objects = frame(&events, 345.0, 80, 24, true);
    insta::assert_snapshot!(format!("{locked}---\n{objects}"));
}

#[test]
fn a_large_run_fits_a_small_terminal() {
    let events = scenario::large();
    let frames: String = [(100, 40), (80, 24), (60, 10), (30, 6), (12, 2), (5, 1)]
        .iter()
        .map(|(columns, rows)| {
            format!("--- {columns}x{rows}\n{}", frame(&events, 188.0, *columns, *rows, true))
        })
        .collect();
    insta::assert_snapshot!(frames);
}

#[test]
fn without_unicode_all_is_ascii() {
    let text = frame(&scenario::up(), 255.0, 80, 24, false);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

fn summary(events: &[Envelope], columns: usize) -> String {
    let appearance = Appearance { colour: false, unicode: true };
    let lines = summary_lines(&RunModel::of(events), appearance, columns);
    lines.iter().map(|line| format!("{}\n", line.to_string().trim_end())).collect()
}

#[test]
fn summaries_say_how_it_ended() {
    let summaries: String = [
        ("success", scenario::up()),
        ("failure", scenario::up_without_quota()),
        ("cancelled", scenario::up_cancelled()),
        ("nothing left", scenario::down(false)),
        ("leftovers", scenario::down(true)),
        ("killed", scenario::large()),
    ]
    .iter()
    .map(|(name, events)| {
        let (wide, narrow) = (summary(events, 100), summary(events, 50));
        format!("=== {name}, 100 columns\n{wide}=== {name}, 50 columns\n{narrow}")
    })
    .collect();
    insta::assert_snapshot!(summaries);
}

#[test]
fn the_listener_draws_over_what_it_drew() {
    let written = Written::default();
    let size = || Size { columns: 80, rows: 24 };
    let mut terminal =
        Terminal::new(Box::new(written.clone()), Appearance::RICH, size).draw_every_event();
    let events = scenario::up();
    let mut frames = Vec::new();
    for event in &events {
        terminal.event(event);
        terminal.tick(event.elapsed + 0.05);
        let screen = written.screen();
        assert_eq!(screen.matches("up arl (rehearsed)").count(), 1, "{screen}");
        frames.push(screen);
    }
    assert!(frames.iter().any(|frame| frame.contains("blocked: droplet limit reached")));
    terminal.finish();
    // Finishing twice prints once.
    terminal.finish();
    insta::assert_snapshot!(written.screen());
}

#[test]
fn a_terminal_that_shrinks_is_drawn_over_as_well() {
    let written = Written::default();
    let columns = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(80));
    let told = std::sync::Arc::clone(&columns);
    let size = move || Size { columns: told.load(std::sync::atomic::Ordering::SeqCst), rows: 24 };
    let mut terminal =
        Terminal::new(Box::new(written.clone()), Appearance::BARE, size).draw_every_event();
    let events = scenario::up();
    terminal.event(&events[0]);
    terminal.event(&events[1]);
    let lines = written.screen().lines().count();
    columns.store(40, std::sync::atomic::Ordering::SeqCst);
    let before = written.text().len();
    terminal.tick(1.0);
    let moved = written.text()[before..].to_owned();
    let up: usize = moved
        .split_once("\u{1b}[")
        .and_then(|(_, rest)| rest.split_once('A'))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap();
    assert!(up + 1 > lines, "{up} rows up from {lines} lines, some of which are broken now");
}

#[test]
fn without_colour_no_sequence_for_colour_is_written() {
    let written = Written::default();
    let size = || Size { columns: 80, rows: 24 };
    let mut terminal = Terminal::new(Box::new(written.clone()), Appearance::BARE, size);
    scenario::up_without_quota().iter().for_each(|event| terminal.event(event));
    terminal.finish();
    assert!(!has_colour(&written.text()));
    assert!(written.text().is_ascii());
}

fn has_colour(text: &str) -> bool {
    text.split("\u{1b}[").skip(1).any(|rest| {
        rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
    })
}

#[test]
fn the_environment_decides_on_colour_and_signs() {
    let read = |pairs: &[(&str, &str)], is_terminal| {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Appearance::from_environment(
            move |name| pairs.iter().find(|(known, _)| known == name).map(|(_, v)| v.clone()),
            is_terminal,
        )
    };
    let utf8 = ("LANG", "en_US.UTF-8");
    assert_eq!(read(&[utf8], true), Appearance::RICH);
    assert!(!read(&[utf8], false).colour);
    assert!(!read(&[utf8, ("NO_COLOR", "1")], true).colour);
    assert!(read(&[utf8, ("NO_COLOR", "")], true).colour);
    assert!(!read(&[utf8, ("TERM", "dumb")], true).colour);
    assert!(read(&[utf8, ("CLICOLOR_FORCE", "1")], false).colour);
    assert!(!read(&[utf8, ("LC_ALL", "C")], true).unicode);
    assert!(read(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")], true).unicode);
}
