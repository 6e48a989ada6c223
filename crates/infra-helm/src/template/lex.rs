//! Text to tokens, with trim markers and comments already dealt with.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    End,
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Assign,
    Declare,
    Pipe,
    Char,
    CharConstant,
    Number,
    Complex,
    String,
    RawString,
    Variable,
    Field,
    Dot,
    Identifier,
    Bool,
    LeftParenthesis,
    RightParenthesis,
    Block,
    Break,
    Continue,
    Define,
    Else,
    EndKeyword,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token; `text` is a part of the template, or the message of an error.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) line: usize,
    pub(super) text: Vec<u8>,
}

impl Token {
    /// Go's `item.String()`.
    pub(super) fn show(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        match self.kind {
            Kind::End => "EOF".to_owned(),
            Kind::Error => text.into_owned(),
            kind if is_keyword(kind) => format!("<{text}>"),
            _ if self.text.len() > 10 => {
                let short: String = text.chars().take(10).collect();
                format!("{}...", crate::format::quote(short.as_bytes(), '"', false))
            }
            _ => crate::format::quote(&self.text, '"', false),
        }
    }
}

fn is_keyword(kind: Kind) -> bool {
    use Kind::{Block, Break, Continue, Define, Else, EndKeyword, If, Nil, Range, Template, With};
    matches!(
        kind,
        Block | Break | Continue | Define | Else | EndKeyword | If | Nil | Range | Template | With
    )
}

fn keyword(word: &[u8]) -> Option<Kind> {
    Some(match word {
        b"block" => Kind::Block,
        b"break" => Kind::Break,
        b"continue" => Kind::Continue,
        b"define" => Kind::Define,
        b"else" => Kind::Else,
        b"end" => Kind::EndKeyword,
        b"if" => Kind::If,
        b"nil" => Kind::Nil,
        b"range" => Kind::Range,
        b"template" => Kind::Template,
        b"with" => Kind::With,
        b"true" | b"false" => Kind::Bool,
        _ => return None,
    })
}

struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
    start: usize,
    line: usize,
    start_line: usize,
    parentheses: usize,
    tokens: Vec<Token>,
}

/// A fault found while lexing; it becomes the last token.
struct Fault(String);

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// All tokens of the text; the last is the end or an error.
pub(super) fn lex(input: &[u8]) -> Vec<Token> {
    let mut lexer = Lexer {
        input,
        at: 0,
        start: 0,
        line: 1,
        start_line: 1,
        parentheses: 0,
        tokens: Vec::new(),
    };
    match lexer.text() {
        Ok(()) => lexer.emit(Kind::End),
        Err(Fault(message)) => lexer.tokens.push(Token {
            kind: Kind::Error,
            at: lexer.start,
            line: lexer.start_line,
            text: message.into_bytes(),
        }),
    }
    lexer.tokens
}

