//! Plain lines, JSON lines, reading them back, and replaying them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use infra_event::{Body, Envelope, Listener};
use infra_report::{Appearance, JsonLines, Plain, ReadError, read_events, replay};

use crate::scenario;
use crate::screen::Written;

fn plain(events: &[Envelope]) -> String {
    let written = Written::default();
    let mut plain = Plain::new(Box::new(written.clone()), Appearance::BARE);
    for event in events {
        plain.event(event);
        plain.tick(event.elapsed);
    }
    plain.finish();
    written.text()
}

#[test]
fn plain_lines_of_a_run_that_succeeds() {
    insta::assert_snapshot!(plain(&scenario::up()));
}

#[test]
fn plain_lines_of_a_run_that_fails() {
    insta::assert_snapshot!(plain(&scenario::up_without_quota()));
}

#[test]
fn plain_lines_of_a_destroy() {
    insta::assert_snapshot!(plain(&scenario::down(true)));
}

#[test]
fn a_wait_is_told_again_only_after_a_while() {
    let text = plain(&scenario::up());
    let told: Vec<&str> =
        text.lines().filter(|line| line.contains("waiting: the cluster is provisioning")).collect();
    // Told at 1.9, 32.0 and 62.0; not at 12.0 and 72.0.
    assert_eq!(told.len(), 3, "{told:#?}");
}

fn json_lines(events: &[Envelope]) -> String {
    let written = Written::default();
    let mut lines = JsonLines::new(Box::new(written.clone()));
    events.iter().for_each(|event| lines.event(event));
    lines.finish();
    written.text()
}

#[test]
fn json_lines_are_read_back_as_they_were_written() {
    for events in [scenario::up(), scenario::up_without_quota(), scenario::down(true)] {
        let text = json_lines(&events);
        assert_eq!(text.lines().count(), events.len());
        assert_eq!(read_events(text.as_bytes()).unwrap(), events);
    }
}

#[test]
fn a_writer_that_fails_is_told_once_and_left_alone() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("disk full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let mut lines = JsonLines::new(Box::new(Full))
        .on_error(move |error| teller.lock().unwrap().push(error.to_string()));
    scenario::down(false).iter().for_each(|event| lines.event(event));
    assert_eq!(*told.lock().unwrap(), ["disk full"]);
}

#[test]
fn a_torn_last_line_is_dropped_and_a_bad_line_is_named() {
    let events = scenario::down(false);
    let text = json_lines(&events);
    let torn = &text[..text.len() - 30];
    assert_eq!(read_events(torn.as_bytes()).unwrap(), events[..events.len() - 1]);
    // Without its line break, a whole last line counts.
    assert_eq!(read_events(text.trim_end().as_bytes()).unwrap(), events);

    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(3, "");
    lines.insert(4, "{\"schema\": 1}");
    let error = read_events((lines.join("\n") + "\n").as_bytes()).unwrap_err();
    assert!(matches!(error, ReadError::NoEvent { line: 5, .. }), "{error}");
    assert!(error.to_string().starts_with("line 5 "));
    assert!(matches!(read_events(&b""[..]), Err(ReadError::Empty)));
    assert!(matches!(read_events(&b"{\"sche"[..]), Err(ReadError::Empty)));
    let binary = [&b"\xff\xfe\n"[..], text.as_bytes()].concat();
    assert!(matches!(read_events(&binary[..]), Err(ReadError::NoEvent { line: 1, .. })));
}

#[test]
fn newer_events_are_read_as_unknown_ones() {
    let text = json_lines(&scenario::down(false));
    let new_type = r#"{"schema":1,"run":"r","sequence":9,"time":"t","elapsed":1.0,"body":{"type":"moon_landed","crew":3}}"#;
    let new_form = r#"{"schema":2,"run":"r","sequence":9,"time":"t","elapsed":1.0,"body":{"type":"operation_started","operation":{"id":3}}}"#;
    let text = format!("{text}{new_type}\n{new_form}\n");
    let events = read_events(text.as_bytes()).unwrap();
    assert!(events.iter().rev().take(2).all(|event| event.body == Body::Unknown));
}

/// Notes what it is called with.
struct Noting(Arc<Mutex<Vec<String>>>);

impl Listener for Noting {
    fn event(&mut self, event: &Envelope) {
        self.0.lock().unwrap().push(format!("event {}", event.sequence));
    }
    fn tick(&mut self, elapsed: f64) {
        self.0.lock().unwrap().push(format!("tick {elapsed:.1}"));
    }
    fn finish(&mut self) {
        self.0.lock().unwrap().push("finish".into());
    }
}

fn replayed(events: &[Envelope], speed: Option<f64>) -> (Vec<String>, Duration) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let mut slept = Duration::ZERO;
    let mut listeners: Vec<Box<dyn Listener>> = vec![Box::new(Noting(Arc::clone(&notes)))];
    replay(events, &mut listeners, speed, |pause| slept += pause);
    let notes = notes.lock().unwrap().clone();
    (notes, slept)
}

#[test]
fn a_replay_takes_its_time() {
    let events = scenario::up();
    let (notes, slept) = replayed(&events, Some(100.0));
    assert!((slept.as_secs_f64() - 3.782).abs() < 0.01, "{slept:?}");
    assert_eq!(notes.iter().filter(|note| note.starts_with("event")).count(), events.len());
    assert!(notes.iter().filter(|note| note.starts_with("tick")).count() > 20);
    assert_eq!(notes.last().unwrap(), "finish");
    for speed in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
        let (notes, slept) = replayed(&events, speed);
        assert_eq!((notes.len(), slept), (events.len() + 1, Duration::ZERO));
    }
}

#[test]
fn a_damaged_recording_is_replayed_without_waiting_for_ever() {
    let mut events = scenario::down(false);
    events[2].elapsed = 1e300;
    events[4].elapsed = f64::NAN;
    let (notes, slept) = replayed(&events, Some(1.0));
    assert_eq!(notes.iter().filter(|note| note.starts_with("event")).count(), events.len());
    assert!(slept < Duration::from_secs(60));
}

#[test]
fn a_replay_prints_what_the_run_printed() {
    let events = scenario::up();
    let written = Written::default();
    let plain_listener = Plain::new(Box::new(written.clone()), Appearance::BARE);
    replay(&events, &mut [Box::new(plain_listener)], Some(50.0), |_| {});
    assert_eq!(written.text(), plain(&events));
}
