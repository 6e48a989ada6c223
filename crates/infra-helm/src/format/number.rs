//! Floating-point numbers as Go's `strconv.FormatFloat` prints them.

/// Shortest digits and the decimal point's place, as `0.d1d2d3 * 10^point`.
fn shortest_digits(value: f64) -> (String, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let trimmed = digits.trim_end_matches('0');
    if trimmed.is_empty() {
        return (String::new(), 0);
    }
    (trimmed.to_owned(), exponent.parse::<i32>().unwrap_or(0) + 1)
}

fn special(value: f64) -> Option<String> {
    if value.is_nan() {
        Some("NaN".to_owned())
    } else if value.is_infinite() {
        Some(if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned())
    } else {
        None
    }
}

fn sign(value: f64) -> &'static str {
    if value.is_sign_negative() { "-" } else { "" }
}

fn exponent_text(exponent: i32) -> String {
    let mark = if exponent < 0 { '-' } else { '+' };
    format!("e{mark}{:02}", exponent.abs())
}

/// `%g` with the fewest digits that read back equal; `threshold` is the exponent from which `e` is used.
pub(crate) fn float_shortest(value: f64, threshold: i32) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let (digits, point) = shortest_digits(value);
    let exponent = point - 1;
    if !digits.is_empty() && (exponent < -4 || exponent >= threshold) {
        let mut text = format!("{}{}", sign(value), &digits[..1]);
        if digits.len() > 1 {
            text.push('.');
            text.push_str(&digits[1..]);
        }
        text.push_str(&exponent_text(exponent));
        return text;
    }
    format!("{}{}", sign(value), plain(&digits, point))
}

/// Digits and point without an exponent.
fn plain(digits: &str, point: i32) -> String {
    if digits.is_empty() {
        return "0".to_owned();
    }
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if point <= 0 {
        format!("0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0)))
    } else if point >= length {
        format!("{digits}{}", "0".repeat(usize::try_from(point - length).unwrap_or(0)))
    } else {
        let split = usize::try_from(point).unwrap_or(0);
        format!("{}.{}", &digits[..split], &digits[split..])
    }
}

/// `%f`; without a precision the fewest digits that read back equal.
pub(crate) fn float_fixed(value: f64, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    match precision {
        Some(precision) => format!("{value:.precision$}"),
        None => {
            let (digits, point) = shortest_digits(value);
            format!("{}{}", sign(value), plain(&digits, point))
        }
    }
}

/// `%e`; without a precision the fewest digits that read back equal.
pub(crate) fn float_exponent(value: f64, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let text = match precision {
        Some(precision) => format!("{value:.precision$e}"),
        None => format!("{value:e}"),
    };
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            format!("{mantissa}{}", exponent_text(exponent.parse().unwrap_or(0)))
        }
        None => text,
    }
}

/// `%g` with a given number of significant digits.
pub(crate) fn float_general(value: f64, precision: usize) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let precision = precision.max(1);
    let scientific = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let mut threshold = i32::try_from(precision).unwrap_or(i32::MAX);
    if threshold > count && count > exponent {
        threshold = count;
    }
    if !digits.is_empty() && (exponent < -4 || exponent >= threshold) {
        let mut text = format!("{}{}", sign(value), &digits[..1]);
        if digits.len() > 1 {
            text.push('.');
            text.push_str(&digits[1..]);
        }
        text.push_str(&exponent_text(exponent));
        return text;
    }
    format!("{}{}", sign(value), plain(digits, exponent + 1))
}

/// `%b`: the mantissa and the power of two it is multiplied with.
pub(crate) fn float_binary(value: f64) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let bits = value.to_bits();
    let biased = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    let mark = if exponent < 0 { "" } else { "+" };
    format!("{}{mantissa}p{mark}{exponent}", sign(value))
}

/// `%x`: a hexadecimal mantissa and a binary exponent.
pub(crate) fn float_hexadecimal(value: f64, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text;
    }
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = (bits >> 52) & 0x7ff;
    let (mut exponent, mut mantissa) =
        (i32::try_from(biased).unwrap_or(0) - 1023, fraction | 1 << 52);
    if biased == 0 {
        exponent = -1022;
        mantissa = fraction;
        if mantissa == 0 {
            exponent = 0;
        }
        while mantissa != 0 && mantissa < 1 << 52 {
            mantissa <<= 1;
            exponent -= 1;
        }
    }
    if let Some(precision) = precision.filter(|precision| *precision < 13) {
        let drop = 52 - 4 * u32::try_from(precision).unwrap_or(0);
        let (low, half) = (mantissa & ((1 << drop) - 1), 1_u64 << (drop - 1));
        mantissa >>= drop;
        if low > half || low == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >= 1 << 53 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) if precision <= 13 => digits[..precision].to_owned(),
        Some(precision) => format!("{digits}{}", "0".repeat(precision - 13)),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let mark = if exponent < 0 { '-' } else { '+' };
    let lead = mantissa >> 52;
    format!("{}0x{lead}{point}{digits}p{mark}{:02}", sign(value), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_after_go() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (123_456.0, "123456"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (100_000_000.5, "1.000000005e+08"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5, "-2.5"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float_shortest(value, 6), text);
        }
        assert_eq!(float_general(1234.5678, 3), "1.23e+03");
        assert_eq!(float_general(100.0, 6), "100");
    }
}
