//! Colours, cutting to the width of the terminal, and cleaning of texts that others wrote.

use infra_event::{Action, Severity};

use super::ShowOptions;

/// How lines are dressed.
pub(super) struct Style {
    color: bool,
    pub(super) verbose: bool,
    width: usize,
}

impl Style {
    pub(super) fn new(options: &ShowOptions) -> Self {
        Self { color: options.color, verbose: options.verbose, width: options.width }
    }

    fn dressed(&self, code: &str, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.dressed("1", text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.dressed("2", text)
    }

    pub(super) fn alarm(&self, text: &str) -> String {
        self.dressed("1;31", text)
    }

    /// A sign in the colour of its action.
    pub(super) fn sign(&self, action: Action, text: &str) -> String {
        let code = match action {
            Action::Create => "32",
            Action::Update => "33",
            Action::Replace => "35",
            Action::Delete => "31",
            Action::Adopt => "36",
            Action::Read | Action::Wait | Action::Forget => "2",
        };
        self.dressed(code, text)
    }

    /// The word that a diagnostic begins with.
    pub(super) fn severity(&self, severity: Severity) -> String {
        match severity {
            Severity::Error => self.dressed("1;31", "error:"),
            Severity::Warning => self.dressed("1;33", "warning:"),
            Severity::Note => self.dressed("1", "note:"),
        }
    }

    /// How many characters are left for values on a line of which `used` are taken; never uselessly few.
    pub(super) fn room(&self, used: usize) -> usize {
        if self.verbose || self.width == 0 {
            usize::MAX
        } else {
            self.width.saturating_sub(used).max(24)
        }
    }
}

/// The text without control characters (they would let a file's text steer the terminal).
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if unsafe_to_print(c) { '\u{fffd}' } else { c }).collect()
}

/// Control characters, and those that turn the direction of writing.
fn unsafe_to_print(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text, cut to at most `room` characters with a mark.
pub(super) fn cut(text: &str, room: usize) -> String {
    if room == usize::MAX || text.chars().count() <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
