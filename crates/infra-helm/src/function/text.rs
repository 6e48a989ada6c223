//! Strings.

use super::{Function, Outcome, bytes, cast, integer, lossy, typed};
use crate::{
    exec::Session,
    format::{display, quote as go_quote},
    value::{
        Map, MapKind,
        Parameter::{Any, Int, String},
        Value,
    },
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("trim", &[String], None, |_, v| Ok(Value::string(lossy_trim(bytes(&v[0]))))),
    typed("trimAll", &[String, String], None, |_, v| {
        Ok(Value::string(trimmed(&v[1], &v[0], true, true)))
    }),
    typed("trimall", &[String, String], None, |_, v| {
        Ok(Value::string(trimmed(&v[1], &v[0], true, true)))
    }),
    typed("trimSuffix", &[String, String], None, |_, v| {
        let text = bytes(&v[1]);
        Ok(Value::string(text.strip_suffix(bytes(&v[0])).unwrap_or(text)))
    }),
    typed("trimPrefix", &[String, String], None, |_, v| {
        let text = bytes(&v[1]);
        Ok(Value::string(text.strip_prefix(bytes(&v[0])).unwrap_or(text)))
    }),
    typed("upper", &[String], None, |_, v| Ok(Value::string(mapped(&lossy(&v[0]), upper)))),
    typed("lower", &[String], None, |_, v| Ok(Value::string(mapped(&lossy(&v[0]), lower)))),
    typed("title", &[String], None, |_, v| Ok(Value::string(title(&lossy(&v[0]))))),
    typed("untitle", &[String], None, |_, v| Ok(Value::string(untitle(&lossy(&v[0]))))),
    typed("repeat", &[Int, String], None, repeat),
    typed("substr", &[Int, Int, String], None, substr),
    typed("trunc", &[Int, String], None, trunc),
    typed("contains", &[String, String], None, |_, v| {
        Ok(Value::Bool(find(bytes(&v[1]), bytes(&v[0])).is_some()))
    }),
    typed("hasPrefix", &[String, String], None, |_, v| {
        Ok(Value::Bool(bytes(&v[1]).starts_with(bytes(&v[0]))))
    }),
    typed("hasSuffix", &[String, String], None, |_, v| {
        Ok(Value::Bool(bytes(&v[1]).ends_with(bytes(&v[0]))))
    }),
    typed("quote", &[], Some(Any), |_, v| {
        Ok(Value::string(quoted(v, |text| go_quote(text, '"', false).into_bytes())))
    }),
    typed("squote", &[], Some(Any), |_, v| {
        Ok(Value::string(quoted(v, |text| [b"'", text, b"'"].concat())))
    }),
    typed("cat", &[], Some(Any), |_, v| {
        let parts: Vec<_> = v.iter().filter(|value| !value.is_nil()).map(display).collect();
        Ok(Value::string(parts.join(&b' ')))
    }),
    typed("indent", &[Int, String], None, |session, v| indent(session, &v[0], &v[1], false)),
    typed("nindent", &[Int, String], None, |session, v| indent(session, &v[0], &v[1], true)),
    typed("replace", &[String, String, String], None, replace),
    typed("plural", &[String, String, Int], None, |_, v| {
        Ok(v[usize::from(integer(&v[2]) != 1)].clone())
    }),
    typed("nospace", &[String], None, |_, v| {
        // Without white space the text is untouched; else its bytes are taken for characters.
        if !latin(bytes(&v[0])).any(char::is_whitespace) {
            return Ok(v[0].clone());
        }
        let kept = latin(bytes(&v[0])).filter(|rune| !rune.is_whitespace());
        Ok(Value::string(kept.collect::<std::string::String>()))
    }),
    typed("initials", &[String], None, |_, v| {
        let text = lossy(&v[0]);
        Ok(Value::string(
            text.split_whitespace()
                .filter_map(|word| latin(word.as_bytes()).next())
                .collect::<std::string::String>(),
        ))
    }),
    typed("swapcase", &[String], None, |_, v| Ok(Value::string(swap_case(&lossy(&v[0]))))),
    typed("join", &[String, Any], None, |session, v| {
        let (parts, separator) = (cast::texts(&v[1]), bytes(&v[0]));
        session.spend(separator.len().saturating_mul(parts.len()))?;
        Ok(Value::string(parts.join(separator)))
    }),
    typed("splitList", &[String, String], None, |_, v| {
        Ok(Value::strings(split_list(bytes(&v[1]), bytes(&v[0]))))
    }),
    typed("split", &[String, String], None, |_, v| {
        Ok(numbered(split_list(bytes(&v[1]), bytes(&v[0]))))
    }),
    typed("splitn", &[String, Int, String], None, |_, v| {
        let limit = usize::try_from(integer(&v[1])).unwrap_or(usize::MAX);
        let parts = split_list(bytes(&v[2]), bytes(&v[0]));
        let mut kept: Vec<Vec<u8>> = parts.iter().take(limit.saturating_sub(1)).cloned().collect();
        if limit > 0 && parts.len() > kept.len() {
            kept.push(parts[kept.len()..].join(bytes(&v[0])));
        }
        Ok(numbered(kept))
    }),
];

fn lossy_trim(text: &[u8]) -> &[u8] {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => text.trim_ascii(),
    }
}

/// Some of sprig's functions take each byte for a character.
fn latin(text: &[u8]) -> impl Iterator<Item = char> {
    text.iter().map(|byte| char::from(*byte))
}

