//! The text under the scanner: checked once, then walked character by character.

use super::token::{Fault, Mark};

/// A checked text and the place reached in it. Behind the end every byte is zero.
pub(super) struct Reader {
    text: Vec<u8>,
    at: usize,
    pub(super) mark: Mark,
}

/// Bytes of the character that starts with `first`.
pub(super) fn width(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// Whether a line break starts here: CR, LF, NEL, LS or PS.
pub(super) fn is_break(text: &[u8], at: usize) -> bool {
    let byte = |offset: usize| text.get(at + offset).copied().unwrap_or(0);
    match byte(0) {
        b'\r' | b'\n' => true,
        0xc2 => byte(1) == 0x85,
        0xe2 => byte(1) == 0x80 && matches!(byte(2), 0xa8 | 0xa9),
        _ => false,
    }
}

fn utf16(text: &[u8], big: bool) -> Result<Vec<u8>, Fault> {
    let units = text.chunks(2).map(|pair| {
        let (first, second) = (pair[0], pair.get(1).copied().unwrap_or(0));
        if big { u16::from_be_bytes([first, second]) } else { u16::from_le_bytes([first, second]) }
    });
    let decoded: Result<String, _> = char::decode_utf16(units).collect();
    match decoded {
        Ok(text) if !text.is_empty() => Ok(text.into_bytes()),
        Ok(_) => Ok(Vec::new()),
        Err(_) => Err(Fault::plain("unexpected low surrogate area")),
    }
}

fn allowed(rune: char) -> bool {
    matches!(u32::from(rune), 0x09 | 0x0a | 0x0d | 0x20..=0x7e | 0x85 | 0xa0..=0xd7ff | 0xe000..=0xfffd
        | 0x1_0000..=0x10_ffff)
}

impl Reader {
    /// Checks that the text is UTF-8 (or UTF-16 with its mark) without control characters.
    pub(super) fn new(text: &[u8]) -> Result<Self, Fault> {
        let text = match text {
            [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
            [0xff, 0xfe, rest @ ..] => utf16(rest, false)?,
            [0xfe, 0xff, rest @ ..] => utf16(rest, true)?,
            text => text.to_vec(),
        };
        match std::str::from_utf8(&text) {
            Ok(valid) => {
                if !valid.chars().all(allowed) {
                    return Err(Fault::plain("control characters are not allowed"));
                }
            }
            Err(fault) => {
                let first = text[fault.valid_up_to()];
                let valid = &text[..fault.valid_up_to()];
                if !std::str::from_utf8(valid).is_ok_and(|text| text.chars().all(allowed)) {
                    return Err(Fault::plain("control characters are not allowed"));
                }
                return Err(Fault::plain(match (first, fault.error_len()) {
                    (0x80..=0xbf | 0xf8.., _) => "invalid leading UTF-8 octet",
                    (_, None) => "incomplete UTF-8 octet sequence",
                    _ => "invalid trailing UTF-8 octet",
                }));
            }
        }
        Ok(Self { text, at: 0, mark: Mark::default() })
    }

    /// The byte `offset` bytes ahead; zero behind the end.
    pub(super) fn peek(&self, offset: usize) -> u8 {
        self.text.get(self.at + offset).copied().unwrap_or(0)
    }

    pub(super) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(super) fn starts_with(&self, text: &[u8]) -> bool {
        self.text[self.at.min(self.text.len())..].starts_with(text)
    }

    pub(super) fn is_blank(&self, offset: usize) -> bool {
        matches!(self.peek(offset), b' ' | b'\t')
    }

    pub(super) fn is_break(&self) -> bool {
        is_break(&self.text, self.at)
    }

    pub(super) fn is_break_or_end(&self) -> bool {
        self.at_end() || self.is_break()
    }

    /// Blank, break or end, `offset` bytes ahead.
    pub(super) fn is_blank_or_end(&self, offset: usize) -> bool {
        self.is_blank(offset)
            || self.at + offset >= self.text.len()
            || is_break(&self.text, self.at + offset)
    }

    /// Steps over one character that is no break.
    pub(super) fn skip(&mut self) {
        if !self.at_end() {
            self.at += width(self.text[self.at]);
            self.mark.index += 1;
            self.mark.column += 1;
        }
    }

    pub(super) fn skip_line(&mut self) {
        if self.starts_with(b"\r\n") {
            self.at += 2;
            self.mark.index += 2;
        } else if self.is_break() {
            self.at += width(self.text[self.at]);
            self.mark.index += 1;
        } else {
            return;
        }
        self.mark.column = 0;
        self.mark.line += 1;
    }

    /// Moves one character over.
    pub(super) fn read(&mut self, into: &mut Vec<u8>) {
        if !self.at_end() {
            let end = (self.at + width(self.text[self.at])).min(self.text.len());
            into.extend_from_slice(&self.text[self.at..end]);
            self.skip();
        }
    }

    /// Moves one line break over; CR, CRLF and NEL become LF.
    pub(super) fn read_line(&mut self, into: &mut Vec<u8>) {
        if !self.is_break() {
            return;
        }
        if self.peek(0) == 0xe2 {
            into.extend_from_slice(&self.text[self.at..self.at + 3]);
        } else {
            into.push(b'\n');
        }
        self.skip_line();
    }

    /// Whether `---` or `...` stands alone at the start of a line.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.mark.column == 0
            && (self.starts_with(b"---") || self.starts_with(b"..."))
            && self.is_blank_or_end(3)
    }
}
