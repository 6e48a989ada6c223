//! Scanning directives, anchors, aliases and tags.

use super::{
    scan::Scanner,
    token::{Fault, Mark, Token, TokenKind},
};

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl Scanner {
    fn word(&mut self) -> Vec<u8> {
        let mut word = Vec::new();
        while is_word(self.reader.peek(0)) {
            self.reader.read(&mut word);
        }
        word
    }

    fn blanks(&mut self) {
        while self.reader.is_blank(0) {
            self.reader.skip();
        }
    }

    pub(super) fn anchor(&mut self, alias: bool) -> Result<Token, Fault> {
        let start = self.reader.mark;
        self.reader.skip();
        let name = self.word();
        let ends = self.reader.is_blank_or_end(0) || b"?:,]}%@`".contains(&self.reader.peek(0));
        if name.is_empty() || !ends {
            return self.fault(start, "did not find expected alphabetic or numeric character");
        }
        let kind = if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) };
        Ok(Token { kind, mark: start })
    }

    pub(super) fn tag(&mut self) -> Result<Token, Fault> {
        let start = self.reader.mark;
        let (handle, suffix);
        if self.reader.peek(1) == b'<' {
            self.reader.skip();
            self.reader.skip();
            handle = Vec::new();
            suffix = self.uri(start, Vec::new(), false)?;
            if self.reader.peek(0) != b'>' {
                return self.fault(start, "did not find the expected '>'");
            }
            self.reader.skip();
        } else {
            let first = self.handle(start, false)?;
            if first.len() >= 2 && first.ends_with(b"!") {
                handle = first;
                suffix = self.uri(start, Vec::new(), false)?;
            } else {
                let rest = self.uri(start, first[1..].to_vec(), true)?;
                // `!` alone is the non-specific tag: no handle and itself as the suffix.
                (handle, suffix) = if rest.is_empty() {
                    (Vec::new(), b"!".to_vec())
                } else {
                    (b"!".to_vec(), rest)
                };
            }
        }
        if !(self.reader.is_blank_or_end(0) || self.flow > 0 && self.reader.peek(0) == b',') {
            return self.fault(start, "did not find expected whitespace or line break");
        }
        Ok(Token { kind: TokenKind::Tag(handle, suffix), mark: start })
    }

    fn handle(&mut self, start: Mark, directive: bool) -> Result<Vec<u8>, Fault> {
        if self.reader.peek(0) != b'!' {
            return self.fault(start, "did not find expected '!'");
        }
        let mut handle = Vec::new();
        self.reader.read(&mut handle);
        handle.extend(self.word());
        if self.reader.peek(0) == b'!' {
            self.reader.read(&mut handle);
        } else if directive && handle != b"!" {
            return self.fault(start, "did not find expected '!'");
        }
        Ok(handle)
    }

    fn uri(&mut self, start: Mark, head: Vec<u8>, may_be_empty: bool) -> Result<Vec<u8>, Fault> {
        let mut uri = head;
        let had_head = !uri.is_empty();
        let before = uri.len();
        loop {
            let byte = self.reader.peek(0);
            if byte == b'%' {
                let digits =
                    [self.reader.peek(1), self.reader.peek(2)].map(|d| char::from(d).to_digit(16));
                let [Some(high), Some(low)] = digits else {
                    return self.fault(start, "did not find URI escaped octet");
                };
                uri.push(u8::try_from(high << 4 | low).unwrap_or(0));
                for _ in 0..3 {
                    self.reader.skip();
                }
            } else if is_word(byte) || b";/?:@&=+$,.!~*'()[]".contains(&byte) {
                self.reader.read(&mut uri);
            } else {
                break;
            }
        }
        if uri.len() == before && !had_head && !may_be_empty {
            return self.fault(start, "did not find expected tag URI");
        }
        Ok(uri)
    }

    pub(super) fn directive(&mut self) -> Result<Token, Fault> {
        let start = self.reader.mark;
        self.reader.skip();
        let name = self.word();
        if name.is_empty() {
            return self.fault(start, "could not find expected directive name");
        }
        if !self.reader.is_blank_or_end(0) {
            return self.fault(start, "found unexpected non-alphabetical character");
        }
        self.blanks();
        let kind = match name.as_slice() {
            b"YAML" => self.version(start)?,
            b"TAG" => {
                let handle = self.handle(start, true)?;
                if !self.reader.is_blank(0) {
                    return self.fault(start, "did not find expected whitespace");
                }
                self.blanks();
                let prefix = self.uri(start, Vec::new(), false)?;
                if !self.reader.is_blank_or_end(0) {
                    return self.fault(start, "did not find expected whitespace or line break");
                }
                TokenKind::TagDirective(handle, prefix)
            }
            _ => return self.fault(start, "found unknown directive name"),
        };
        self.blanks();
        if self.reader.peek(0) == b'#' {
            while !self.reader.is_break_or_end() {
                self.reader.skip();
            }
        }
        if !self.reader.is_break_or_end() {
            return self.fault(start, "did not find expected comment or line break");
        }
        self.reader.skip_line();
        Ok(Token { kind, mark: start })
    }

    fn version(&mut self, start: Mark) -> Result<TokenKind, Fault> {
        let mut numbers = [0_u32; 2];
        for (index, number) in numbers.iter_mut().enumerate() {
            let mut digits = 0;
            while let Some(digit) = char::from(self.reader.peek(0)).to_digit(10) {
                digits += 1;
                if digits > 2 {
                    return self.fault(start, "found extremely long version number");
                }
                *number = *number * 10 + digit;
                self.reader.skip();
            }
            if digits == 0 {
                return self.fault(start, "did not find expected version number");
            }
            if index == 0 {
                if self.reader.peek(0) != b'.' {
                    return self.fault(start, "did not find expected digit or '.' character");
                }
                self.reader.skip();
            }
        }
        if numbers != [1, 1] {
            return Err(Fault::parser(start, start, "found incompatible YAML document"));
        }
        Ok(TokenKind::VersionDirective)
    }
}
