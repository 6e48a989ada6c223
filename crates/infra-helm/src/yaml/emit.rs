//! The emitter: block style, folding in v2, as libyaml's offspring write it.

use super::{
    reader::{is_break, width},
    style::{Style, analyse, choose, is_printable, wanted},
};

/// Which of the two libraries writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// go-yaml v2, behind `toYaml`: folds after column 80, sequences under their keys are not indented.
    Two,
    /// go-yaml v3, behind `toYamlPretty`: does not fold, indents sequences.
    Three,
}

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Written as it is: numbers, booleans, null.
    Literal(String),
    /// Text, quoted when it must be.
    Text(Vec<u8>),
    /// Base64 of bytes that are not UTF-8.
    Binary(String),
    Sequence(Vec<Tree>),
    /// In the order it is written.
    Mapping(Vec<(Tree, Tree)>),
}

/// Column after which v2 folds at the next space.
const WIDTH: usize = 80;
/// Longest key that is written without `? `.
const SIMPLE_KEY: usize = 128;

struct Emitter {
    out: Vec<u8>,
    dialect: Dialect,
    indent: usize,
    column: usize,
    /// The last character was white space or an indicator that counts as it.
    whitespace: bool,
    /// Nothing but indentation and indicators on the line yet.
    indention: bool,
    open_ended: bool,
}

/// The whole document with its last newline.
pub(crate) fn emit(tree: &Tree, dialect: Dialect) -> Vec<u8> {
    let mut emitter = Emitter {
        out: Vec::new(),
        dialect,
        indent: 0,
        column: 0,
        whitespace: true,
        indention: true,
        open_ended: false,
    };
    emitter.node(tree, Place::Root);
    emitter.write_indent_at(0);
    emitter.out
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Value,
    Key,
    SimpleKey,
}

impl Emitter {
    fn put(&mut self, byte: u8) {
        self.out.push(byte);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push(b'\n');
        self.column = 0;
    }

    /// One character, or one line break as it is.
    fn copy(&mut self, text: &[u8], at: usize) -> usize {
        let end = (at + width(text[at])).min(text.len());
        if text[at] == b'\n' {
            self.put_break();
        } else {
            self.out.extend_from_slice(&text[at..end]);
            self.column = if is_break(text, at) { 0 } else { self.column + 1 };
        }
        end
    }

    fn write_indent_at(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break();
        }
        while self.column < indent {
            self.put(b' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn write_indent(&mut self) {
        self.write_indent_at(self.indent);
    }

    fn indicator(&mut self, text: &[u8], needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(b' ');
        }
        self.out.extend_from_slice(text);
        self.column += text.len();
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
        self.open_ended = false;
    }

