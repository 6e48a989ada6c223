//! Regular expressions of RE2, run by the `regex` crate after translation.

use std::rc::Rc;

use regex::bytes::{Regex, RegexBuilder};

use super::{Function, Outcome, bytes, integer, lossy, typed};
use crate::{
    exec::{Failure, Session},
    pattern::translate,
    value::{
        Parameter::{Int, String},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("regexMatch", &[String, String], None, |session, v| {
        Ok(Value::Bool(compiled(session, &v[0]).is_ok_and(|own| own.is_match(bytes(&v[1])))))
    }),
    typed("mustRegexMatch", &[String, String], None, |session, v| {
        Ok(Value::Bool(compiled(session, &v[0])?.is_match(bytes(&v[1]))))
    }),
    typed("regexFind", &[String, String], None, |session, v| {
        let pattern = must(session, &v[0])?;
        Ok(found(&pattern, &v[1]))
    }),
    typed("mustRegexFind", &[String, String], None, |session, v| {
        let pattern = compiled(session, &v[0])?;
        Ok(found(&pattern, &v[1]))
    }),
    typed("regexFindAll", &[String, String, Int], None, |session, v| {
        let pattern = must(session, &v[0])?;
        Ok(all(&pattern, v))
    }),
    typed("mustRegexFindAll", &[String, String, Int], None, |session, v| {
        let pattern = compiled(session, &v[0])?;
        Ok(all(&pattern, v))
    }),
    typed("regexReplaceAll", &[String, String, String], None, |session, v| {
        let pattern = must(session, &v[0])?;
        replaced(session, &pattern, v, false)
    }),
    typed("mustRegexReplaceAll", &[String, String, String], None, |session, v| {
        let pattern = compiled(session, &v[0])?;
        replaced(session, &pattern, v, false)
    }),
    typed("regexReplaceAllLiteral", &[String, String, String], None, |session, v| {
        let pattern = must(session, &v[0])?;
        replaced(session, &pattern, v, true)
    }),
    typed("mustRegexReplaceAllLiteral", &[String, String, String], None, |session, v| {
        let pattern = compiled(session, &v[0])?;
        replaced(session, &pattern, v, true)
    }),
    typed("regexSplit", &[String, String, Int], None, |session, v| {
        let pattern = must(session, &v[0])?;
        Ok(split(&pattern, v))
    }),
    typed("mustRegexSplit", &[String, String, Int], None, |session, v| {
        let pattern = compiled(session, &v[0])?;
        Ok(split(&pattern, v))
    }),
    typed("regexQuoteMeta", &[String], None, |_, v| {
        let mut out = Vec::new();
        for byte in bytes(&v[0]) {
            if b"\\.+*?()|[]{}^$".contains(byte) {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        Ok(Value::string(out))
    }),
];

/// How many compiled patterns a render keeps.
const KEPT: usize = 1_024;

fn compiled(session: &mut Session, pattern: &Value) -> Result<Rc<Regex>, Failure> {
    let text = bytes(pattern);
    if let Some(found) = session.patterns.get(text) {
        return Ok(found.clone());
    }
    let translated = translate(&lossy(pattern))
        .map_err(|fault| Failure::Message(format!("error parsing regexp: {fault}")))?;
    let built = RegexBuilder::new(&translated).size_limit(8 << 20).build().map_err(|_| {
        let shown = lossy(pattern).into_owned();
        Failure::Message(format!("error parsing regexp: invalid or unsupported syntax: `{shown}`"))
    })?;
    if session.patterns.len() >= KEPT {
        session.patterns.clear();
    }
    let built = Rc::new(built);
    session.patterns.insert(text.to_vec(), built.clone());
    Ok(built)
}

/// The forms without `must` panic in Go, with the pattern in the text.
fn must(session: &mut Session, pattern: &Value) -> Result<Rc<Regex>, Failure> {
    compiled(session, pattern).map_err(|failure| match failure {
        Failure::Message(text) => {
            let shown = lossy(pattern).into_owned();
            let quoted = if shown.contains('`') {
                crate::format::quote(shown.as_bytes(), '"', false)
            } else {
                format!("`{shown}`")
            };
            Failure::Message(format!("regexp: Compile({quoted}): {text}"))
        }
        other => other,
    })
}

fn found(pattern: &Regex, text: &Value) -> Value {
    Value::string(pattern.find(bytes(text)).map_or(&b""[..], |found| found.as_bytes()))
}

fn limit(value: &Value) -> usize {
    usize::try_from(integer(value)).unwrap_or(usize::MAX)
}

/// Whether a place lies inside a character, where Go finds no empty match.
fn is_inside(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|byte| (0x80..0xc0).contains(byte))
        && std::str::from_utf8(text).is_ok()
}

fn matches<'t>(pattern: &Regex, text: &'t [u8]) -> impl Iterator<Item = regex::bytes::Match<'t>> {
    pattern
        .find_iter(text)
        .filter(move |found| !(found.is_empty() && is_inside(text, found.start())))
}

fn all(pattern: &Regex, values: &[Value]) -> Value {
    let found = matches(pattern, bytes(&values[1])).take(limit(&values[2]));
    Value::strings_or_nil(found.map(|found| found.as_bytes()))
}

fn replaced(session: &mut Session, pattern: &Regex, values: &[Value], literal: bool) -> Outcome {
    let (text, with) = (bytes(&values[1]), bytes(&values[2]));
    let mut out = Vec::new();
    let mut last = 0;
    for captures in pattern.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        if whole.is_empty() && is_inside(text, whole.start()) {
            continue;
        }
        out.extend_from_slice(&text[last..whole.start()]);
        if literal {
            out.extend_from_slice(with);
        } else {
            captures.expand(with, &mut out);
        }
        last = whole.end();
        session.step()?;
        session.spend(with.len())?;
    }
    out.extend_from_slice(&text[last..]);
    session.spend(out.len())?;
    Ok(Value::string(out))
}

/// Go's `Split`: a match of nothing at the start gives no empty part.
fn split(pattern: &Regex, values: &[Value]) -> Value {
    let text = bytes(&values[1]);
    let count = integer(&values[2]);
    if count == 0 {
        return Value::strings_or_nil::<&[u8]>([]);
    }
    if !pattern.as_str().is_empty() && text.is_empty() {
        return Value::strings([b""]);
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let (mut parts, mut begin, mut end) = (Vec::new(), 0, 0);
    for found in matches(pattern, text).take(most) {
        if count > 0 && parts.len() + 1 == most {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[begin..end]);
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(&text[begin..]);
    }
    Value::strings(parts)
}
