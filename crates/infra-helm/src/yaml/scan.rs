//! The scanner: text to tokens, with simple keys found after the fact and indentation turned into tokens.

use std::collections::{BTreeMap, VecDeque};

use super::{
    reader::Reader,
    token::{Fault, Mark, Token, TokenKind},
};

/// How deep collections may nest, as in go-yaml.
const DEPTH_LIMIT: usize = 10_000;
/// A simple key ends within so many characters.
const KEY_LIMIT: usize = 1_024;

/// A place where a key without `?` may have started.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

pub(super) struct Scanner {
    pub(super) reader: Reader,
    queue: VecDeque<Token>,
    /// Tokens handed out.
    taken: usize,
    ended: bool,
    pub(super) flow: usize,
    indents: Vec<i64>,
    pub(super) indent: i64,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
    /// Which of `keys` may start at a token.
    by_token: BTreeMap<usize, usize>,
}

type Outcome<T = ()> = Result<T, Fault>;

fn column(mark: Mark) -> i64 {
    i64::try_from(mark.column).unwrap_or(i64::MAX)
}

impl Scanner {
    pub(super) fn new(text: &[u8]) -> Outcome<Self> {
        Ok(Self {
            reader: Reader::new(text)?,
            queue: VecDeque::new(),
            taken: 0,
            ended: false,
            flow: 0,
            indents: Vec::new(),
            indent: -1,
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            by_token: BTreeMap::new(),
        })
    }

    /// The next token, left in place.
    pub(super) fn peek(&mut self) -> Outcome<&Token> {
        self.fetch_until_sure()?;
        self.queue.front().ok_or_else(|| Fault::plain("did not find expected node content"))
    }

    /// The next token, taken.
    pub(super) fn next(&mut self) -> Outcome<Token> {
        self.fetch_until_sure()?;
        let token = self
            .queue
            .pop_front()
            .ok_or_else(|| Fault::plain("did not find expected node content"))?;
        // The end is met again and again.
        if token.kind == TokenKind::StreamEnd {
            self.queue.push_front(token.clone());
        } else {
            self.taken += 1;
        }
        Ok(token)
    }

    /// A token at the head may still become a key's start; fetch until that is known.
    fn fetch_until_sure(&mut self) -> Outcome {
        loop {
            if !self.queue.is_empty() {
                let Some(place) = self.by_token.get(&self.taken).copied() else {
                    return Ok(());
                };
                if place >= self.keys.len() || !self.key_is_valid(place)? {
                    return Ok(());
                }
            }
            if self.ended {
                return Ok(());
            }
            self.fetch()?;
        }
    }

    pub(super) fn fault<T>(&self, context: Mark, problem: &str) -> Outcome<T> {
        Err(Fault::scanner(context, self.reader.mark, problem))
    }

    fn push(&mut self, kind: TokenKind, mark: Mark) {
        self.queue.push_back(Token { kind, mark });
    }

