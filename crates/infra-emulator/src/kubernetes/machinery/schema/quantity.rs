//! `resource.Quantity`: parsing, canonical text, comparison.
//!
//! A quantity is a fixed-point number with a suffix of one of three families, which the canonical text keeps; precision below
//! one billionth is rounded up.

use std::cmp::Ordering;

use serde_json::Value;

/// Text of the server for what is no quantity.
pub(crate) const BAD_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const NANO: i128 = 1_000_000_000;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Decimal,
    Binary,
    Exponent,
}

/// A parsed quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    nano: i128,
    family: Family,
}

impl Quantity {
    /// From a text or number of the wire; nothing if it is no quantity.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// From text.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let (family, numerator, exponent) = scale(suffix)?;
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?;
        let nano = scaled(digits.checked_mul(numerator)?, exponent - places + 9)?;
        Some(Self { nano: if negative { -nano } else { nano }, family })
    }

    /// Sign of the value: -1, 0 or 1.
    pub fn sign(&self) -> i128 {
        self.nano.signum()
    }

    /// Value in whole units, rounded up.
    pub fn value(&self) -> i128 {
        self.nano.div_euclid(NANO) + i128::from(self.nano.rem_euclid(NANO) != 0)
    }

    /// Value in thousandths, rounded up.
    pub fn milli_value(&self) -> i128 {
        let unit = NANO / 1000;
        self.nano.div_euclid(unit) + i128::from(self.nano.rem_euclid(unit) != 0)
    }

    /// The quantity rounded up to whole thousandths, as lists of resources hold it.
    pub fn in_thousandths(self) -> Self {
        Self { nano: self.milli_value() * (NANO / 1000), ..self }
    }

    /// Whether the value has no fraction.
    pub fn is_whole(&self) -> bool {
        self.nano % NANO == 0
    }

    /// The text that the server writes.
    pub fn canonical(&self) -> String {
        if self.nano == 0 {
            return "0".into();
        }
        let big = self.nano.abs() >= 1024 * NANO;
        if self.family == Family::Binary && big {
            let mut mantissa = self.value();
            let mut index = 0;
            while mantissa % 1024 == 0 && index + 1 < BINARY.len() {
                mantissa /= 1024;
                index += 1;
            }
            return format!("{mantissa}{}", BINARY[index]);
        }
        let (mut mantissa, mut exponent) = (self.nano, -9);
        while mantissa % 1000 == 0 && exponent < 18 {
            mantissa /= 1000;
            exponent += 3;
        }
        if self.family == Family::Exponent {
            return if exponent == 0 {
                mantissa.to_string()
            } else {
                format!("{mantissa}e{exponent}")
            };
        }
        let suffix = DECIMAL.iter().find(|(_, own)| *own == exponent).map_or("", |(text, _)| text);
        format!("{mantissa}{suffix}")
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { nano: self.nano.saturating_add(other.nano), family: self.family }
    }
}

fn scale(suffix: &str) -> Option<(Family, i128, i32)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(text, _)| *text == suffix) {
        return Some((Family::Decimal, 1, *exponent));
    }
    if let Some(index) = BINARY.iter().position(|text| *text == suffix) {
        return Some((Family::Binary, 1024_i128.checked_pow(u32::try_from(index).ok()?)?, 0));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((Family::Exponent, 1, exponent.parse().ok()?))
}

/// `digits` times ten to the power, rounded up.
fn scaled(digits: i128, power: i32) -> Option<i128> {
    if power >= 0 {
        return digits.checked_mul(10_i128.checked_pow(power.unsigned_abs())?);
    }
    match 10_i128.checked_pow(power.unsigned_abs()) {
        Some(divisor) => Some(digits / divisor + i128::from(digits % divisor != 0)),
        None => Some(i128::from(digits != 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn canonical_texts() {
        for (given, expected) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1500m", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("512", "512"),
            ("0.5Gi", "512Mi"),
            ("1e3", "1e3"),
            ("2000k", "2M"),
            ("0Gi", "0"),
            ("-1", "-1"),
            ("100Ki", "100Ki"),
            ("0.5Ki", "512"),
            ("+3", "3"),
        ] {
            let parsed = Quantity::parse(given).map(|quantity| quantity.canonical());
            assert_eq!(parsed.as_deref(), Some(expected), "{given}");
        }
        let tiny = Quantity::parse("100u").map(|quantity| quantity.in_thousandths().canonical());
        assert_eq!(tiny.as_deref(), Some("1m"));
        for bad in ["", "1.2.3", "x", "1 Gi", "1gi", "1e", "Gi"] {
            assert!(Quantity::parse(bad).is_none(), "{bad}");
        }
    }
}
