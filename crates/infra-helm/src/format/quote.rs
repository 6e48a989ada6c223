//! `%q`: Go's double-quoted strings, and reading one rune of a byte string.

/// The first rune and its length; an invalid byte is `None` with length 1.
pub(crate) fn decode_rune(bytes: &[u8]) -> (Option<char>, usize) {
    let end = bytes.len().min(4);
    for length in 1..=end {
        if let Ok(text) = std::str::from_utf8(&bytes[..length]) {
            return (text.chars().next(), length);
        }
    }
    (None, 1)
}

/// Whether Go's `strconv.IsPrint` holds (letters, marks, numbers, punctuation, symbols and ASCII space).
pub(crate) fn is_print(rune: char) -> bool {
    if rune.is_ascii() {
        return (' '..='~').contains(&rune);
    }
    // `escape_debug` leaves printable characters alone, besides grapheme extenders, which Go prints too.
    if rune.is_whitespace() || rune.is_control() || rune == '\u{ad}' {
        return false;
    }
    let mut escaped = rune.escape_debug();
    escaped.len() == 1 && escaped.next() == Some(rune) || is_mark(rune)
}

fn is_mark(rune: char) -> bool {
    matches!(u32::from(rune), 0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5c7 | 0x610..=0x61a
        | 0x64b..=0x65f | 0x900..=0x903 | 0x93a..=0x94f | 0x1ab0..=0x1ace | 0x1dc0..=0x1dff
        | 0x20d0..=0x20f0 | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xe0100..=0xe01ef)
}

/// Go's `strconv.Quote`; `ascii` escapes everything that is not ASCII.
pub(crate) fn quote(bytes: &[u8], mark: char, ascii: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push(mark);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (rune, length) = decode_rune(rest);
        match rune {
            None => out.push_str(&format!("\\x{:02x}", rest[0])),
            Some(rune) => push_rune(&mut out, rune, mark, ascii),
        }
        rest = &rest[length..];
    }
    out.push(mark);
    out
}

fn push_rune(out: &mut String, rune: char, mark: char, ascii: bool) {
    if rune == mark || rune == '\\' {
        out.push('\\');
        out.push(rune);
        return;
    }
    if is_print(rune) && (!ascii || rune.is_ascii()) {
        out.push(rune);
        return;
    }
    let code = u32::from(rune);
    match rune {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if code < 0x20 || code == 0x7f => out.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    }
}
