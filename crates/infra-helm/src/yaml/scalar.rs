//! Scanning scalars: plain, quoted, literal and folded.

use super::{
    scan::Scanner,
    token::{Fault, Mark, ScalarStyle, Token, TokenKind},
};

/// White space between words, folded when it holds a line break.
#[derive(Default)]
struct Gap {
    broken: bool,
    spaces: Vec<u8>,
    first_break: Vec<u8>,
    more_breaks: Vec<u8>,
}

impl Gap {
    fn fold(&mut self, into: &mut Vec<u8>) {
        if self.broken {
            if self.first_break.first() == Some(&b'\n') {
                if self.more_breaks.is_empty() {
                    into.push(b' ');
                } else {
                    into.append(&mut self.more_breaks);
                }
            } else {
                into.append(&mut self.first_break);
                into.append(&mut self.more_breaks);
            }
            self.first_break.clear();
            self.more_breaks.clear();
        } else {
            into.append(&mut self.spaces);
        }
        self.spaces.clear();
        self.broken = false;
    }
}

impl Scanner {
    /// One blank or line break into the gap.
    fn widen(&mut self, gap: &mut Gap) {
        if self.reader.is_blank(0) {
            if gap.broken {
                self.reader.skip();
            } else {
                self.reader.read(&mut gap.spaces);
            }
        } else if gap.broken {
            self.reader.read_line(&mut gap.more_breaks);
        } else {
            gap.spaces.clear();
            self.reader.read_line(&mut gap.first_break);
            gap.broken = true;
        }
    }

    pub(super) fn plain_scalar(&mut self) -> Result<Token, Fault> {
        let start = self.reader.mark;
        let (mut text, mut gap) = (Vec::new(), Gap::default());
        let indent = self.indent + 1;
        loop {
            if self.reader.at_document_indicator() || self.reader.peek(0) == b'#' {
                break;
            }
            while !self.reader.is_blank_or_end(0) {
                let byte = self.reader.peek(0);
                let ends = byte == b':' && self.reader.is_blank_or_end(1)
                    || self.flow > 0 && matches!(byte, b',' | b'?' | b'[' | b']' | b'{' | b'}');
                if ends {
                    break;
                }
                if gap.broken || !gap.spaces.is_empty() {
                    gap.fold(&mut text);
                }
                self.reader.read(&mut text);
            }
            if !(self.reader.is_blank(0) || self.reader.is_break()) {
                break;
            }
            while self.reader.is_blank(0) || self.reader.is_break() {
                let column = i64::try_from(self.reader.mark.column).unwrap_or(i64::MAX);
                if gap.broken && column < indent && self.reader.peek(0) == b'\t' {
                    return self.fault(start, "found a tab character that violates indentation");
                }
                self.widen(&mut gap);
            }
            let column = i64::try_from(self.reader.mark.column).unwrap_or(i64::MAX);
            if self.flow == 0 && column < indent {
                break;
            }
        }
        if gap.broken {
            self.key_allowed = true;
        }
        Ok(Token { kind: TokenKind::Scalar(text, ScalarStyle::Plain), mark: start })
    }

    pub(super) fn quoted_scalar(&mut self, single: bool) -> Result<Token, Fault> {
        let start = self.reader.mark;
        self.reader.skip();
        let mark = if single { b'\'' } else { b'"' };
        let (mut text, mut gap) = (Vec::new(), Gap::default());
        loop {
            if self.reader.at_document_indicator() {
                return self.fault(start, "found unexpected document indicator");
            }
            if self.reader.at_end() {
                return self.fault(start, "found unexpected end of stream");
            }
            while !self.reader.is_blank_or_end(0) {
                let byte = self.reader.peek(0);
                if single && self.reader.starts_with(b"''") {
                    text.push(b'\'');
                    self.reader.skip();
                    self.reader.skip();
                } else if byte == mark {
                    break;
                } else if !single && byte == b'\\' {
                    self.reader.skip();
                    if self.reader.is_break() {
                        self.reader.skip_line();
                        gap.broken = true;
                        break;
                    }
                    self.escape(start, &mut text)?;
                } else {
                    self.reader.read(&mut text);
                }
            }
            if self.reader.peek(0) == mark {
                break;
            }
            while self.reader.is_blank(0) || self.reader.is_break() {
                self.widen(&mut gap);
            }
            gap.fold(&mut text);
        }
        self.reader.skip();
        Ok(Token { kind: TokenKind::Scalar(text, ScalarStyle::Quoted), mark: start })
    }

