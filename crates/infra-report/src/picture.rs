//! [`tree_svg`]: the terminal's picture of a recorded run as an SVG file, for documents. Since it is drawn by the code that draws on
//! the terminal, it stays true.

use infra_event::Envelope;

use crate::markup::Markup;
use crate::model::RunModel;
use crate::terminal::{Frame, Size, final_lines, frame_lines};
use crate::text::{Appearance, Line, Style, width};

/// Width of a character, in the units of the picture.
const CHARACTER: f64 = 8.4;
/// Height of a line.
const LINE: f64 = 20.0;
/// Space around the text.
const MARGIN: f64 = 18.0;
/// Height of the title bar.
const BAR: f64 = 34.0;

const STYLE: &str = "text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;\
font-size:14px;white-space:pre;fill:#d6deeb}.t{fill:#8b98ad;font-size:13px}.s{font-weight:700;fill:#f2f5fa}\
.d{fill:#8b98ad}.g{fill:#5fd38d}.b{fill:#ff7b72;font-weight:700}.w{fill:#e8b84a}.a{fill:#62c3ff}";

/// The live tree at a moment of a recorded run (world seconds since it began), or without a moment what stays on the screen when the
/// run is over; `columns` wide.
pub fn tree_svg(events: &[Envelope], at: Option<f64>, columns: usize) -> String {
    let columns = columns.clamp(20, 400);
    let appearance = Appearance::RICH;
    let (model, lines) = match at {
        Some(at) => {
            let model = RunModel::at(events, at);
            let size = Size { columns, rows: 40 };
            let lines = frame_lines(&model, &Frame { size, appearance, step: 2 });
            (model, lines)
        }
        None => {
            let model = RunModel::of(events);
            let lines = final_lines(&model, appearance, columns);
            (model, lines)
        }
    };
    draw(&model, &lines, columns)
}

#[allow(clippy::cast_precision_loss)]
fn draw(model: &RunModel, lines: &[Line], columns: usize) -> String {
    let wide = columns as f64 * CHARACTER + 2.0 * MARGIN;
    let high = BAR + lines.len() as f64 * LINE + MARGIN * 1.5;
    let title = format!("infra {} {}", model.command, model.name);
    let mut svg = Markup::new();
    svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
    svg.raw(" width=\"").number(wide).raw("\" height=\"").number(high);
    svg.raw("\" viewBox=\"0 0 ").number(wide).raw(" ").number(high).raw("\">\n<title>");
    svg.text(title.trim()).raw("</title>\n<style>").raw(STYLE).raw("</style>\n");
    svg.raw("<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#10161f\"/>");
    svg.raw("<path d=\"M0 ").number(BAR).raw("H").number(wide).raw("\" stroke=\"#263140\"/>");
    for (index, fill) in ["#ff5f57", "#febc2e", "#28c840"].into_iter().enumerate() {
        svg.raw("<circle cy=\"17\" r=\"5.5\" cx=\"").number(20.0 + index as f64 * 19.0);
        svg.raw("\" fill=\"").raw(fill).raw("\"/>");
    }
    svg.raw("<text class=\"t\" text-anchor=\"middle\" y=\"21.5\" x=\"").number(wide / 2.0);
    svg.raw("\">").text(title.trim()).raw("</text>\n");
    for (index, line) in lines.iter().enumerate() {
        let base = BAR + MARGIN + index as f64 * LINE + 8.0;
        draw_line(&mut svg, line, base);
    }
    svg.raw("</svg>\n");
    svg.finish()
}

/// Draws each piece at its column and in its width, so that columns stand below each other in any font.
#[allow(clippy::cast_precision_loss)]
fn draw_line(svg: &mut Markup, line: &Line, base: f64) {
    let mut column = 0;
    for span in line.spans() {
        let columns = width(&span.text);
        let text = span.text.trim_start();
        let blanks = columns - width(text);
        let text = text.trim_end();
        if !text.is_empty() {
            svg.raw("<text x=\"").number(MARGIN + (column + blanks) as f64 * CHARACTER);
            svg.raw("\" y=\"").number(base).raw("\" textLength=\"");
            svg.number(width(text) as f64 * CHARACTER).raw("\"").raw(class(span.style));
            svg.raw(">").text(text).raw("</text>");
        }
        column += columns;
    }
    svg.raw("\n");
}

fn class(style: Style) -> &'static str {
    match style {
        Style::Plain => "",
        Style::Strong => " class=\"s\"",
        Style::Dim => " class=\"d\"",
        Style::Good => " class=\"g\"",
        Style::Bad => " class=\"b\"",
        Style::Warn => " class=\"w\"",
        Style::Accent => " class=\"a\"",
    }
}
