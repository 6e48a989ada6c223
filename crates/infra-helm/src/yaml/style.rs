//! How a scalar may be written, after looking at every character of it.

use super::{
    emit::Dialect,
    reader::{is_break, width},
    resolve::{Resolved, Version, is_base_sixty, is_old_bool, resolve},
};

/// The styles a text could take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What the characters of a text allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Analysis {
    pub(super) multiline: bool,
    plain: bool,
    single: bool,
    literal: bool,
}

#[derive(Default)]
struct Seen {
    indicators: bool,
    breaks: bool,
    special: bool,
    tabs: bool,
    leading_space: bool,
    leading_break: bool,
    trailing_space: bool,
    trailing_break: bool,
    break_space: bool,
    space_break: bool,
}

/// Whether libyaml writes the character as itself.
pub(super) fn is_printable(text: &[u8], at: usize) -> bool {
    let byte = |offset: usize| text.get(at + offset).copied().unwrap_or(0);
    match byte(0) {
        0x0a | 0x20..=0x7e => true,
        0xc2 => byte(1) >= 0xa0,
        0xc3..=0xec => true,
        0xed => byte(1) < 0xa0,
        0xee => true,
        0xef => !matches!((byte(1), byte(2)), (0xbb | 0xbf, 0xbf) | (0xbf, 0xbe)),
        _ => false,
    }
}

fn is_blank_or_end(text: &[u8], at: usize) -> bool {
    at >= text.len() || matches!(text[at], b' ' | b'\t' | 0) || is_break(text, at)
}

fn is_indicator(text: &[u8], at: usize, after_blank: bool, before_blank: bool) -> bool {
    if at == 0 {
        return match text[0] {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`' => true,
            b'?' | b':' | b'-' => before_blank,
            _ => false,
        };
    }
    match text[at] {
        b':' => before_blank,
        b'#' => after_blank,
        _ => false,
    }
}

fn look(text: &[u8], dialect: Dialect) -> Seen {
    let mut seen = Seen {
        indicators: text.starts_with(b"---") || text.starts_with(b"..."),
        ..Seen::default()
    };
    let (mut after_blank, mut previous_space, mut previous_break) = (true, false, false);
    let mut at = 0;
    while at < text.len() {
        let length = width(text[at]);
        let last = at + length >= text.len();
        seen.indicators |= is_indicator(text, at, after_blank, is_blank_or_end(text, at + length));
        if dialect == Dialect::Three && text[at] == b'\t' {
            seen.tabs = true;
        } else if !is_printable(text, at) {
            seen.special = true;
        }
        let (space, breaks) = (text[at] == b' ', is_break(text, at));
        if space {
            seen.leading_space |= at == 0;
            seen.trailing_space |= last;
            seen.break_space |= previous_break;
        } else if breaks {
            seen.breaks = true;
            seen.leading_break |= at == 0;
            seen.trailing_break |= last;
            seen.space_break |= previous_space;
        }
        (previous_space, previous_break) = (space, breaks);
        after_blank = is_blank_or_end(text, at);
        at += length;
    }
    seen
}

/// Looks at a text that stands in a block collection.
pub(super) fn analyse(text: &[u8], dialect: Dialect) -> Analysis {
    if text.is_empty() {
        return Analysis { multiline: false, plain: true, single: true, literal: false };
    }
    let seen = look(text, dialect);
    let edges =
        seen.leading_space || seen.leading_break || seen.trailing_space || seen.trailing_break;
    let odd = seen.space_break || seen.tabs || seen.special;
    Analysis {
        multiline: seen.breaks,
        plain: !(edges || seen.break_space || odd || seen.breaks || seen.indicators),
        single: !(seen.break_space || odd),
        literal: !(seen.trailing_space || seen.space_break || seen.special),
    }
}

/// The style wanted for a text before its characters are looked at.
pub(super) fn wanted(text: &[u8], dialect: Dialect) -> Style {
    if text.contains(&b'\n') {
        return Style::Literal;
    }
    let shown = String::from_utf8_lossy(text);
    let text_like = |version| matches!(resolve(&shown, version), Resolved::Text | Resolved::Merge);
    let plain = match dialect {
        Dialect::Two => text_like(Version::Two) && !is_base_sixty(&shown),
        Dialect::Three => {
            text_like(Version::Three) && !is_base_sixty(&shown) && !is_old_bool(&shown)
        }
    };
    if plain { Style::Plain } else { Style::Double }
}

/// The style a text gets.
pub(super) fn choose(text: &[u8], wanted: Style, analysis: Analysis, simple_key: bool) -> Style {
    let mut style = wanted;
    if simple_key && analysis.multiline {
        style = Style::Double;
    }
    if style == Style::Plain && (!analysis.plain || text.is_empty() && simple_key) {
        style = Style::Single;
    }
    if style == Style::Single && !analysis.single {
        style = Style::Double;
    }
    if style == Style::Literal && (!analysis.literal || simple_key) {
        style = Style::Double;
    }
    style
}
