//! What type a plain scalar has: YAML 1.1 as go-yaml v2 sees it, and the narrower booleans of v3.

use crate::format::float_shortest;

/// A scalar's value by its looks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    /// A date or a time; it stays text.
    Timestamp,
    Merge,
    Text,
}

/// Which words are booleans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// go-yaml v2: `yes`, `no`, `on`, `off`, `y`, `n` too.
    Two,
    /// go-yaml v3: `true` and `false` alone.
    Three,
}

fn word(text: &str, version: Version) -> Option<Resolved> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        _ if version == Version::Two && is_old_bool(text) => Resolved::Bool(
            matches!(text.as_bytes()[0], b'y' | b'Y') || text.eq_ignore_ascii_case("on"),
        ),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "<<" => Resolved::Merge,
        _ => return None,
    })
}

/// Booleans of YAML 1.1 that v3 reads as text and still quotes.
pub(super) fn is_old_bool(text: &str) -> bool {
    matches!(
        text,
        "y" | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "off"
            | "Off"
            | "OFF"
    )
}

/// The type of a plain scalar.
pub(super) fn resolve(text: &str, version: Version) -> Resolved {
    if let Some(found) = word(text, version) {
        return found;
    }
    match text.as_bytes()[0] {
        b'.' => match go_float(text) {
            Some(float) => Resolved::Float(float),
            None => Resolved::Text,
        },
        b'0'..=b'9' | b'+' | b'-' => number(text),
        _ => Resolved::Text,
    }
}

fn number(text: &str) -> Resolved {
    if is_timestamp(text) {
        return Resolved::Timestamp;
    }
    let plain = text.replace('_', "");
    if let Some(value) = signed(&plain) {
        return Resolved::Integer(value);
    }
    if let Some(value) = unsigned(&plain) {
        return Resolved::Unsigned(value);
    }
    if looks_float(&plain)
        && let Ok(value) = plain.parse::<f64>()
        && value.is_finite()
    {
        return Resolved::Float(value);
    }
    if let Some(digits) = plain.strip_prefix("-0b")
        && let Ok(value) = i64::from_str_radix(&format!("-{digits}"), 2)
    {
        return Resolved::Integer(value);
    }
    Resolved::Text
}

/// Go's base 0: a prefix, or a leading zero for octal. The text has no underscores.
fn radix(digits: &str) -> (&str, u32) {
    let lower = digits.as_bytes().get(..2).map(<[u8]>::to_ascii_lowercase);
    match lower.as_deref() {
        Some(b"0x") => (&digits[2..], 16),
        Some(b"0o") => (&digits[2..], 8),
        Some(b"0b") => (&digits[2..], 2),
        Some([b'0', _]) => (&digits[1..], 8),
        _ => (digits, 10),
    }
}

fn magnitude(digits: &str) -> Option<u64> {
    let (digits, radix) = radix(digits);
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = i128::from(magnitude(digits)?);
    i64::try_from(if negative { -value } else { value }).ok()
}

fn unsigned(text: &str) -> Option<u64> {
    magnitude(text)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn looks_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Go's `ParseFloat` of a text that starts with a point.
fn go_float(text: &str) -> Option<f64> {
    if !looks_float(text) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: base-60 numbers of YAML 1.1, read as text and still quoted.
pub(super) fn is_base_sixty(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let mut parts = rest.split(':');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !parts.next().is_some_and(digits) {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    let last = match last.split_once('.') {
        Some((seconds, fraction)) if digits(fraction) => seconds,
        Some(_) => return false,
        None => last,
    };
    middle.iter().all(|part| sixty(part)) && sixty(last)
}

/// Dates and times in the four layouts that go-yaml tries.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let year: u32 = text[..4].parse().unwrap_or(0);
    let Some((month, rest)) = one_or_two(&text[5..]) else { return false };
    let Some((day, rest)) = rest.strip_prefix('-').and_then(one_or_two) else { return false };
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    if day == 0 || day > days {
        return false;
    }
    if rest.is_empty() {
        return true;
    }
    let zoned = rest.starts_with(['T', 't']);
    if !zoned && !rest.starts_with(' ') {
        return false;
    }
    // Where the layout has a space, Go takes several.
    let rest = if zoned { &rest[1..] } else { rest.trim_start_matches(' ') };
    let Some(rest) = clock(rest) else { return false };
    if !zoned {
        return rest.is_empty();
    }
    rest == "Z" || offset(rest)
}

fn one_or_two(text: &str) -> Option<(u32, &str)> {
    let count = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let number = text.get(..count)?.parse().ok()?;
    Some((number, &text[count..]))
}

/// Hours, minutes and seconds with a fraction; what is left.
fn clock(text: &str) -> Option<&str> {
    let (hours, rest) = one_or_two(text)?;
    let (minutes, rest) = one_or_two(rest.strip_prefix(':')?)?;
    let (seconds, rest) = one_or_two(rest.strip_prefix(':')?)?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
            (count > 0).then(|| &fraction[count..])
        }
        None => Some(rest),
    }
}

fn offset(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 6
        && matches!(bytes[0], b'+' | b'-')
        && bytes[3] == b':'
        && text[1..3].parse::<u32>().is_ok_and(|hours| hours <= 24)
        && text[4..6].parse::<u32>().is_ok_and(|minutes| minutes < 60)
}

/// A float as go-yaml writes it.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        float_shortest(value, 6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_resolve_as_in_yaml_1_1() {
        for (text, wanted) in [
            ("yes", Resolved::Bool(true)),
            ("off", Resolved::Bool(false)),
            ("0777", Resolved::Integer(511)),
            ("0o17", Resolved::Integer(15)),
            ("1_000", Resolved::Integer(1000)),
            ("08", Resolved::Float(8.0)),
            ("0x1F", Resolved::Integer(31)),
            ("+.5", Resolved::Float(0.5)),
            ("1e3", Resolved::Float(1000.0)),
            ("2001-12-14", Resolved::Timestamp),
            ("2001-13-14", Resolved::Text),
            ("1:30", Resolved::Text),
            ("18446744073709551615", Resolved::Unsigned(u64::MAX)),
            ("1.2.3", Resolved::Text),
        ] {
            assert_eq!(resolve(text, Version::Two), wanted, "{text}");
        }
        assert!(is_base_sixty("1:30") && is_base_sixty("-1:02:59.5") && !is_base_sixty("1:60"));
    }
}
