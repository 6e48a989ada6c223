//! The HTML report: its structure, and that nothing in a name can become markup.

use infra_event::{Body, Diagnostic, Envelope, NextStep};
use infra_report::{ReadError, ReportExtras, html_report, read_report};

use crate::scenario;

/// The page, also as a file for a browser to look at.
fn page(name: &str, events: &[Envelope]) -> String {
    let page = html_report(events, &ReportExtras::default());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join(format!("{name}.html")), &page).unwrap();
    page
}

/// What stands between two marks, for each occurrence of the first.
fn between<'a>(text: &'a str, first: &str, last: &str) -> Vec<&'a str> {
    let parts = text.split(first).skip(1);
    parts.map(|rest| rest.split_once(last).map_or(rest, |(inner, _)| inner)).collect()
}

/// The elements of the page without style, scripts and attributes that only place things.
fn structure(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let body = body.split_once("<script").unwrap().0;
    body.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_page_of_a_run_that_succeeds() {
    let page = page("up", &scenario::up());
    insta::assert_snapshot!(structure(&page));
}

#[test]
fn the_page_of_a_run_that_fails_begins_with_why() {
    let page = page("up-without-quota", &scenario::up_without_quota());
    let sections = between(&page, "<section id=\"", "\"");
    assert_eq!(sections, ["diagnostics", "timeline", "graph", "costs", "operations"]);
    assert!(page.contains("<title>up arl: failed</title>"));
    assert!(page.contains("ask for a droplet limit of at least 4"));
    assert!(page.contains("skipped: needs node_pool.main/workers"));
}

#[test]
fn leftovers_are_named_with_their_costs() {
    let left = page("down-with-leftovers", &scenario::down(true));
    assert!(left.contains("2 things left, 22.00 USD a month"));
    let nothing = page("down", &scenario::down(false));
    assert!(nothing.contains("Nothing is left. Asked: clusters, droplets"));
}

#[test]
fn pages_of_odd_runs_are_whole() {
    for (name, events) in [
        ("cancelled", scenario::up_cancelled()),
        ("large", scenario::large()),
        ("empty", Vec::new()),
        ("headless", scenario::up().split_off(9)),
    ] {
        let page = page(name, &events);
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"), "{name}");
        for tag in ["section", "table", "tr", "ul", "li", "div", "span", "a", "details", "svg", "g"]
        {
            let opened = page.matches(&format!("<{tag}>")).count()
                + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{name}: {tag}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf%"), "{name}");
    }
}

/// A run in which everything that a user or a cloud can name is an attack.
fn hostile() -> Vec<Envelope> {
    let attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'>&\u{1b}[31m";
    let mut value = serde_json::to_value(scenario::up_without_quota()).unwrap();
    let endpoints: Vec<Envelope> =
        scenario::up().into_iter().filter(|e| e.sequence > 40).take(3).collect();
    let mut leftovers = scenario::down(true);
    leftovers.retain(|event| matches!(event.body, Body::LeftoversListed { .. }));
    for event in endpoints.into_iter().chain(leftovers) {
        value.as_array_mut().unwrap().insert(3, serde_json::to_value(event).unwrap());
    }
    poison(&mut value, attack);
    let mut events: Vec<Envelope> = serde_json::from_value(value).unwrap();
    let mut diagnostic = Diagnostic::warning(attack, attack).detail(attack).about(attack);
    diagnostic.causes = vec![attack.into()];
    for step in [
        NextStep::Run { command: attack.into() },
        NextStep::Set { what: attack.into() },
        NextStep::Retry { when: attack.into() },
    ] {
        diagnostic = diagnostic.next(step);
    }
    let raised = Body::DiagnosticRaised { diagnostic };
    events.insert(4, Envelope { body: raised, ..events[3].clone() });
    events
}

/// Adds the attack to every text that may be free.
fn poison(value: &mut serde_json::Value, attack: &str) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| poison(item, attack)),
        serde_json::Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                let fixed = ["type", "action", "outcome", "severity", "exit", "do"];
                if !fixed.contains(&key.as_str()) {
                    poison(field, attack);
                }
            }
        }
        serde_json::Value::String(text) => text.push_str(attack),
        _ => {}
    }
}

#[test]
fn names_cannot_become_markup() {
    let events = hostile();
    let page = page("hostile", &events);
    assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert"));
    assert!(!page.contains("<img"));
    assert!(!page.contains('\u{1b}'));
    // The scripts of the page: the events and its own.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    // Every attribute is closed by the quotation mark that the page itself wrote.
    for title in between(&page, " title=\"", "\"") {
        assert!(!title.contains('<'), "{title}");
    }
    assert_eq!(read_report(&page).unwrap(), events);
}

#[test]
fn only_web_addresses_become_links() {
    let mut events = scenario::up();
    for event in &mut events {
        if let Body::EndpointPublished { endpoint } = &mut event.body {
            endpoint.url = match endpoint.name.as_str() {
                "notebook" => "javascript:alert(1)".into(),
                "scheduler" => "data:text/html,<script>".into(),
                _ => "https://example.org/?a=1&b=\"".into(),
            };
        }
    }
    let page = html_report(&events, &ReportExtras::default());
    let endpoints = between(&page, "<section id=\"endpoints\"", "</section>")[0];
    assert_eq!(between(endpoints, "href=\"", "\""), ["https://example.org/?a=1&amp;b=&quot;"]);
    assert!(endpoints.contains("<code>javascript:alert(1)</code>"));
}

#[test]
fn the_page_asks_for_nothing_from_outside() {
    let page = html_report(&scenario::up(), &ReportExtras::default());
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"")[0];
    assert!(policy.starts_with("default-src 'none'; img-src data:"), "{policy}");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("script-src 'unsafe-inline'"), "{policy}");
    let before_events = page.split_once("id=\"events\"").unwrap().0;
    for mark in [" src=\"http", "<link rel=\"stylesheet", "@import", "url(http", "<iframe"] {
        assert!(!before_events.contains(mark), "{mark}");
    }
}

#[test]
fn a_graph_that_is_given_is_shown_as_an_image() {
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let extras = ReportExtras { graph_svg: Some(svg.into()) };
    let page = html_report(&scenario::up(), &extras);
    assert!(page.contains("src=\"data:image/svg+xml;base64,PHN2ZyB4"));
    assert!(!page.contains("alert(1)"));
    assert!(!page.contains("class=\"graph\""));
}

#[test]
fn the_events_are_read_back_from_the_page() {
    let events = scenario::up();
    let page = html_report(&events, &ReportExtras::default());
    assert_eq!(read_report(&page).unwrap(), events);
    assert!(matches!(read_report("<html></html>"), Err(ReadError::Empty)));
}
