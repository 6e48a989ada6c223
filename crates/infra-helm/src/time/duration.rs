//! Durations: text to nanoseconds.

/// Nanoseconds per unit.
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Go's `time.ParseDuration`.
///
/// # Errors
/// Go's text.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    let shown = crate::format::quote(text.as_bytes(), '"', false);
    let invalid = || format!("time: invalid duration {shown}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        let number: u64 =
            if whole == 0 { 0 } else { rest[..whole].parse().map_err(|_| invalid())? };
        rest = &rest[whole..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let count = digits(after);
            fraction = &after[..count];
            rest = &after[count..];
        }
        if whole == 0 && fraction.is_empty() {
            return Err(invalid());
        }
        let end =
            rest.find(|rune: char| rune == '.' || rune.is_ascii_digit()).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {shown}"));
        }
        let Some(unit) = unit(name) else {
            let name = crate::format::quote(name.as_bytes(), '"', false);
            return Err(format!("time: unknown unit {name} in duration {shown}"));
        };
        rest = &rest[end..];
        let mut value =
            number.checked_mul(unit).filter(|value| *value <= 1 << 63).ok_or_else(invalid)?;
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        if !fraction.is_empty() {
            let scale = 10_f64.powi(i32::try_from(fraction.len()).unwrap_or(i32::MAX));
            let part: f64 = fraction.parse().unwrap_or(0.0);
            value += (part * (unit as f64 / scale)) as u64;
        }
        total = total.checked_add(value).filter(|total| *total <= 1 << 63).ok_or_else(invalid)?;
    }
    if negative {
        return Ok(0_i64.wrapping_sub_unsigned(total));
    }
    i64::try_from(total).map_err(|_| invalid())
}

/// Rounds half away from zero to a multiple.
pub(crate) fn rounded(nanoseconds: i64, multiple: i64) -> i64 {
    if multiple <= 0 {
        return nanoseconds;
    }
    let rest = nanoseconds % multiple;
    let (rest, sign) = if rest < 0 { (-rest, -1) } else { (rest, 1) };
    if rest + rest < multiple {
        nanoseconds - sign * rest
    } else {
        nanoseconds.checked_add(sign * (multiple - rest)).unwrap_or(nanoseconds)
    }
}
