//! Cases of words, wrapping and shortening, after xstrings and goutils.

use super::{Function, Outcome, bytes, integer, lossy, text::find, typed};
use crate::{
    exec::Session,
    value::{
        Parameter::{Int, String},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("snakecase", &[String], None, |_, v| Ok(Value::string(split_case(&lossy(&v[0]), '_')))),
    typed("kebabcase", &[String], None, |_, v| Ok(Value::string(split_case(&lossy(&v[0]), '-')))),
    typed("camelcase", &[String], None, |_, v| Ok(Value::string(pascal(&lossy(&v[0]))))),
    typed("wrap", &[Int, String], None, |session, v| {
        wrap(session, bytes(&v[1]), integer(&v[0]), b"\n", false)
    }),
    typed("wrapWith", &[Int, String, String], None, |session, v| {
        let line = bytes(&v[1]);
        wrap(
            session,
            bytes(&v[2]),
            integer(&v[0]),
            if line.is_empty() { b"\n" } else { line },
            true,
        )
    }),
    typed("abbrev", &[Int, String], None, |_, v| {
        let (width, text) = (integer(&v[0]), bytes(&v[1]));
        Ok(if width < 4 { v[1].clone() } else { Value::string(abbreviate(text, 0, width)) })
    }),
    typed("abbrevboth", &[Int, Int, String], None, |_, v| {
        let (left, right, text) = (integer(&v[0]), integer(&v[1]), bytes(&v[2]));
        let too_short = right < 4 || left > 0 && right < 7;
        Ok(if too_short { v[2].clone() } else { Value::string(abbreviate(text, left, right)) })
    }),
];

fn size(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn place(value: i64, length: usize) -> usize {
    usize::try_from(value).unwrap_or(0).min(length)
}

/// Dots for what does not fit; nothing when it cannot be done.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = size(text.len());
    if text.is_empty() || width < 4 {
        return Vec::new();
    }
    if length <= width {
        return text.to_vec();
    }
    let mut offset = offset.min(length);
    if length - offset < width - 3 {
        offset = length - (width - 3);
    }
    if offset <= 4 {
        return [&text[..place(width - 3, text.len())], b"..."].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + width - 3 < length {
        let rest = abbreviate(&text[place(offset, text.len())..], 0, width - 3);
        return [b"...", rest.as_slice()].concat();
    }
    [b"...", &text[place(length - (width - 3), text.len())..]].concat()
}

fn wrap(session: &mut Session, text: &[u8], width: i64, line: &[u8], long: bool) -> Outcome {
    let width = usize::try_from(width.max(1)).unwrap_or(1);
    let (mut out, mut offset) = (Vec::new(), 0);
    while text.len().saturating_sub(offset) > width {
        session.step()?;
        if text[offset] == b' ' {
            offset += 1;
            continue;
        }
        let end = offset + width + 1;
        let space = text[offset..end].iter().rposition(|byte| *byte == b' ');
        let (taken, next) = match space {
            Some(at) => (offset + at, offset + at + 1),
            None if long => (offset + width, offset + width),
            None => match find(&text[offset + width..], b" ") {
                Some(at) => (offset + width + at, offset + width + at + 1),
                None => {
                    out.extend_from_slice(&text[offset..]);
                    offset = text.len();
                    continue;
                }
            },
        };
        out.extend_from_slice(&text[offset..taken]);
        out.extend_from_slice(line);
        session.spend(line.len())?;
        offset = next;
    }
    out.extend_from_slice(&text[offset.min(text.len())..]);
    session.spend(out.len())?;
    Ok(Value::string(out))
}

fn is_connector(rune: char) -> bool {
    matches!(rune, '-' | '_') || rune.is_whitespace()
}

fn upper(rune: char) -> char {
    rune.to_uppercase().next().unwrap_or(rune)
}

fn lower(rune: char) -> char {
    rune.to_lowercase().next().unwrap_or(rune)
}

/// Words joined, each with a capital; connectors at the start stay.
fn pascal(text: &str) -> std::string::String {
    let mut out = std::string::String::new();
    let mut runes = text.chars();
    let mut current = None;
    let mut first_upper = false;
    for rune in runes.by_ref() {
        if !is_connector(rune) {
            first_upper = rune.is_uppercase();
            current = Some(upper(rune));
            break;
        }
        out.push(rune);
    }
    let Some(mut current) = current else {
        // xstrings writes the last connector twice.
        out.extend(text.chars().last());
        return out;
    };
    for next in runes {
        let previous = current;
        current = next;
        if is_connector(current) && is_connector(previous) {
            out.push(previous);
            continue;
        }
        if is_connector(previous) {
            first_upper = current.is_uppercase();
            current = upper(current);
        } else {
            if first_upper {
                if current.is_uppercase() {
                    current = lower(current);
                } else {
                    first_upper = false;
                }
            }
            out.push(previous);
        }
    }
    out.push(current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

fn is_alphabet(rune: char) -> bool {
    rune.is_alphabetic()
        && !matches!(u32::from(rune), 0x4e00..=0x9fcc | 0x3400..=0x4d85 | 0x2_0000..=0x2_b81d)
}

fn is_punctuation(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_punctuation() && !"$+<=>^`|~".contains(rune);
    }
    matches!(u32::from(rune), 0xa1 | 0xa7 | 0xab | 0xb6 | 0xb7 | 0xbb | 0xbf | 0x2010..=0x2027
        | 0x2030..=0x205e | 0x3001..=0x3003 | 0x3008..=0x3011 | 0xff01..=0xff0f)
}

fn run(runes: &[char], wanted: impl Fn(char) -> bool) -> usize {
    runes.iter().take_while(|rune| wanted(**rune)).count()
}

/// The kind and length of the first word.
fn next_word(runes: &[char]) -> (Word, usize) {
    let Some(first) = runes.first().copied() else { return (Word::Invalid, 0) };
    if is_connector(first) {
        return (Word::Connector, run(runes, is_connector));
    }
    if is_punctuation(first) {
        return (Word::Punctuation, run(runes, is_punctuation));
    }
    if first.is_uppercase() {
        let Some(second) = runes.get(1).copied() else { return (Word::Upper, 1) };
        if second.is_uppercase() {
            let count = run(runes, char::is_uppercase);
            // In "HTTPStatus" the S belongs to the next word.
            let takes_last = runes.get(count).is_some_and(|rune| is_alphabet(*rune));
            return (Word::Upper, if takes_last { count - 1 } else { count });
        }
        if is_alphabet(second) {
            let rest = run(&runes[1..], |rune| is_alphabet(rune) && !rune.is_uppercase());
            return (Word::Upper, 1 + rest);
        }
        return (Word::Upper, 1);
    }
    if is_alphabet(first) {
        return (Word::Alphabet, run(runes, |rune| is_alphabet(rune) && !rune.is_uppercase()));
    }
    if first.is_numeric() {
        return (Word::Number, run(runes, char::is_numeric));
    }
    let other = |rune: char| {
        !(is_connector(rune) || is_alphabet(rune) || rune.is_numeric() || is_punctuation(rune))
    };
    (Word::Other, run(runes, other).max(1))
}

struct Splitter<'a> {
    rest: &'a [char],
    connector: char,
    out: std::string::String,
}

impl<'a> Splitter<'a> {
    fn next(&mut self) -> (Word, &'a [char]) {
        let (kind, length) = next_word(self.rest);
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }

    fn write(&mut self, kind: Word, word: &[char]) {
        if !matches!(kind, Word::Upper | Word::Connector) {
            self.out.extend(word);
            return;
        }
        for rune in word {
            self.out.push(if is_connector(*rune) { self.connector } else { lower(*rune) });
        }
    }

    fn connect(&mut self, next: Word, invalid_too: bool) {
        let ends = matches!(next, Word::Connector | Word::Punctuation);
        if !(ends || invalid_too && next == Word::Invalid) {
            self.out.push(self.connector);
        }
    }

    /// Letters and numbers that belong to the word before.
    fn join(&mut self, mut next: (Word, &'a [char])) -> (Word, &'a [char]) {
        while matches!(next.0, Word::Alphabet | Word::Number) {
            self.write(next.0, next.1);
            next = self.next();
        }
        self.connect(next.0, true);
        next
    }
}

/// Words in lower case with a connector between them.
fn split_case(text: &str, connector: char) -> std::string::String {
    let runes: Vec<char> = text.chars().collect();
    let mut splitter = Splitter {
        rest: &runes,
        connector,
        out: std::string::String::with_capacity(text.len() + 8),
    };
    let mut word = splitter.next();
    while !splitter.rest.is_empty() {
        let (kind, own) = word;
        if kind != Word::Connector {
            splitter.write(kind, own);
        }
        word = splitter.next();
        match kind {
            Word::Number => word = splitter.join(word),
            Word::Connector => splitter.write(kind, own),
            Word::Punctuation => {}
            _ if word.0 != Word::Number => splitter.connect(word.0, false),
            _ if splitter.rest.is_empty() => {}
            _ => {
                let number = word.1;
                word = splitter.next();
                if word.0 == Word::Alphabet {
                    splitter.out.push(connector);
                    splitter.write(Word::Number, number);
                    word = splitter.join(word);
                } else {
                    splitter.write(Word::Number, number);
                    splitter.connect(word.0, false);
                }
            }
        }
    }
    splitter.write(word.0, word.1);
    splitter.out
}
