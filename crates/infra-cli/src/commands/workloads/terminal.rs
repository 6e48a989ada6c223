//! The terminal as a remote program wants it: every key as it is pressed, and the size of the window.

use infra_event::Diagnostic;

use crate::output::Outcome;

/// A terminal in raw mode; as it was when this is dropped.
pub(super) struct Raw {
    before: rustix::termios::Termios,
}

impl Raw {
    /// Puts the terminal of standard input into raw mode.
    pub(super) fn enter() -> Outcome<Self> {
        let stdin = rustix::stdio::stdin();
        let refused = |error: rustix::io::Errno| {
            Diagnostic::error("terminal", format!("the terminal cannot be used: {error}"))
                .set("leave out --tty")
        };
        let before = rustix::termios::tcgetattr(stdin).map_err(refused)?;
        let mut raw = before.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(stdin, rustix::termios::OptionalActions::Now, &raw)
            .map_err(refused)?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let stdin = rustix::stdio::stdin();
        let now = rustix::termios::OptionalActions::Now;
        // There is nobody to tell if even this fails.
        let _ = rustix::termios::tcsetattr(stdin, now, &self.before);
    }
}

/// Columns and rows of the terminal of standard output.
pub(super) fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_col > 0).then_some((size.ws_col, size.ws_row))
}
