//! DOT, the language of Graphviz (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use infra_event::Action;

use super::Picture;

/// The picture as a DOT digraph; clusters are drawn as Graphviz clusters.
pub fn dot(picture: &Picture) -> String {
    let mut text = String::from(
        "digraph infra {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f6f8\", \
         color=\"#68758a\", fontname=\"sans-serif\", fontsize=11];\n  edge [color=\"#68758a\"];\n",
    );
    let mut groups: indexmap::IndexMap<Option<&str>, Vec<usize>> = indexmap::IndexMap::new();
    for (place, shape) in picture.shapes.iter().enumerate() {
        groups.entry(shape.address.cluster()).or_default().push(place);
    }
    for (number, (cluster, places)) in groups.iter().enumerate() {
        let mut indent = "  ";
        if let Some(cluster) = cluster {
            indent = "    ";
            let label = quoted(&format!("cluster {cluster}"));
            let _ = writeln!(text, "  subgraph cluster_{number} {{\n    label={label};");
        }
        for place in places {
            let _ = writeln!(text, "{indent}{}", node(picture, *place));
        }
        if cluster.is_some() {
            text.push_str("  }\n");
        }
    }
    for (from, to) in &picture.edges {
        let name = |place: usize| {
            quoted(picture.shapes.get(place).map_or("", |shape| shape.address.as_str()))
        };
        let _ = writeln!(text, "  {} -> {};", name(*from), name(*to));
    }
    text.push_str("}\n");
    text
}

fn node(picture: &Picture, place: usize) -> String {
    let Some(shape) = picture.shapes.get(place) else { return String::new() };
    let label = quoted(&format!("{}\n{}", shape.title(), shape.details()));
    let color = shape.action.map_or(String::new(), |action| {
        let (fill, line) = colors(action);
        format!(", fillcolor=\"{fill}\", color=\"{line}\"")
    });
    format!("{} [label={label}{color}];", quoted(shape.address.as_str()))
}

/// Fill and line of what happens; the sign in the label says the same.
fn colors(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Create => ("#e3f5e6", "#2f8f46"),
        Action::Update => ("#fdf3d7", "#a97800"),
        Action::Replace => ("#f3e6fa", "#8a3fb0"),
        Action::Delete => ("#fce4e2", "#c0392b"),
        Action::Adopt => ("#dff3f5", "#1a8290"),
        Action::Wait | Action::Read | Action::Forget => ("#eceef1", "#68758a"),
    }
}

/// A quoted id: only the quote and the backslash mean something in it, and line ends are written as `\n`.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let clean: String = escaped.chars().filter(|c| !c.is_control()).collect();
    format!("\"{clean}\"")
}
