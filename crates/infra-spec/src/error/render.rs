//! Findings as plain text in the manner of rustc: place, quoted line, carets. No colour; that is the terminal's business.

use std::fmt::Write;

use super::{Severity, SpecError, SpecErrors};

impl SpecError {
    /// The finding as plain text of several lines, ending in a line break.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let gutter = self.line.to_string().len();
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "{}[{}]: {}", self.severity.as_str(), self.code.as_str(), self.summary);
        let _ = writeln!(text, "{:gutter$}--> {}:{}:{}", "", self.file, self.line, self.column);
        let _ = writeln!(text, "{:gutter$} |", "");
        let _ = writeln!(text, "{} | {}", self.line, self.quote);
        let reachable = self.column <= self.quote.chars().count() + 1;
        let carets = if reachable { "^".repeat(self.length.max(1)) } else { String::new() };
        let indent = if reachable { caret_indent(&self.quote, self.column) } else { String::new() };
        let help = self.help.as_deref().unwrap_or_default();
        let marked = format!("{:gutter$} | {indent}{carets} {help}", "");
        let _ = writeln!(text, "{}", marked.trim_end());
        for note in &self.notes {
            let _ = writeln!(text, "{:gutter$} = note: {note}", "");
        }
        let _ = writeln!(text, "{:gutter$} = next: {}", "", self.next_step);
        text
    }
}

/// White space that puts the carets below the column, also where the line begins with tabs.
fn caret_indent(quote: &str, column: usize) -> String {
    let before = column.saturating_sub(1);
    let mut indent: String = quote
        .chars()
        .take(before)
        .map(|character| if character == '\t' { '\t' } else { ' ' })
        .collect();
    for _ in indent.chars().count()..before {
        indent.push(' ');
    }
    indent
}

impl SpecErrors {
    /// All findings as plain text, and a last line that counts them.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for error in &self.errors {
            text.push_str(&error.render());
            text.push('\n');
        }
        let count = |severity| self.errors.iter().filter(|e| e.severity == severity).count();
        let parts: Vec<String> =
            [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
                .into_iter()
                .map(|(severity, word)| (count(severity), word))
                .filter(|(number, _)| *number > 0)
                .map(|(number, word)| {
                    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
                })
                .collect();
        text.push_str(&parts.join(", "));
        text.push('\n');
        text
    }
}