    fn escape(&mut self, start: Mark, text: &mut Vec<u8>) -> Result<(), Fault> {
        let plain: &[u8] = match self.reader.peek(0) {
            b'0' => b"\0",
            b'a' => b"\x07",
            b'b' => b"\x08",
            b't' | b'\t' => b"\t",
            b'n' => b"\n",
            b'v' => b"\x0b",
            b'f' => b"\x0c",
            b'r' => b"\r",
            b'e' => b"\x1b",
            b' ' => b" ",
            b'"' => b"\"",
            b'\'' => b"'",
            b'\\' => b"\\",
            b'N' => b"\xc2\x85",
            b'_' => b"\xc2\xa0",
            b'L' => b"\xe2\x80\xa8",
            b'P' => b"\xe2\x80\xa9",
            b'x' => return self.code(start, 2, text),
            b'u' => return self.code(start, 4, text),
            b'U' => return self.code(start, 8, text),
            _ => return self.fault(start, "found unknown escape character"),
        };
        text.extend_from_slice(plain);
        self.reader.skip();
        Ok(())
    }

    fn code(&mut self, start: Mark, digits: usize, text: &mut Vec<u8>) -> Result<(), Fault> {
        self.reader.skip();
        let mut code = 0_u32;
        for offset in 0..digits {
            let Some(digit) = char::from(self.reader.peek(offset)).to_digit(16) else {
                return self.fault(start, "did not find expected hexdecimal number");
            };
            code = code.wrapping_shl(4) | digit;
        }
        let Some(rune) = char::from_u32(code) else {
            return self.fault(start, "found invalid Unicode character escape code");
        };
        text.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
        for _ in 0..digits {
            self.reader.skip();
        }
        Ok(())
    }

    pub(super) fn block_scalar(&mut self, literal: bool) -> Result<Token, Fault> {
        let start = self.reader.mark;
        self.reader.skip();
        let (keep, increment) = self.block_header(start)?;
        let mut indent =
            increment.map_or(0, |by| if self.indent >= 0 { self.indent + by } else { by });
        let (mut text, mut leading, mut trailing) = (Vec::new(), Vec::new(), Vec::new());
        let mut leading_blank = false;
        self.block_breaks(start, &mut indent, &mut trailing)?;
        while self.column() == indent && !self.reader.at_end() {
            let trailing_blank = self.reader.is_blank(0);
            let folds =
                !literal && leading.first() == Some(&b'\n') && !leading_blank && !trailing_blank;
            if folds {
                if trailing.is_empty() {
                    text.push(b' ');
                }
                leading.clear();
            } else {
                text.append(&mut leading);
            }
            text.append(&mut trailing);
            leading_blank = self.reader.is_blank(0);
            while !self.reader.is_break_or_end() {
                self.reader.read(&mut text);
            }
            self.reader.read_line(&mut leading);
            self.block_breaks(start, &mut indent, &mut trailing)?;
        }
        if keep != Some(false) {
            text.append(&mut leading);
        }
        if keep == Some(true) {
            text.append(&mut trailing);
        }
        Ok(Token { kind: TokenKind::Scalar(text, ScalarStyle::Block), mark: start })
    }

    fn column(&self) -> i64 {
        i64::try_from(self.reader.mark.column).unwrap_or(i64::MAX)
    }

    /// The chomping mark (`+` keeps, `-` strips) and the indentation's increment, in either order.
    fn block_header(&mut self, start: Mark) -> Result<(Option<bool>, Option<i64>), Fault> {
        let (mut keep, mut increment) = (None, None);
        for _ in 0..2 {
            match self.reader.peek(0) {
                mark @ (b'+' | b'-') if keep.is_none() => keep = Some(mark == b'+'),
                b'0' if increment.is_none() => {
                    return self.fault(start, "found an indentation indicator equal to 0");
                }
                digit @ b'1'..=b'9' if increment.is_none() => {
                    increment = Some(i64::from(digit - b'0'));
                }
                _ => break,
            }
            self.reader.skip();
        }
        while self.reader.is_blank(0) {
            self.reader.skip();
        }
        if self.reader.peek(0) == b'#' {
            while !self.reader.is_break_or_end() {
                self.reader.skip();
            }
        }
        if !self.reader.is_break_or_end() {
            return self.fault(start, "did not find expected comment or line break");
        }
        self.reader.skip_line();
        Ok((keep, increment))
    }

    /// Empty lines; without an increment the first text line decides the indentation.
    fn block_breaks(
        &mut self,
        start: Mark,
        indent: &mut i64,
        breaks: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.reader.peek(0) == b' ' {
                self.reader.skip();
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.reader.peek(0) == b'\t' {
                return self
                    .fault(start, "found a tab character where an indentation space is expected");
            }
            if !self.reader.is_break() {
                break;
            }
            self.reader.read_line(breaks);
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
