//! [`Appearance`]: whether output may use colours and signs outside ASCII.

/// What the place where text goes to can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// Colours and bold text, as ANSI sequences.
    pub colour: bool,
    /// Signs such as ✓ and …; without it, ASCII stands in.
    pub unicode: bool,
}

impl Appearance {
    /// No colour, ASCII only.
    pub const BARE: Self = Self { colour: false, unicode: false };
    /// Colours and all signs.
    pub const RICH: Self = Self { colour: true, unicode: true };

    /// Reads the environment: `NO_COLOR` (<https://no-color.org>), `CLICOLOR_FORCE`, `TERM=dumb`, and whether the locale
    /// (`LC_ALL`, `LC_CTYPE`, `LANG`, in this order) is UTF-8.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>, is_terminal: bool) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let forced = set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let colour = set("NO_COLOR").is_none() && (forced || (is_terminal && !dumb));
        let unicode = match ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)) {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
            // Where no locale is set, Unix means ASCII by the POSIX locale; macOS and Windows mean UTF-8.
            None => cfg!(any(windows, target_os = "macos")),
        };
        Self { colour, unicode }
    }

    /// The appearance of the standard error stream of this process.
    pub fn of_stderr() -> Self {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        Self::from_environment(|name| std::env::var(name).ok(), is_terminal)
    }

    /// The appearance of the standard output stream of this process.
    pub fn of_stdout() -> Self {
        let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        Self::from_environment(|name| std::env::var(name).ok(), is_terminal)
    }
}