    fn node(&mut self, tree: &Tree, place: Place) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match tree {
            Tree::Literal(text) => self.styled(text.as_bytes(), Style::Plain, place),
            Tree::Text(text) => self.styled(text, wanted(text, self.dialect), place),
            Tree::Binary(text) => {
                self.indicator(b"!!binary", true, false, false);
                let style = if text.contains('\n') { Style::Literal } else { Style::Plain };
                self.styled(text.as_bytes(), style, place);
            }
            Tree::Sequence(items) if items.is_empty() => self.indicator_pair(b"[", b"]"),
            Tree::Sequence(items) => self.sequence(items, place),
            Tree::Mapping(entries) if entries.is_empty() => self.indicator_pair(b"{", b"}"),
            Tree::Mapping(entries) => self.mapping(entries, place),
        });
    }

    fn indicator_pair(&mut self, open: &[u8], close: &[u8]) {
        self.indicator(open, true, true, false);
        self.indicator(close, false, false, false);
    }

    fn deeper(&self, place: Place, sequence: bool) -> usize {
        let indentless = sequence
            && self.dialect == Dialect::Two
            && matches!(place, Place::Value | Place::Key)
            && !self.indention;
        match place {
            Place::Root => 0,
            _ if indentless => self.indent,
            _ => self.indent + 2,
        }
    }

    fn sequence(&mut self, items: &[Tree], place: Place) {
        let outer = self.indent;
        self.indent = self.deeper(place, true);
        for item in items {
            self.write_indent();
            self.indicator(b"-", true, false, true);
            self.node(item, Place::Item);
        }
        self.indent = outer;
    }

    fn mapping(&mut self, entries: &[(Tree, Tree)], place: Place) {
        let outer = self.indent;
        self.indent = self.deeper(place, false);
        for (key, value) in entries {
            self.write_indent();
            if self.is_simple(key) {
                self.node(key, Place::SimpleKey);
                self.indicator(b":", false, false, false);
            } else {
                self.indicator(b"?", true, false, true);
                self.node(key, Place::Key);
                self.write_indent();
                self.indicator(b":", true, false, true);
            }
            self.node(value, Place::Value);
        }
        self.indent = outer;
    }

    fn is_simple(&self, key: &Tree) -> bool {
        match key {
            Tree::Literal(text) => text.len() <= SIMPLE_KEY,
            Tree::Text(text) => text.len() <= SIMPLE_KEY && !analyse(text, self.dialect).multiline,
            Tree::Binary(text) => text.len() + "!!binary".len() <= SIMPLE_KEY,
            Tree::Sequence(items) => items.is_empty(),
            Tree::Mapping(entries) => entries.is_empty(),
        }
    }

    fn styled(&mut self, text: &[u8], style: Style, place: Place) {
        let simple_key = place == Place::SimpleKey;
        let style = choose(text, style, analyse(text, self.dialect), simple_key);
        let outer = self.indent;
        self.indent += 2;
        let folds = !simple_key && self.dialect == Dialect::Two;
        match style {
            Style::Plain => self.plain(text, folds),
            Style::Single => self.single(text, folds),
            Style::Double => self.double(text, folds),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    fn plain(&mut self, text: &[u8], folds: bool) {
        if !self.whitespace && (self.dialect == Dialect::Two || !text.is_empty()) {
            self.put(b' ');
        }
        let (mut spaces, mut at) = (false, 0);
        while at < text.len() {
            if text[at] == b' ' {
                let single = !spaces && text.get(at + 1) != Some(&b' ');
                if folds && single && self.column > WIDTH {
                    self.write_indent();
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else {
                at = self.copy(text, at);
                self.indention = false;
                spaces = false;
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single(&mut self, text: &[u8], folds: bool) {
        self.indicator(b"'", true, false, false);
        let (mut spaces, mut breaks, mut at) = (false, false, 0);
        while at < text.len() {
            if text[at] == b' ' {
                let inside = at > 0 && at + 1 < text.len() && text[at + 1] != b' ';
                if folds && !spaces && self.column > WIDTH && inside {
                    self.write_indent();
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else if is_break(text, at) {
                if !breaks && text[at] == b'\n' {
                    self.put_break();
                }
                at = self.copy(text, at);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                if text[at] == b'\'' {
                    self.put(b'\'');
                }
                at = self.copy(text, at);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        self.indicator(b"'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double(&mut self, text: &[u8], folds: bool) {
        self.indicator(b"\"", true, false, false);
        let (mut spaces, mut at) = (false, 0);
        // A mark at the start makes libyaml's heirs escape every character.
        let marked = text.starts_with(b"\xef\xbb\xbf");
        while at < text.len() {
            let byte = text[at];
            let special = !is_printable(text, at) || is_break(text, at);
            if special || marked || matches!(byte, b'"' | b'\\') {
                let end = (at + width(byte)).min(text.len());
                self.escape(&text[at..end]);
                at = end;
                spaces = false;
            } else if byte == b' ' {
                let inside = at > 0 && at + 1 < text.len();
                if folds && !spaces && self.column > WIDTH && inside {
                    self.write_indent();
                    if text[at + 1] == b' ' {
                        self.put(b'\\');
                    }
                    at += 1;
                } else {
                    at = self.copy(text, at);
                }
                spaces = true;
            } else {
                at = self.copy(text, at);
                spaces = false;
            }
        }
        self.indicator(b"\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, character: &[u8]) {
        let rune = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
        let code = u32::from(rune.unwrap_or('\u{fffd}'));
        let short = match code {
            0 => "0",
            0x07 => "a",
            0x08 => "b",
            0x09 => "t",
            0x0a => "n",
            0x0b => "v",
            0x0c => "f",
            0x0d => "r",
            0x1b => "e",
            0x22 => "\"",
            0x5c => "\\",
            0x85 => "N",
            0xa0 => "_",
            0x2028 => "L",
            0x2029 => "P",
            _ => "",
        };
        let text = match code {
            _ if !short.is_empty() => format!("\\{short}"),
            code if code <= 0xff => format!("\\x{code:02X}"),
            code if code <= 0xffff => format!("\\u{code:04X}"),
            _ => format!("\\U{code:08X}"),
        };
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }

    fn literal(&mut self, text: &[u8]) {
        self.indicator(b"|", true, false, false);
        if text.first() == Some(&b' ') || is_break(text, 0) {
            self.indicator(b"2", false, false, false);
        }
        self.open_ended = false;
        let last = text.iter().rposition(|byte| !(0x80..0xc0).contains(byte)).unwrap_or(0);
        let chomp: &[u8] = if text.is_empty() || !is_break(text, last) {
            b"-"
        } else {
            let before = text[..last].iter().rposition(|byte| !(0x80..0xc0).contains(byte));
            match before {
                Some(before) if !is_break(text, before) => b"",
                _ => b"+",
            }
        };
        if !chomp.is_empty() {
            self.indicator(chomp, false, false, false);
            self.open_ended = chomp == b"+";
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let (mut breaks, mut at) = (true, 0);
        while at < text.len() {
            if is_break(text, at) {
                at = self.copy(text, at);
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                at = self.copy(text, at);
                self.indention = false;
                breaks = false;
            }
        }
    }
}
