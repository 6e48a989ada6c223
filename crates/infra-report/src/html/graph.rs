//! The graph of resources: the one that was passed in, or one drawn from the outline.

use super::layout::{Layout, Spot};
use super::operations::sign;
use crate::markup::Markup;
use crate::model::{Phase, Row, RowState, RunModel};
use crate::text::{duration, width};

/// More resources than this are not drawn; nobody could read it.
const MOST: usize = 250;
/// Height of a box, and space between boxes and between layers.
const BOX: (f64, f64, f64) = (44.0, 14.0, 64.0);
/// Width of a character of an address.
const CHARACTER: f64 = 7.3;
/// The longest address that is shown whole, in characters.
const LONGEST: usize = 30;

/// The section; nothing when there is nothing to draw.
pub(super) fn section(model: &RunModel, given: Option<&str>) -> Markup {
    let mut page = Markup::new();
    let layout = Layout::of(model, MOST);
    if given.is_none() && layout.edges.is_empty() && layout.rows.len() <= MOST {
        return page;
    }
    page.raw("<section id=\"graph\" aria-labelledby=\"graph-title\">\n");
    page.raw("<h2 id=\"graph-title\">Graph</h2>\n");
    match given {
        Some(svg) => {
            // As an image it can run no script, whatever the names in it are.
            page.raw(
                "<div class=\"scroll\"><img alt=\"The graph of resources and what each needs\" ",
            );
            page.raw("src=\"data:image/svg+xml;base64,").base64(svg.as_bytes()).raw("\"></div>\n");
        }
        None if layout.rows.len() > MOST => {
            page.raw("<p class=\"quiet\">").integer(layout.rows.len());
            page.raw(" resources are too many to draw; the order is in the table below.</p>\n");
        }
        None => {
            page.raw("<p class=\"quiet\">An arrow leads from what must be done first to what comes after it. ");
            page.raw("The critical path is drawn bold.</p>\n<div class=\"scroll\">");
            page.append(draw(model, &layout)).raw("</div>\n");
        }
    }
    page.raw("</section>\n");
    page
}

/// Where a box or a passage stands.
#[derive(Clone, Copy, Default)]
struct Place {
    left: f64,
    top: f64,
    wide: f64,
    high: f64,
}

impl Place {
    fn middle(self) -> f64 {
        self.top + self.high / 2.0
    }
}

/// The places of all spots, and the size of the whole.
#[allow(clippy::cast_precision_loss)]
fn places(model: &RunModel, layout: &Layout) -> (Vec<Place>, f64, f64) {
    let (high, gap, between) = BOX;
    let high_of = |spot: usize| match layout.spots[spot] {
        Spot::Row(_) => high,
        Spot::Passage => 0.0,
    };
    let height_of = |layer: &[usize]| layer.iter().map(|spot| high_of(*spot) + gap).sum::<f64>();
    let height = layout.layers.iter().map(|layer| height_of(layer)).fold(0.0, f64::max) + gap;
    let mut places = vec![Place::default(); layout.spots.len()];
    let mut left = 2.0;
    for layer in &layout.layers {
        let widths = layer.iter().filter_map(|spot| match layout.spots[*spot] {
            Spot::Row(row) => layout.rows.get(row).map(|row| characters(model, row)),
            Spot::Passage => None,
        });
        let wide = widths.max().unwrap_or(0) as f64 * CHARACTER + 26.0;
        let mut top = (height - height_of(layer)) / 2.0 + gap / 2.0;
        for spot in layer {
            places[*spot] = Place { left, top, wide, high: high_of(*spot) };
            top += high_of(*spot) + gap;
        }
        left += wide + between;
    }
    (places, (left - between + 2.0).max(0.0), height)
}

/// How many characters the longer line of a box has.
fn characters(model: &RunModel, row: &Row) -> usize {
    let second = model.row_state(row).map_or(0, |state| width(&second_line(&state)));
    width(&label(&row.address)).max(second)
}