fn trimmed(text: &Value, cutset: &Value, left: bool, right: bool) -> std::string::String {
    let (text, cutset) = (lossy(text), lossy(cutset));
    let mut text: &str = &text;
    if left {
        text = text.trim_start_matches(|rune| cutset.contains(rune));
    }
    if right {
        text = text.trim_end_matches(|rune| cutset.contains(rune));
    }
    text.to_owned()
}

/// The first place of `needle`.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    text.windows(needle.len()).position(|window| window == needle)
}

/// Go's `strings.Split`: an empty separator splits into characters.
pub(super) fn split_list(text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() {
            let length = crate::format::decode_rune(rest).1;
            parts.push(rest[..length].to_vec());
            rest = &rest[length..];
        }
        return parts;
    }
    while let Some(at) = find(rest, separator) {
        parts.push(rest[..at].to_vec());
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest.to_vec());
    parts
}

fn numbered(parts: Vec<Vec<u8>>) -> Value {
    let map = Map::new(MapKind::Strings);
    for (index, part) in parts.iter().enumerate() {
        map.set(format!("_{index}").into_bytes().into(), Value::string(part));
    }
    Value::Map(map)
}

/// Go maps rune by rune and knows no mapping to several.
fn upper(rune: char) -> char {
    let mut mapped = rune.to_uppercase();
    if mapped.len() == 1 { mapped.next().unwrap_or(rune) } else { rune }
}

fn lower(rune: char) -> char {
    let mut mapped = rune.to_lowercase();
    if mapped.len() == 1 { mapped.next().unwrap_or(rune) } else { rune }
}

fn mapped(text: &str, map: fn(char) -> char) -> std::string::String {
    text.chars().map(map).collect()
}

fn title(text: &str) -> std::string::String {
    let mut previous = ' ';
    let mut out = std::string::String::with_capacity(text.len());
    for rune in text.chars() {
        let separates = !(previous.is_alphanumeric() || previous == '_')
            && (previous.is_whitespace() || previous.is_ascii());
        if separates {
            out.push(upper(rune));
        } else {
            out.push(rune);
        }
        previous = rune;
    }
    out
}

fn untitle(text: &str) -> std::string::String {
    let mut previous = ' ';
    let mut out = std::string::String::with_capacity(text.len());
    for rune in text.chars() {
        if previous.is_whitespace() {
            out.push(lower(rune));
        } else {
            out.push(rune);
        }
        previous = rune;
    }
    out
}

/// Title case becomes lower case, upper case too, lower case becomes upper, at a word's start title.
fn swap_case(text: &str) -> std::string::String {
    let mut out = std::string::String::with_capacity(text.len());
    for rune in text.chars() {
        if rune.is_uppercase() {
            out.push(lower(rune));
        } else if rune.is_lowercase() {
            out.push(upper(rune));
        } else {
            out.push(rune);
        }
    }
    out
}

fn repeat(session: &mut Session, values: &[Value]) -> Outcome {
    let Ok(count) = usize::try_from(integer(&values[0])) else {
        return Err("strings: negative Repeat count".into());
    };
    session.spend(bytes(&values[1]).len().saturating_mul(count))?;
    Ok(Value::string(bytes(&values[1]).repeat(count)))
}

fn substr(_: &mut Session, values: &[Value]) -> Outcome {
    let text = bytes(&values[2]);
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (start, end) = (integer(&values[0]), integer(&values[1]));
    let (from, to) = if start < 0 {
        (0, end)
    } else if end < 0 || end > length {
        (start, length)
    } else {
        (start, end)
    };
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to && to <= text.len() => Ok(Value::string(&text[from..to])),
        _ => Err(format!("runtime error: slice bounds out of range [{from}:{to}]").into()),
    }
}

fn trunc(_: &mut Session, values: &[Value]) -> Outcome {
    let text = bytes(&values[1]);
    let count = integer(&values[0]);
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 && text.len() > wanted {
        return Ok(Value::string(&text[text.len() - wanted..]));
    }
    if count >= 0 && text.len() > wanted {
        return Ok(Value::string(&text[..wanted]));
    }
    Ok(values[1].clone())
}

fn quoted(values: &[Value], mark: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let parts: Vec<_> = values
        .iter()
        .filter(|value| !value.is_nil())
        .map(|value| mark(&cast::text(value)))
        .collect();
    parts.join(&b' ')
}

fn indent(session: &mut Session, width: &Value, text: &Value, newline: bool) -> Outcome {
    let Ok(width) = usize::try_from(integer(width)) else {
        return Err("strings: negative Repeat count".into());
    };
    let text = bytes(text);
    let lines = 1 + text.iter().filter(|byte| **byte == b'\n').count();
    session.spend(text.len().saturating_add(width.saturating_mul(lines)))?;
    let pad = vec![b' '; width];
    let mut out = Vec::with_capacity(text.len() + width * lines + 1);
    if newline {
        out.push(b'\n');
    }
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.extend_from_slice(&pad);
        out.extend_from_slice(line);
    }
    Ok(Value::string(out))
}

fn replace(session: &mut Session, values: &[Value]) -> Outcome {
    let (old, new, text) = (bytes(&values[0]), bytes(&values[1]), bytes(&values[2]));
    if old.is_empty() {
        let parts = split_list(text, b"");
        session.spend(text.len() + new.len().saturating_mul(parts.len() + 1))?;
        let mut out = new.to_vec();
        for part in parts {
            out.extend_from_slice(&part);
            out.extend_from_slice(new);
        }
        return Ok(Value::string(out));
    }
    let parts = split_list(text, old);
    session.spend(text.len() + new.len().saturating_mul(parts.len()))?;
    Ok(Value::string(parts.join(new)))
}