    fn fetch(&mut self) -> Outcome {
        self.skip_to_token();
        self.unroll(column(self.reader.mark));
        if self.reader.at_end() {
            return self.stream_end();
        }
        let mark = self.reader.mark;
        let first = self.reader.peek(0);
        if mark.column == 0 && first == b'%' {
            self.unroll(-1);
            self.drop_key()?;
            self.key_allowed = false;
            let token = self.directive()?;
            self.queue.push_back(token);
            return Ok(());
        }
        if self.reader.at_document_indicator() {
            return self.document_indicator(first == b'-');
        }
        let block = self.flow == 0;
        match first {
            b'[' => self.flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.flow_start(TokenKind::FlowMappingStart),
            b']' => self.flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.flow_end(TokenKind::FlowMappingEnd),
            b',' => self.flow_entry(),
            b'-' if self.reader.is_blank_or_end(1) => self.block_entry(),
            b'?' if !block || self.reader.is_blank_or_end(1) => self.key(),
            b':' if !block || self.reader.is_blank_or_end(1) => self.value(),
            b'*' | b'&' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.anchor(first == b'*')?;
                self.queue.push_back(token);
                Ok(())
            }
            b'!' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.tag()?;
                self.queue.push_back(token);
                Ok(())
            }
            b'|' | b'>' if block => {
                self.drop_key()?;
                self.key_allowed = true;
                let token = self.block_scalar(first == b'|')?;
                self.queue.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.quoted_scalar(first == b'\'')?;
                self.queue.push_back(token);
                Ok(())
            }
            _ if self.starts_plain(first) => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.plain_scalar()?;
                self.queue.push_back(token);
                Ok(())
            }
            _ => self.fault(mark, "found character that cannot start any token"),
        }
    }

    fn starts_plain(&self, first: u8) -> bool {
        let indicator = b"-?:,[]{}#&*!|>'\"%@`".contains(&first);
        !(self.reader.is_blank_or_end(0) || indicator)
            || first == b'-' && !self.reader.is_blank(1)
            || self.flow == 0 && matches!(first, b'?' | b':') && !self.reader.is_blank_or_end(1)
    }

    fn skip_to_token(&mut self) {
        loop {
            if self.reader.mark.index == 0 && self.reader.starts_with(b"\xef\xbb\xbf") {
                self.reader.skip();
            }
            while self.reader.peek(0) == b' '
                || self.reader.peek(0) == b'\t' && (self.flow > 0 || !self.key_allowed)
            {
                self.reader.skip();
            }
            if self.reader.peek(0) == b'#' {
                while !self.reader.is_break_or_end() {
                    self.reader.skip();
                }
            }
            if !self.reader.is_break() {
                return;
            }
            self.reader.skip_line();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn key_is_valid(&mut self, place: usize) -> Outcome<bool> {
        let key = self.keys[place];
        if !key.possible {
            return Ok(false);
        }
        let now = self.reader.mark;
        if key.mark.line < now.line || key.mark.index + KEY_LIMIT < now.index {
            if key.required {
                return self.fault(key.mark, "could not find expected ':'");
            }
            self.keys[place].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_key(&mut self) -> Outcome {
        if self.key_allowed {
            let mark = self.reader.mark;
            let key = SimpleKey {
                possible: true,
                required: self.flow == 0 && self.indent == column(mark),
                token: self.taken + self.queue.len(),
                mark,
            };
            self.drop_key()?;
            let place = self.keys.len() - 1;
            self.keys[place] = key;
            self.by_token.insert(key.token, place);
        }
        Ok(())
    }

    fn drop_key(&mut self) -> Outcome {
        let Some(key) = self.keys.last_mut() else { return Ok(()) };
        if !std::mem::take(&mut key.possible) {
            return Ok(());
        }
        let (required, mark, token) = (key.required, key.mark, key.token);
        if required {
            return self.fault(mark, "could not find expected ':'");
        }
        self.by_token.remove(&token);
        Ok(())
    }

    /// Opens a block collection when the column is deeper than the last; the token goes before `at`, or last.
    fn roll(&mut self, to: i64, at: Option<usize>, kind: TokenKind, mark: Mark) -> Outcome {
        if self.flow > 0 || self.indent >= to {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = to;
        if self.indents.len() > DEPTH_LIMIT {
            return self.fault(mark, "exceeded max depth of 10000");
        }
        let place = at.map_or(self.queue.len(), |token| token.saturating_sub(self.taken));
        self.queue.insert(place.min(self.queue.len()), Token { kind, mark });
        Ok(())
    }

    fn unroll(&mut self, to: i64) {
        if self.flow > 0 {
            return;
        }
        while self.indent > to {
            self.push(TokenKind::BlockEnd, self.reader.mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Outcome {
        if self.reader.mark.column != 0 {
            self.reader.mark.column = 0;
            self.reader.mark.line += 1;
        }
        self.unroll(-1);
        self.drop_key()?;
        self.key_allowed = false;
        self.ended = true;
        self.push(TokenKind::StreamEnd, self.reader.mark);
        Ok(())
    }

    fn document_indicator(&mut self, start: bool) -> Outcome {
        self.unroll(-1);
        self.drop_key()?;
        self.key_allowed = false;
        let mark = self.reader.mark;
        for _ in 0..3 {
            self.reader.skip();
        }
        self.push(if start { TokenKind::DocumentStart } else { TokenKind::DocumentEnd }, mark);
        Ok(())
    }

    fn one(&mut self, kind: TokenKind) {
        let mark = self.reader.mark;
        self.reader.skip();
        self.push(kind, mark);
    }

    fn flow_start(&mut self, kind: TokenKind) -> Outcome {
        self.save_key()?;
        // go-yaml numbers the new level's key like the bracket itself, and forgets both when the bracket closes empty.
        let token = self.taken + self.queue.len();
        self.keys.push(SimpleKey { token, ..SimpleKey::default() });
        self.flow += 1;
        if self.flow > DEPTH_LIMIT {
            return self.fault(self.reader.mark, "exceeded max depth of 10000");
        }
        self.key_allowed = true;
        self.one(kind);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind) -> Outcome {
        self.drop_key()?;
        if self.flow > 0 {
            self.flow -= 1;
            if let Some(key) = self.keys.pop() {
                self.by_token.remove(&key.token);
            }
        }
        self.key_allowed = false;
        self.one(kind);
        Ok(())
    }

    fn flow_entry(&mut self) -> Outcome {
        self.drop_key()?;
        self.key_allowed = true;
        self.one(TokenKind::FlowEntry);
        Ok(())
    }

    fn block_entry(&mut self) -> Outcome {
        let mark = self.reader.mark;
        if self.flow == 0 {
            if !self.key_allowed {
                return self.fault(mark, "block sequence entries are not allowed in this context");
            }
            self.roll(column(mark), None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.drop_key()?;
        self.key_allowed = true;
        self.one(TokenKind::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Outcome {
        let mark = self.reader.mark;
        if self.flow == 0 {
            if !self.key_allowed {
                return self.fault(mark, "mapping keys are not allowed in this context");
            }
            self.roll(column(mark), None, TokenKind::BlockMappingStart, mark)?;
        }
        self.drop_key()?;
        self.key_allowed = self.flow == 0;
        self.one(TokenKind::Key);
        Ok(())
    }

    fn value(&mut self) -> Outcome {
        let last = self.keys.len().saturating_sub(1);
        if self.key_is_valid(last)? {
            let key = self.keys[last];
            self.keys[last].possible = false;
            self.by_token.remove(&key.token);
            let place = key.token.saturating_sub(self.taken).min(self.queue.len());
            self.queue.insert(place, Token { kind: TokenKind::Key, mark: key.mark });
            let start = TokenKind::BlockMappingStart;
            self.roll(column(key.mark), Some(key.token), start, key.mark)?;
            self.key_allowed = false;
        } else {
            let mark = self.reader.mark;
            if self.flow == 0 {
                if !self.key_allowed {
                    return self.fault(mark, "mapping values are not allowed in this context");
                }
                self.roll(column(mark), None, TokenKind::BlockMappingStart, mark)?;
            }
            self.key_allowed = self.flow == 0;
        }
        self.one(TokenKind::Value);
        Ok(())
    }
}
