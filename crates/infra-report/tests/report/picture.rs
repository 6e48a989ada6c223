//! The picture of the live tree.

use infra_report::tree_svg;

use crate::scenario;

fn texts(svg: &str) -> String {
    let lines = svg.lines().filter(|line| line.starts_with("<text"));
    let text = |line: &str| {
        let parts = line.split("<text").skip(1).filter_map(|part| part.split_once('>'));
        let parts: Vec<&str> = parts
            .filter_map(|(_, rest)| rest.split_once("</text>"))
            .map(|(text, _)| text)
            .collect();
        parts.join(" ") + "\n"
    };
    lines.map(text).collect()
}

#[test]
fn a_picture_shows_what_the_terminal_shows() {
    let svg = tree_svg(&scenario::up(), Some(255.0), 92);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("tree.svg"), &svg).unwrap();
    insta::assert_snapshot!(texts(&svg));
}

#[test]
fn without_a_moment_the_end_is_shown() {
    let svg = tree_svg(&scenario::up(), None, 92);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("end.svg"), &svg).unwrap();
    assert!(svg.contains("http://203.0.113.17:30888"));
    assert!(svg.contains("done"));
}

#[test]
fn names_in_a_picture_are_escaped() {
    let mut events = scenario::up();
    if let infra_event::Body::RunStarted { name, .. } = &mut events[0].body {
        *name = "<script>&".into();
    }
    let svg = tree_svg(&events, Some(1.0), 80);
    assert!(svg.contains("&lt;script&gt;&amp;"));
    assert!(!svg.contains("<script>"));
}

#[test]
fn a_picture_of_no_events_is_a_picture() {
    for columns in [0, 80, 1_000_000] {
        assert!(tree_svg(&[], None, columns).ends_with("</svg>\n"));
        assert!(tree_svg(&[], Some(3.0), columns).starts_with("<svg "));
    }
}
