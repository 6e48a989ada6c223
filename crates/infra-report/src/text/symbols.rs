//! Signs that go before a line, with ASCII for locales that have no more.

/// The signs of one character set. All signs before rows take the same number of columns.
#[derive(Debug)]
pub(crate) struct Symbols {
    pub(crate) done: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) skipped: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) retrying: &'static str,
    pub(crate) blocked: &'static str,
    pub(crate) ellipsis: &'static str,
    pub(crate) bar_done: &'static str,
    pub(crate) bar_open: &'static str,
    pub(crate) separator: &'static str,
    pub(crate) spinner: &'static [&'static str],
}

static UNICODE: Symbols = Symbols {
    done: "✓",
    failed: "✗",
    skipped: "○",
    cancelled: "■",
    pending: "·",
    retrying: "↻",
    blocked: "!",
    ellipsis: "…",
    bar_done: "━",
    bar_open: "─",
    separator: " · ",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

static ASCII: Symbols = Symbols {
    done: "+",
    failed: "X",
    skipped: "o",
    cancelled: "#",
    pending: ".",
    retrying: "@",
    blocked: "!",
    ellipsis: "...",
    bar_done: "=",
    bar_open: "-",
    separator: ", ",
    spinner: &["|", "/", "-", "\\"],
};

impl Symbols {
    pub(crate) fn of(unicode: bool) -> &'static Self {
        if unicode { &UNICODE } else { &ASCII }
    }

    /// The picture of the spinner at a step.
    pub(crate) fn spin(&self, step: usize) -> &'static str {
        self.spinner.get(step % self.spinner.len().max(1)).copied().unwrap_or("*")
    }
}
