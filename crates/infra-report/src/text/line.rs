//! [`Line`]: a line of styled text, which knows its width and can be cut to one.
//!
//! Text that comes from files, clouds and pods is made harmless when it enters a line: a control sequence in a name must not reach
//! the terminal.

use std::fmt;

/// How a piece of text stands out. A style never carries meaning by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    #[default]
    Plain,
    /// Bold.
    Strong,
    /// Less important.
    Dim,
    /// Done.
    Good,
    /// Failed.
    Bad,
    /// Worth a look.
    Warn,
    /// Running.
    Accent,
}

/// A piece of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text, without control characters.
    pub text: String,
    /// Its style.
    pub style: Style,
}

/// A line of styled text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    spans: Vec<Span>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of plain text.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::new().with(Style::Plain, text)
    }

    /// Adds text; control characters in it are replaced.
    #[must_use]
    pub fn with(mut self, style: Style, text: impl AsRef<str>) -> Self {
        self.push(style, text);
        self
    }

    /// Adds text; control characters in it are replaced.
    pub fn push(&mut self, style: Style, text: impl AsRef<str>) {
        let text = printable(text.as_ref());
        if text.is_empty() {
            return;
        }
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.text.push_str(&text),
            _ => self.spans.push(Span { text, style }),
        }
    }

    /// Adds the pieces of another line.
    pub fn append(&mut self, other: Line) {
        for span in other.spans {
            self.push(span.style, span.text);
        }
    }

    /// The pieces.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// How many columns it takes.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }

    /// Fills up with blanks to `columns`.
    pub fn pad(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.width());
        if missing > 0 {
            self.push(Style::Plain, " ".repeat(missing));
        }
    }

    /// Cut to `columns`, ending in `ellipsis` if something was cut.
    #[must_use]
    pub fn cut(mut self, columns: usize, ellipsis: &str) -> Self {
        if self.width() <= columns {
            return self;
        }
        let ellipsis = if width(ellipsis) <= columns { ellipsis } else { "" };
        let mut left = columns.saturating_sub(width(ellipsis));
        let mut spans = Vec::new();
        for span in self.spans.drain(..) {
            let text = console::truncate_str(&span.text, left, "").into_owned();
            let cut = text.len() < span.text.len();
            left = left.saturating_sub(width(&text));
            spans.push(Span { text, style: span.style });
            if cut {
                break;
            }
        }
        let mut line = Self { spans };
        while let Some(last) = line.spans.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            line.spans.pop();
        }
        let style = line.spans.last().map_or(Style::Plain, |span| span.style);
        line.push(style, ellipsis);
        line
    }

    /// With ANSI sequences if `colour`, else as [`fmt::Display`] shows it.
    pub fn render(&self, colour: bool) -> String {
        if !colour {
            return self.to_string();
        }
        self.spans.iter().map(|span| paint(&span.text, span.style)).collect()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spans.iter().try_for_each(|span| f.write_str(&span.text))
    }
}

fn paint(text: &str, style: Style) -> String {
    let ansi = console::Style::new().force_styling(true);
    let ansi = match style {
        Style::Plain => return text.to_owned(),
        Style::Strong => ansi.bold(),
        Style::Dim => ansi.dim(),
        Style::Good => ansi.green(),
        Style::Bad => ansi.red().bold(),
        Style::Warn => ansi.yellow(),
        Style::Accent => ansi.cyan(),
    };
    ansi.apply_to(text).to_string()
}

/// How many columns `text` takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// `text` on one line, with control characters and marks that change the direction of writing replaced.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '?',
            '\u{2028}' | '\u{2029}' => ' ',
            other if other.is_control() => '?',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_to_its_width() {
        let line = Line::plain("cluster.main ").with(Style::Accent, "is being made");
        assert_eq!(line.clone().cut(40, "…").to_string(), "cluster.main is being made");
        assert_eq!(line.clone().cut(17, "…").to_string(), "cluster.main is…");
        assert_eq!(line.clone().cut(14, "…").to_string(), "cluster.main…");
        assert_eq!(line.clone().cut(1, "…").to_string(), "…");
        assert_eq!(line.clone().cut(0, "…").to_string(), "");
        assert_eq!(line.clone().cut(16, "...").to_string(), "cluster.main...");
        assert_eq!(line.cut(2, "...").to_string(), "cl");
    }

    #[test]
    fn wide_characters_count_twice() {
        let line = Line::plain("名前名前");
        assert_eq!(line.width(), 8);
        assert_eq!(line.cut(6, "…").to_string(), "名前…");
    }

    #[test]
    fn control_sequences_are_made_harmless() {
        let line = Line::plain("a\u{1b}[2Jb\r\nc\u{202e}d\u{7}");
        assert_eq!(line.to_string(), "a?[2Jb  c?d?");
        assert_eq!(line.render(true), "a?[2Jb  c?d?");
    }

    #[test]
    fn colour_is_added_only_when_asked_for() {
        let line = Line::new().with(Style::Good, "done").with(Style::Plain, " now");
        assert_eq!(line.render(false), "done now");
        assert_eq!(line.render(true), "\u{1b}[32mdone\u{1b}[0m now");
    }
}