fn draw(model: &RunModel, layout: &Layout) -> Markup {
    let (places, wide, high) = places(model, layout);
    let path = model.critical_path().operations;
    let critical = |row: usize| layout.rows[row].operations.iter().any(|id| path.contains(id));
    let mut svg = Markup::new();
    svg.raw("<svg class=\"graph\" role=\"img\" aria-label=\"").integer(layout.rows.len());
    svg.raw(" resources and what each needs\" width=\"").number(wide).raw("\" height=\"");
    svg.number(high).raw("\" viewBox=\"0 0 ").number(wide).raw(" ").number(high).raw("\">\n<defs>");
    for head in ["<marker id=\"head\"", "<marker id=\"bold-head\" class=\"chain\""] {
        svg.raw(head).raw(" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" ");
        svg.raw("markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">");
        svg.raw("<path d=\"M0 0L8 4L0 8z\"/></marker>");
    }
    svg.raw("</defs>\n");
    for along in &layout.edges {
        let ends = [along.first(), along.last()];
        let bold = ends.into_iter().flatten().all(|end| critical(*end));
        edge(&mut svg, &along.iter().map(|spot| places[*spot]).collect::<Vec<_>>(), bold);
    }
    for (index, row) in layout.rows.iter().enumerate() {
        node(&mut svg, model, row, places[index], critical(index));
    }
    svg.raw("</svg>");
    svg
}

/// A line from the first place to the last, straight through the passages between.
fn edge(svg: &mut Markup, along: &[Place], bold: bool) {
    svg.raw(if bold { "<path class=\"edge chain\" d=\"" } else { "<path class=\"edge\" d=\"" });
    for (step, pair) in along.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (x, u) = (from.left + from.wide, to.left);
        if step == 0 {
            svg.raw("M").number(x).raw(" ").number(from.middle());
        } else {
            svg.raw("L").number(x).raw(" ").number(from.middle());
        }
        let bend = (u - x) / 2.0;
        svg.raw("C").number(x + bend).raw(" ").number(from.middle()).raw(" ").number(u - bend);
        svg.raw(" ").number(to.middle()).raw(" ").number(u).raw(" ").number(to.middle());
    }
    let head = if bold { "bold-head" } else { "head" };
    svg.raw("\" marker-end=\"url(#").raw(head).raw(")\"/>\n");
}

/// An address with its middle left out if it is long.
fn label(address: &str) -> String {
    let characters: Vec<char> = address.chars().collect();
    if characters.len() <= LONGEST {
        return address.to_owned();
    }
    let (first, last) = (LONGEST / 2 - 1, characters.len() - LONGEST / 2);
    let mut label: String = characters.iter().take(first).collect();
    label.push('…');
    label.extend(characters.iter().skip(last));
    label
}

fn node(svg: &mut Markup, model: &RunModel, row: &Row, place: Place, critical: bool) {
    let Some(state) = model.row_state(row) else { return };
    let class = match &state.current.phase {
        phase if phase.is_active() => "running",
        phase => phase.word(),
    };
    svg.raw("<g class=\"node ").raw(class).raw(if critical { " chain\"" } else { "\"" });
    svg.raw("><title>").text(&row.address).raw(": ").raw(state.current.phase.word());
    svg.raw("</title><rect rx=\"6\" x=\"").number(place.left).raw("\" y=\"").number(place.top);
    svg.raw("\" width=\"").number(place.wide).raw("\" height=\"").number(place.high).raw("\"/>");
    svg.raw("<text x=\"").number(place.left + 12.0).raw("\" y=\"").number(place.top + 18.5);
    svg.raw("\">").text(label(&row.address)).raw("</text><text class=\"second\" x=\"");
    svg.number(place.left + 12.0).raw("\" y=\"").number(place.top + 34.5).raw("\">");
    svg.text(second_line(&state)).raw("</text></g>\n");
}

/// `✓ create · 3m44s`.
fn second_line(state: &RowState<'_>) -> String {
    let phase = &state.current.phase;
    let actions: Vec<&str> = state.actions.iter().map(|action| action.word()).collect();
    let end = match phase {
        Phase::Succeeded | Phase::Failed => duration(state.seconds),
        other => other.word().to_owned(),
    };
    format!("{} {} · {end}", sign(phase), actions.join(", "))
}
