//! Printing a [`Diagnostic`]: what went wrong, the place in the file, why, and what to do about it.

use std::io;

use infra_event::{Diagnostic, Severity, SourceLocation};

use crate::text::{Appearance, Line, Style, Symbols, printable, width, wrap};

/// The lines that show a diagnostic. Long text is broken at `columns`, if given; the quoted line of a file is cut.
pub fn diagnostic_lines(
    diagnostic: &Diagnostic,
    appearance: Appearance,
    columns: Option<usize>,
) -> Vec<Line> {
    let columns = columns.unwrap_or(usize::MAX).max(20);
    let (word, style) = severity(diagnostic.severity);
    let mut lines = Vec::new();
    let head = format!("{word}[{}]: ", diagnostic.code);
    let text = wrap(&diagnostic.summary, columns.saturating_sub(width(&head)));
    for (index, part) in text.iter().enumerate() {
        let mut line = Line::new();
        line.push(style, if index == 0 { head.as_str() } else { "  " });
        line.push(Style::Strong, part);
        lines.push(line);
    }
    if let Some(location) = &diagnostic.location {
        lines.extend(location_lines(location, style, appearance, columns));
    }
    let mut add = |label: &str, label_style: Style, text: &str| {
        let indent = width(label) + 2;
        let parts = wrap(text, columns.saturating_sub(indent));
        for (index, part) in parts.iter().enumerate() {
            let mut line = Line::plain("  ");
            if index == 0 {
                line.push(label_style, label);
            } else {
                line.pad(indent);
            }
            line.push(Style::Plain, part);
            lines.push(line);
        }
    };
    if let Some(address) = &diagnostic.address {
        add("resource: ", Style::Dim, address);
    }
    if let Some(detail) = &diagnostic.detail {
        add("", Style::Plain, detail);
    }
    for cause in &diagnostic.causes {
        add("caused by: ", Style::Dim, cause);
    }
    for step in &diagnostic.next_steps {
        add("next: ", Style::Accent, &step.to_string());
    }
    lines
}

/// Writes a diagnostic.
///
/// # Errors
/// When the writer fails.
pub fn print_diagnostic(
    out: &mut dyn io::Write,
    diagnostic: &Diagnostic,
    appearance: Appearance,
    columns: Option<usize>,
) -> io::Result<()> {
    for line in diagnostic_lines(diagnostic, appearance, columns) {
        writeln!(out, "{}", line.render(appearance.colour))?;
    }
    out.flush()
}

pub(crate) fn severity(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("error", Style::Bad),
        Severity::Warning => ("warning", Style::Warn),
        Severity::Note => ("note", Style::Accent),
    }
}

/// The place in the file, with the line quoted and the place in it marked.
fn location_lines(
    location: &SourceLocation,
    style: Style,
    appearance: Appearance,
    columns: usize,
) -> Vec<Line> {
    let number = location.line.to_string();
    let gutter = " ".repeat(number.len());
    let mut first = Line::new().with(Style::Dim, format!("{gutter}--> "));
    first.push(Style::Plain, format!("{}:{}:{}", location.file, location.line, location.column));
    let mut lines = vec![first];
    let Some(text) = &location.text else { return lines };
    let before: String = text.chars().take(location.column.saturating_sub(1)).collect();
    let marked: String =
        text.chars().skip(location.column.saturating_sub(1)).take(location.length.max(1)).collect();
    let marks = width(&printable(&marked)).max(1);
    let bar = |line: &str| Line::new().with(Style::Dim, format!("{line} | "));
    let ellipsis = Symbols::of(appearance.unicode).ellipsis;
    lines.push(Line::new().with(Style::Dim, format!("{gutter} |")));
    lines.push(bar(&number).with(Style::Plain, text.trim_end()).cut(columns, ellipsis));
    let mut under = bar(&gutter);
    under.push(Style::Plain, " ".repeat(width(&printable(&before))));
    under.push(style, "^".repeat(marks));
    lines.push(under.cut(columns, ""));
    lines
}

#[cfg(test)]
mod tests {
    use infra_event::NextStep;

    use super::*;

    fn unknown_key() -> Diagnostic {
        let mut diagnostic = Diagnostic::error("unknown-key", "unknown key `cuont` in a node pool")
            .set("did you mean `count`?")
            .next(NextStep::Run { command: "infra schema".into() });
        diagnostic.location = Some(SourceLocation {
            file: "examples/arl/infra.yaml".into(),
            line: 12,
            column: 7,
            text: Some("    - cuont: 3".into()),
            length: 5,
        });
        diagnostic
    }

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| line.to_string() + "\n").collect()
    }

    #[test]
    fn a_place_in_the_file_is_quoted() {
        insta::assert_snapshot!(text(&diagnostic_lines(&unknown_key(), Appearance::BARE, None)), @r"
        error[unknown-key]: unknown key `cuont` in a node pool
          --> examples/arl/infra.yaml:12:7
           |
        12 |     - cuont: 3
           |       ^^^^^
          next: did you mean `count`?
          next: run `infra schema`
        ");
    }

    #[test]
    fn causes_and_long_text_are_broken_into_lines() {
        let mut diagnostic =
            Diagnostic::error("quota-exceeded", "the account may have 3 droplets and 5 are needed")
                .about("node_pool.main/gpu")
                .detail(
                    "Droplets of other clusters count too.\nSo do those that are switched off.",
                );
        diagnostic.causes = vec!["POST /v2/kubernetes/clusters: 422 Unprocessable".into()];
        let diagnostic =
            diagnostic.next(NextStep::Ask { what: "a droplet limit of at least 5".into() });
        insta::assert_snapshot!(text(&diagnostic_lines(&diagnostic, Appearance::RICH, Some(50))), @r"
        error[quota-exceeded]: the account may have 3
          droplets and 5 are needed
          resource: node_pool.main/gpu
          Droplets of other clusters count too.
          So do those that are switched off.
          caused by: POST /v2/kubernetes/clusters: 422
                     Unprocessable
          next: ask for a droplet limit of at least 5
        ");
    }

    #[test]
    fn colours_mark_what_matters() {
        let mut out = Vec::new();
        let note = Diagnostic::note("key-made", "a key was made").run("infra output");
        print_diagnostic(&mut out, &note, Appearance::RICH, Some(80)).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap().replace('\u{1b}', "ESC"), @r"
        ESC[36mnote[key-made]: ESC[0mESC[1ma key was madeESC[0m
          ESC[36mnext: ESC[0mrun `infra output`
        ");
    }

    #[test]
    fn wide_and_odd_places_do_no_harm() {
        let mut diagnostic = unknown_key();
        if let Some(location) = &mut diagnostic.location {
            location.column = 900;
            location.text = Some("名前: \u{1b}[31m".into());
        }
        let lines = diagnostic_lines(&diagnostic, Appearance::BARE, Some(40));
        assert!(lines.iter().all(|line| !line.to_string().contains('\u{1b}')));
        assert!(lines.iter().all(|line| line.width() <= 40));
    }
}
