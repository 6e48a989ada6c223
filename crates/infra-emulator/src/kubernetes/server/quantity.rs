//! `resource.Quantity`: sums and comparisons of cpu, memory and counts, written back in canonical form.

use std::fmt;
use std::ops::AddAssign;

/// Units per one, so that nano-quantities are whole numbers.
const ONE: i128 = 1_000_000_000;

const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
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

/// A number with a suffix.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quantity {
    nano: i128,
    binary: bool,
}

impl Quantity {
    /// From whole units.
    pub(crate) fn whole(units: i64) -> Self {
        Self { nano: i128::from(units) * ONE, binary: false }
    }

    /// From thousandths.
    pub(crate) fn milli(thousandths: i64) -> Self {
        Self { nano: i128::from(thousandths) * (ONE / 1000), binary: false }
    }

    /// From bytes, written with binary suffixes.
    pub(crate) fn bytes(bytes: u64) -> Self {
        Self { nano: i128::from(bytes) * ONE, binary: true }
    }

    /// From the text of an object, a number included; nothing if it is no quantity.
    pub(crate) fn of(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::String(text) => Self::parse(text),
            serde_json::Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// From text such as `100m`, `1.5Gi` or `2e3`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        if let Some((_, shift)) = BINARY.iter().find(|(name, _)| *name == suffix) {
            let scaled = decimal(number, 0)?;
            return Some(Self { nano: scaled.checked_mul(1_i128 << shift)?, binary: true });
        }
        let exponent = match DECIMAL.iter().find(|(name, _)| *name == suffix) {
            Some((_, exponent)) => *exponent,
            None => suffix.strip_prefix(['e', 'E'])?.parse().ok()?,
        };
        Some(Self { nano: decimal(number, exponent)?, binary: false })
    }

    /// In whole units, rounded up.
    pub(crate) fn in_whole(self) -> i64 {
        i64::try_from(self.nano.div_euclid(ONE) + i128::from(self.nano % ONE != 0))
            .unwrap_or(i64::MAX)
    }

    /// Whether it is nothing.
    pub(crate) fn is_zero(self) -> bool {
        self.nano == 0
    }
}

/// The number shifted by a power of ten, in nano units and rounded up.
fn decimal(number: &str, exponent: i32) -> Option<i128> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let signed = |part: &str| part.contains(['+', '-']);
    if whole.is_empty() && fraction.is_empty() || signed(whole) || signed(fraction) {
        return None;
    }
    let all: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = 9 + exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let scaled = if shift >= 0 {
        all.checked_mul(power)?
    } else {
        all / power + i128::from(all % power != 0)
    };
    Some(if negative { -scaled } else { scaled })
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        if self.nano == 0 {
            self.binary = other.binary;
        }
        self.nano = self.nano.saturating_add(other.nano);
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        if self.binary && self.nano % ONE == 0 && (self.nano / ONE).abs() >= 1024 {
            let units = self.nano / ONE;
            let fitting = BINARY.iter().rev().find(|(_, shift)| units % (1_i128 << shift) == 0);
            return match fitting {
                Some((name, shift)) => write!(f, "{}{name}", units >> shift),
                None => write!(f, "{units}"),
            };
        }
        let fitting = DECIMAL
            .iter()
            .rev()
            .find(|(_, exponent)| self.nano % 10_i128.pow((9 + exponent).unsigned_abs()) == 0);
        match fitting {
            Some((name, exponent)) => {
                write!(f, "{}{name}", self.nano / 10_i128.pow((9 + exponent).unsigned_abs()))
            }
            None => write!(f, "{}n", self.nano),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_summed_and_written_canonically() {
        let cases = [
            ("100m", "100m"),
            ("0.5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("2e3", "2k"),
            ("1000", "1k"),
            ("0", "0"),
        ];
        for (text, canonical) in cases {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical, "{text}");
        }
        let mut sum = Quantity::default();
        sum += Quantity::parse("1Gi").unwrap();
        sum += Quantity::parse("512Mi").unwrap();
        assert_eq!(sum.to_string(), "1536Mi");
        for bad in ["", "x", "1x", "--1", "1.2.3", "Gi"] {
            assert!(Quantity::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(Quantity::parse("1001m").unwrap().in_whole(), 2);
    }
}