impl Lexer<'_> {
    fn rest(&self) -> &[u8] {
        &self.input[self.at..]
    }

    fn peek(&self) -> Option<char> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        Some(crate::format::decode_rune(rest).0.unwrap_or('\u{fffd}'))
    }

    fn advance(&mut self) -> Option<char> {
        let rune = self.peek()?;
        let length = crate::format::decode_rune(self.rest()).1;
        if rune == '\n' {
            self.line += 1;
        }
        self.at += length;
        Some(rune)
    }

    fn skip_to(&mut self, at: usize) {
        let newlines = self.input[self.at..at].iter().filter(|byte| **byte == b'\n').count();
        self.line += newlines;
        self.at = at;
    }

    fn emit(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            at: self.start,
            line: self.start_line,
            text: self.input[self.start..self.at].to_vec(),
        });
        self.ignore();
    }

    fn ignore(&mut self) {
        self.start = self.at;
        self.start_line = self.line;
    }

    /// Runs through text and actions until the end.
    fn text(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            let Some(open) = rest.windows(2).position(|pair| pair == b"{{") else {
                self.skip_to(self.input.len());
                if self.at > self.start {
                    self.emit(Kind::Text);
                }
                return Ok(());
            };
            let open = self.at + open;
            let after = &self.input[open + 2..];
            let trims = after.len() >= 2 && after[0] == b'-' && is_space(after[1]);
            let mut end = open;
            if trims {
                while end > self.start && is_space(self.input[end - 1]) {
                    end -= 1;
                }
            }
            self.skip_to(end);
            if self.at > self.start {
                self.emit(Kind::Text);
            }
            self.skip_to(open);
            self.ignore();
            self.action(trims)?;
        }
    }

    fn action(&mut self, trims: bool) -> Result<(), Fault> {
        let marker = if trims { 2 } else { 0 };
        if self.input[self.at + 2 + marker..].starts_with(b"/*") {
            self.at += 2 + marker;
            return self.comment();
        }
        self.at += 2;
        self.emit(Kind::LeftDelimiter);
        self.skip_to(self.at + marker);
        self.ignore();
        self.parentheses = 0;
        loop {
            if let Some(trims) = self.at_right_delimiter() {
                if self.parentheses > 0 {
                    return Err(Fault("unclosed left paren".to_owned()));
                }
                self.right_delimiter(trims);
                return Ok(());
            }
            self.inside()?;
        }
    }

    fn right_delimiter(&mut self, trims: bool) {
        if trims {
            self.skip_to(self.at + 2);
            self.ignore();
        }
        self.at += 2;
        self.emit(Kind::RightDelimiter);
        if trims {
            self.skip_space();
        }
    }

    fn skip_space(&mut self) {
        let count = self.rest().iter().take_while(|byte| is_space(**byte)).count();
        self.skip_to(self.at + count);
        self.ignore();
    }

    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if rest.len() >= 4 && is_space(rest[0]) && rest[1] == b'-' && &rest[2..4] == b"}}" {
            return Some(true);
        }
        rest.starts_with(b"}}").then_some(false)
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let Some(end) = self.rest().windows(2).skip(2).position(|pair| pair == b"*/") else {
            return Err(Fault("unclosed comment".to_owned()));
        };
        self.skip_to(self.at + 2 + end + 2);
        let Some(trims) = self.at_right_delimiter() else {
            return Err(Fault("comment ends before closing delimiter".to_owned()));
        };
        self.skip_to(self.at + if trims { 4 } else { 2 });
        self.ignore();
        if trims {
            self.skip_space();
        }
        Ok(())
    }

    fn inside(&mut self) -> Result<(), Fault> {
        let next_is_digit = self.input.get(self.at + 1).is_some_and(u8::is_ascii_digit)
            || self.at + 1 >= self.input.len();
        let Some(rune) = self.advance() else {
            return Err(Fault("unclosed action".to_owned()));
        };
        match rune {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.emit(Kind::Assign),
            ':' => {
                if self.advance() != Some('=') {
                    return Err(Fault("expected :=".to_owned()));
                }
                self.emit(Kind::Declare);
            }
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant")?,
            '`' => {
                while self.advance().ok_or(Fault("unterminated raw quoted string".to_owned()))?
                    != '`'
                {}
                self.emit(Kind::RawString);
            }
            '$' => self.field(Kind::Variable)?,
            '.' if !next_is_digit => self.field(Kind::Field)?,
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()?;
            }
            rune if is_alphanumeric(rune) => self.identifier()?,
            '(' => {
                self.emit(Kind::LeftParenthesis);
                self.parentheses += 1;
            }
            ')' => {
                if self.parentheses == 0 {
                    return Err(Fault("unexpected right paren".to_owned()));
                }
                self.parentheses -= 1;
                self.emit(Kind::RightParenthesis);
            }
            rune if (' '..='~').contains(&rune) => self.emit(Kind::Char),
            rune => {
                return Err(Fault(format!("unrecognized character in action: {}", unicode(rune))));
            }
        }
        Ok(())
    }

    /// The space before a trimming right delimiter belongs to the delimiter.
    fn space(&mut self) {
        while self.at < self.input.len() && is_space(self.input[self.at]) {
            self.advance();
        }
        let last = &self.input[self.at - 1..];
        if last.len() >= 4 && last[1] == b'-' && &last[2..4] == b"}}" {
            self.at -= 1;
            if self.input[self.at] == b'\n' {
                self.line -= 1;
            }
            if self.at == self.start {
                return;
            }
        }
        self.emit(Kind::Space);
    }

    fn quoted(&mut self, mark: char, kind: Kind, message: &str) -> Result<(), Fault> {
        loop {
            match self.advance() {
                Some('\\') if !matches!(self.peek(), None | Some('\n')) => {
                    self.advance();
                }
                None | Some('\n' | '\\') => return Err(Fault(message.to_owned())),
                Some(rune) if rune == mark => break,
                Some(_) => {}
            }
        }
        self.emit(kind);
        Ok(())
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(b"}}"),
        }
    }

    fn field(&mut self, kind: Kind) -> Result<(), Fault> {
        if self.at_terminator() {
            self.emit(if kind == Kind::Variable { kind } else { Kind::Dot });
            return Ok(());
        }
        self.word()?;
        self.emit(kind);
        Ok(())
    }

    fn word(&mut self) -> Result<(), Fault> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.advance();
        }
        if self.at_terminator() {
            return Ok(());
        }
        let rune = self.peek().unwrap_or('\u{fffd}');
        Err(Fault(format!("bad character {}", unicode(rune))))
    }

    fn identifier(&mut self) -> Result<(), Fault> {
        self.word()?;
        let kind = keyword(&self.input[self.start..self.at]).unwrap_or(Kind::Identifier);
        self.emit(kind);
        Ok(())
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let found = self.rest().first().is_some_and(|byte| valid.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if digits.len() == DECIMAL.len() && self.accept(b"eE")
            || digits.len() > DECIMAL.len() && self.accept(b"pP")
        {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }

    fn number(&mut self) -> Result<(), Fault> {
        let mut good = self.scan_number();
        let mut kind = Kind::Number;
        if good && matches!(self.peek(), Some('+' | '-')) {
            good = self.scan_number() && self.input[self.at - 1] == b'i';
            kind = Kind::Complex;
        }
        if !good {
            let text = crate::format::quote(&self.input[self.start..self.at], '"', false);
            return Err(Fault(format!("bad number syntax: {text}")));
        }
        self.emit(kind);
        Ok(())
    }
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || rune.is_alphabetic() || rune.is_numeric()
}

/// `%#U`: the code point and, when printable, the character.
fn unicode(rune: char) -> String {
    let code = format!("U+{:04X}", u32::from(rune));
    if rune.is_control() { code } else { format!("{code} '{rune}'") }
}
