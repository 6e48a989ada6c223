//! SVG: one self-contained picture that suits light and dark pages.

use std::fmt::Write as _;

use infra_event::Action;

use super::Picture;
use super::layout::{BOX_HEIGHT, Layout, chars, layout};

/// Room around everything.
const MARGIN: f64 = 24.0;
/// Height of the legend below the picture.
const LEGEND: f64 = 40.0;
/// Where clusters and the cloud differ, boxes do: the radius of their corners.
const CORNER_CLOUD: f64 = 10.0;
const CORNER_CLUSTER: f64 = 4.0;

const STYLE: &str = "\
  .infra { --text: #1f2733; --soft: #5b6676; --line: #8a94a3; --fill: #8a94a322; font-family: system-ui, sans-serif }\n\
  @media (prefers-color-scheme: dark) {\n    \
  .infra { --text: #e6eaf0; --soft: #a3adba; --line: #7d8896 }\n  }\n\
  .infra text { fill: var(--text); font-size: 13px }\n\
  .infra .soft { fill: var(--soft); font-size: 11px }\n\
  .infra rect { fill: var(--fill); stroke: var(--line); stroke-width: 1.4 }\n\
  .infra path { fill: none; stroke: var(--line); stroke-width: 1.3 }\n\
  .infra .tip { fill: var(--line); stroke: none }\n\
  .infra .create { fill: #2f8f4633; stroke: #2f9e4b }\n\
  .infra .update { fill: #c98f0033; stroke: #c08a00 }\n\
  .infra .replace { fill: #9a4fc033; stroke: #9a4fc0 }\n\
  .infra .delete { fill: #d0453533; stroke: #d04535; stroke-dasharray: 5 3 }\n\
  .infra .adopt { fill: #1a909e33; stroke: #1a909e }\n\
  .infra .referenced { stroke-dasharray: 2 3 }\n";

/// The picture as an SVG document.
pub fn svg(picture: &Picture) -> String {
    let layout = layout(picture);
    let legend = legend(picture);
    let legend_width: f64 = legend.iter().map(|(_, words)| legend_item_width(words)).sum();
    let width = layout.width.max(legend_width) + 2.0 * MARGIN;
    let height = layout.height + 2.0 * MARGIN + if legend.is_empty() { 0.0 } else { LEGEND };
    let mut text = String::new();
    let _ = write!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"infra\" role=\"img\" \
         aria-label=\"Resources and what they need\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\">\n<style>\n{STYLE}</style>\n\
         <defs><marker id=\"infra-tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">\n",
    );
    for curve in &layout.curves {
        let _ = writeln!(text, "<path marker-end=\"url(#infra-tip)\" d=\"{}\"/>", path(curve));
    }
    for place in 0..picture.shapes.len() {
        shape(picture, &layout, place, &mut text);
    }
    let mut x = 0.0;
    let y = layout.height + MARGIN;
    for (class, words) in &legend {
        let _ = writeln!(
            text,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"18\" height=\"14\" rx=\"4\"/>\
             <text class=\"soft\" x=\"{}\" y=\"{}\">{}</text>",
            x + 24.0,
            y + 11.0,
            escaped(words),
        );
        x += legend_item_width(words);
    }
    text.push_str("</g>\n</svg>\n");
    text
}

fn shape(picture: &Picture, layout: &Layout, place: usize, text: &mut String) {
    let (Some(shape), Some(at)) = (picture.shapes.get(place), layout.places.get(place)) else {
        return;
    };
    let corner = if shape.address.cluster().is_some() { CORNER_CLUSTER } else { CORNER_CLOUD };
    let top = at.y - BOX_HEIGHT / 2.0;
    let room = (at.width - 28.0) / 7.4;
    let mut classes = shape.action.map(class).unwrap_or_default().to_owned();
    if shape.ownership == crate::Ownership::Referenced {
        classes.push_str(" referenced");
    }
    let tip = shape.action.map_or(String::new(), |action| format!(": {action}"));
    let _ = writeln!(
        text,
        "<g><title>{}{tip}, {}</title><rect class=\"{}\" x=\"{}\" y=\"{top}\" width=\"{}\" \
         height=\"{BOX_HEIGHT}\" rx=\"{corner}\"/>\
         <text x=\"{}\" y=\"{}\">{}</text><text class=\"soft\" x=\"{}\" y=\"{}\">{}</text></g>",
        escaped(shape.address.as_str()),
        escaped(&shape.details()),
        classes.trim(),
        at.x,
        at.width,
        at.x + 14.0,
        top + 19.0,
        escaped(&fitted(&shape.title(), room)),
        at.x + 14.0,
        top + 34.0,
        escaped(&fitted(&shape.details(), room / 0.84)),
    );
}

/// A curve through the points: level at each, so that it leaves and enters boxes from the side.
fn path(points: &[(f64, f64)]) -> String {
    let Some((x, y)) = points.first() else { return String::new() };
    let mut path = format!("M{x} {y}");
    for pair in points.windows(2) {
        let [(from_x, from_y), (to_x, to_y)] = pair else { continue };
        if from_y == to_y {
            let _ = write!(path, "H{to_x}");
        } else {
            let middle = (from_x + to_x) / 2.0;
            let _ = write!(path, "C{middle} {from_y} {middle} {to_y} {to_x} {to_y}");
        }
    }
    path
}

/// The actions that occur, with their words.
fn legend(picture: &Picture) -> Vec<(&'static str, String)> {
    let order = [
        Action::Create,
        Action::Update,
        Action::Replace,
        Action::Adopt,
        Action::Delete,
        Action::Forget,
        Action::Wait,
    ];
    let mut legend: Vec<_> = order
        .into_iter()
        .filter(|action| picture.shapes.iter().any(|shape| shape.action == Some(*action)))
        .map(|action| (class(action), format!("{} {}", action.sign(), action.word())))
        .collect();
    if picture.of_plan && picture.shapes.iter().any(|shape| shape.action.is_none()) {
        legend.push(("", "unchanged".to_owned()));
    }
    legend
}

fn legend_item_width(words: &str) -> f64 {
    24.0 + chars(words) * 6.4 + 24.0
}

fn class(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Adopt => "adopt",
        Action::Read | Action::Wait | Action::Forget => "",
    }
}

/// The text cut to so many characters.
fn fitted(text: &str, room: f64) -> String {
    if chars(text) <= room.ceil() {
        return text.to_owned();
    }
    let mut fitted = String::new();
    for c in text.chars() {
        if chars(&fitted) + 2.0 > room {
            break;
        }
        fitted.push(c);
    }
    fitted.push('…');
    fitted
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
