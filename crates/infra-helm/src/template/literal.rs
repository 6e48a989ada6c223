//! Number, character and string constants as Go reads them.

use std::rc::Rc;

use super::node::Number;

/// Reads a number or character constant; the error is Go's text.
pub(super) fn number(text: &[u8]) -> Result<Number, String> {
    let shown = String::from_utf8_lossy(text).into_owned();
    let mut number = Number { text: Rc::from(text), ..Number::default() };
    if text.first() == Some(&b'\'') {
        let inner =
            unquote(text).ok_or_else(|| format!("malformed character constant: {shown}"))?;
        let (rune, length) = crate::format::decode_rune(&inner);
        let Some(rune) = rune.filter(|_| length == inner.len()) else {
            return Err(format!("malformed character constant: {shown}"));
        };
        number.integer = Some(i64::from(u32::from(rune)));
        number.unsigned = Some(u64::from(u32::from(rune)));
        number.float = Some(f64::from(u32::from(rune)));
        number.rune = true;
        return Ok(number);
    }
    if text.last() == Some(&b'i') {
        number.complex = true;
        return float(&shown[..shown.len() - 1])
            .map(|_| number)
            .ok_or_else(|| format!("bad number syntax: {}", quoted(&shown)));
    }
    number.integer = integer(&shown);
    number.unsigned = unsigned(&shown);
    if let Some(value) = number.integer {
        #[allow(clippy::cast_precision_loss)]
        let value = value as f64;
        number.float = Some(value);
    } else if let Some(value) = number.unsigned {
        #[allow(clippy::cast_precision_loss)]
        let value = value as f64;
        number.float = Some(value);
    } else if let Some(value) = float(&shown) {
        if !shown.bytes().any(|byte| b".eEpP".contains(&byte)) {
            return Err(format!("integer overflow: {}", quoted(&shown)));
        }
        number.float = Some(value);
        #[allow(clippy::cast_possible_truncation)]
        if value.fract() == 0.0 && value.abs() < 9.2e18 {
            number.integer = Some(value as i64);
            number.unsigned = u64::try_from(value as i64).ok();
        }
    }
    if number.integer.is_none() && number.unsigned.is_none() && number.float.is_none() {
        return Err(format!("illegal number syntax: {}", quoted(&shown)));
    }
    Ok(number)
}

fn quoted(text: &str) -> String {
    crate::format::quote(text.as_bytes(), '"', false)
}

/// Underscores may only stand between digits or after a base prefix.
fn without_underscores(text: &str) -> Option<String> {
    if !text.contains('_') {
        return Some(text.to_owned());
    }
    let digits = text.trim_start_matches(['+', '-']);
    let prefixed = digits.len() > 1 && digits.starts_with('0');
    let bytes = digits.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == b'_' {
            let before = index.checked_sub(1).map(|at| bytes[at]);
            let after = bytes.get(index + 1);
            let good_before = before.is_some_and(|byte| {
                byte.is_ascii_alphanumeric() && (index != 2 || byte.is_ascii_hexdigit() || prefixed)
            });
            if !good_before || !after.is_some_and(u8::is_ascii_hexdigit) {
                return None;
            }
        }
    }
    if !prefixed {
        // Base ten allows underscores for base-prefixed literals alone when read with base 0; Go accepts both.
        return Some(text.replace('_', ""));
    }
    Some(text.replace('_', ""))
}

fn magnitude(text: &str) -> Option<(bool, u64)> {
    let text = without_underscores(text)?;
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text.as_str()),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, base).ok().map(|value| (negative, value))
}

/// Go's `strconv.ParseInt(text, 0, 64)`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (negative, value) = magnitude(text)?;
    if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

fn unsigned(text: &str) -> Option<u64> {
    if text.starts_with(['+', '-']) {
        return None;
    }
    magnitude(text).map(|(_, value)| value)
}

/// Go's `strconv.ParseFloat` for what the lexer lets through.
pub(crate) fn float(text: &str) -> Option<f64> {
    let text = without_underscores(text)?;
    let lower = text.to_ascii_lowercase();
    if lower.trim_start_matches(['+', '-']).starts_with("0x") {
        return hex_float(&lower);
    }
    let plain = lower.trim_start_matches(['+', '-']);
    if !plain.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    lower.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn hex_float(text: &str) -> Option<f64> {
    let negative = text.starts_with('-');
    let body = text.trim_start_matches(['+', '-']).strip_prefix("0x")?;
    let (mantissa, exponent) = body.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut value = 0.0_f64;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = i32::try_from(fraction.len()).ok()?.checked_mul(4)?;
    let value = value * 2.0_f64.powi(exponent.checked_sub(shift)?);
    Some(if negative { -value } else { value }).filter(|value| value.is_finite())
}

/// Go's `strconv.Unquote` for double quotes, back quotes and single quotes.
pub(crate) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let (&mark, rest) = text.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if mark != last {
        return None;
    }
    if mark == b'`' {
        return (!inner.contains(&b'`'))
            .then(|| inner.iter().copied().filter(|b| *b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        match inner[at] {
            b'\n' => return None,
            byte if byte == mark => return None,
            b'\\' => at = escape(inner, at + 1, mark, &mut out)?,
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Some(out)
}

fn escape(inner: &[u8], at: usize, mark: u8, out: &mut Vec<u8>) -> Option<usize> {
    let byte = *inner.get(at)?;
    let (digits, radix) = match byte {
        b'a' => return push(out, 7, at),
        b'b' => return push(out, 8, at),
        b'f' => return push(out, 12, at),
        b'n' => return push(out, b'\n', at),
        b'r' => return push(out, b'\r', at),
        b't' => return push(out, b'\t', at),
        b'v' => return push(out, 11, at),
        b'\\' => return push(out, b'\\', at),
        b'\'' | b'"' if byte == mark => return push(out, byte, at),
        b'x' => (inner.get(at + 1..at + 3)?, 16),
        b'u' => (inner.get(at + 1..at + 5)?, 16),
        b'U' => (inner.get(at + 1..at + 9)?, 16),
        b'0'..=b'7' => (inner.get(at..at + 3)?, 8),
        _ => return None,
    };
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    if matches!(byte, b'u' | b'U') {
        let mut buffer = [0; 4];
        out.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut buffer).as_bytes());
        Some(at + 1 + digits.len())
    } else {
        out.push(u8::try_from(code).ok()?);
        Some(at + digits.len() + usize::from(byte == b'x'))
    }
}

#[allow(clippy::unnecessary_wraps)]
fn push(out: &mut Vec<u8>, byte: u8, at: usize) -> Option<usize> {
    out.push(byte);
    Some(at + 1)
}
