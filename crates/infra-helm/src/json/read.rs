//! Reading JSON into plain data; numbers become floats, invalid surrogates become U+FFFD.

use std::collections::BTreeMap;

use crate::value::Data;

/// How deep Go's decoder follows.
const DEPTH_LIMIT: usize = 10_000;

/// A text of JSON values one after another.
pub(crate) struct Stream<'a> {
    text: &'a [u8],
    pub(crate) at: usize,
}

/// One JSON value with nothing behind it.
///
/// # Errors
/// Go's message.
pub(crate) fn read(text: &[u8]) -> Result<Data, String> {
    let mut stream = Stream { text, at: 0 };
    let value = stream.value(0)?;
    stream.skip_space();
    match stream.peek() {
        None => Ok(value),
        Some(_) => Err(stream.unexpected("after top-level value")),
    }
}

impl<'a> Stream<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next value of the stream.
    pub(crate) fn next(&mut self) -> Result<Data, String> {
        self.value(0)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, context: &str) -> String {
        // At the end Go's scanner is fed a space, which ends everything but literals and escapes.
        let inside = context.contains("literal") || context.contains("escape");
        match self.peek().or(inside.then_some(b' ')) {
            None => "unexpected end of JSON input".to_owned(),
            Some(byte) => {
                let shown = match byte {
                    b'\'' => r"'\''".to_owned(),
                    b'"' => "'\"'".to_owned(),
                    byte => crate::format::quote(
                        char::from(byte).encode_utf8(&mut [0; 4]).as_bytes(),
                        '\'',
                        false,
                    ),
                };
                format!("invalid character {shown} {context}")
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Data, String> {
        if depth > DEPTH_LIMIT {
            return Err("exceeded max depth".to_owned());
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.object(depth)),
            Some(b'[') => stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.array(depth)),
            Some(b'"') => Ok(Data::String(self.string()?)),
            Some(b't') => self.word("true", Data::Bool(true)),
            Some(b'f') => self.word("false", Data::Bool(false)),
            Some(b'n') => self.word("null", Data::Null),
            Some(b'-' | b'0'..=b'9') => self.number(depth),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str, value: Data) -> Result<Data, String> {
        for (index, byte) in word.bytes().enumerate() {
            if self.peek() != Some(byte) {
                let wanted = char::from(byte);
                let context = if index == 0 {
                    "looking for beginning of value".to_owned()
                } else {
                    format!("in literal {word} (expecting '{wanted}')")
                };
                return Err(self.unexpected(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self, depth: usize) -> Result<Data, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return Err(self.unexpected("in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
        }
        let shown = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        match shown.parse::<f64>() {
            // At the top the type is looked at first.
            Ok(value) if value.is_finite() || depth == 0 => Ok(Data::Float(value)),
            _ => {
                Err(format!("json: cannot unmarshal number {shown} into Go value of type float64"))
            }
        }
    }

    fn string(&mut self) -> Result<Vec<u8>, String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.unexpected("")),
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut out)?,
                Some(byte) if byte < 0x20 => return Err(self.unexpected("in string literal")),
                Some(byte) => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(super::write::clean(&out))
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        self.at += 1;
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let first = self.code()?;
                let mut rune = char::from_u32(first);
                if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with(b"\\u") {
                    let before = self.at;
                    self.at += 1;
                    let second = self.code()?;
                    if (0xdc00..0xe000).contains(&second) {
                        rune =
                            char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second - 0xdc00);
                    } else {
                        self.at = before;
                    }
                }
                let rune = rune.unwrap_or('\u{fffd}');
                out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }

    /// Four digits behind `u`, on which the stream stands.
    fn code(&mut self) -> Result<u32, String> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return Err(self.unexpected("in \\u hexadecimal character escape"));
            };
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }

    fn array(&mut self, depth: usize) -> Result<Data, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Data::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Data::List(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Data, String> {
        self.at += 1;
        let mut map = BTreeMap::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Data::Map(map));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Data::Map(map));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
}
