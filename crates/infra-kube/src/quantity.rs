//! Quantities of Kubernetes (`500m`, `1.5Gi`, `1e3`), compared by what they mean.

/// What a quantity amounts to, in thousandths of a millionth, so that all that the API allows is exact up to 10^26; `None` if the
/// text is no quantity. Source: the API reference, "Quantity".
pub fn quantity(text: &str) -> Option<i128> {
    const SCALE: i128 = 1_000_000_000;
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || whole.len() > 18 {
        return None;
    }
    let mut value = if whole.is_empty() { 0 } else { whole.parse::<i128>().ok()? } * SCALE;
    let mut place = SCALE;
    for digit in fraction.bytes().take(9) {
        place /= 10;
        value += i128::from(digit - b'0') * place;
    }
    let scaled = match suffix {
        "" => value,
        "n" => value / SCALE,
        "u" => value / 1_000_000,
        "m" => value / 1_000,
        "k" => value.checked_mul(1_000)?,
        "M" => value.checked_mul(1_000_000)?,
        "G" => value.checked_mul(1_000_000_000)?,
        "T" => value.checked_mul(1_000_000_000_000)?,
        "P" => value.checked_mul(1_000_000_000_000_000)?,
        "E" => value.checked_mul(1_000_000_000_000_000_000)?,
        "Ki" => value.checked_mul(1 << 10)?,
        "Mi" => value.checked_mul(1 << 20)?,
        "Gi" => value.checked_mul(1 << 30)?,
        "Ti" => value.checked_mul(1 << 40)?,
        "Pi" => value.checked_mul(1 << 50)?,
        "Ei" => value.checked_mul(1 << 60)?,
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let factor = 10_i128.checked_pow(power.unsigned_abs())?;
            if power < 0 { value / factor } else { value.checked_mul(factor)? }
        }
    };
    Some(sign * scaled)
}

#[cfg(test)]
mod tests {
    use super::quantity;

    #[test]
    fn equal_amounts() {
        for (one, two) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("-2", "-2000m"),
            ("100", "100.0"),
        ] {
            assert!(quantity(one).is_some(), "{one}");
            assert_eq!(quantity(one), quantity(two), "{one} {two}");
        }
        assert_ne!(quantity("1Gi"), quantity("1G"));
        for text in ["", "abc", "1x", "1.2.3", "m", "8080/tcp", "-"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
