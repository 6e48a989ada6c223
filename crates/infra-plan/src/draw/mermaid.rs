//! Mermaid flowcharts (<https://mermaid.js.org/syntax/flowchart.html>), which code hosts draw within Markdown.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::Picture;

/// Styles by action: half transparent fills, so that they suit light and dark pages.
const CLASSES: [(&str, &str); 6] = [
    ("create", "fill:#2f8f4633,stroke:#2f8f46"),
    ("update", "fill:#a9780033,stroke:#a97800"),
    ("replace", "fill:#8a3fb033,stroke:#8a3fb0"),
    ("delete", "fill:#c0392b33,stroke:#c0392b"),
    ("adopt", "fill:#1a829033,stroke:#1a8290"),
    ("other", "fill:#68758a22,stroke:#68758a"),
];

/// The picture as a Mermaid flowchart.
pub fn mermaid(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    let mut groups: IndexMap<Option<&str>, Vec<usize>> = IndexMap::new();
    for (place, shape) in picture.shapes.iter().enumerate() {
        groups.entry(shape.address.cluster()).or_default().push(place);
    }
    for (number, (cluster, places)) in groups.iter().enumerate() {
        let mut indent = "  ";
        if let Some(cluster) = cluster {
            let _ = writeln!(
                text,
                "  subgraph g{number}[\"{}\"]",
                escaped(&format!("cluster {cluster}"))
            );
            indent = "    ";
        }
        for place in places {
            let Some(shape) = picture.shapes.get(*place) else { continue };
            let (title, details) = (escaped(&shape.title()), escaped(&shape.details()));
            let _ = write!(text, "{indent}n{place}(\"{title}<br/>{details}\")");
            let _ = match shape.action {
                Some(action) => writeln!(text, ":::{}", class(action.word())),
                None => writeln!(text),
            };
        }
        if cluster.is_some() {
            text.push_str("  end\n");
        }
    }
    for (from, to) in &picture.edges {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    if picture.of_plan {
        for (name, style) in CLASSES {
            let _ = writeln!(text, "  classDef {name} {style}");
        }
    }
    text
}

fn class(action: &str) -> &'static str {
    CLASSES.iter().map(|(name, _)| *name).find(|name| *name == action).unwrap_or("other")
}

/// Text within quotes: what could end the quotes, open a tag or be read as Markdown becomes a character code.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (place, c) in text.chars().enumerate() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | '\\' | '*' | '_' | '[' | ']' | '|' | ';' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            // At the beginning these would make a list.
            '+' | '-' if place == 0 => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
