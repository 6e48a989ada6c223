//! Amounts of memory and disk: Kubernetes quantities (`512Mi`, `1.5G`) and the same with a `B` (`8GiB`, `50GB`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of memory or disk in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(u64);

/// Units with their size, larger first, so that display finds the largest that divides.
const BINARY: [(&str, u64); 6] = [
    ("Ei", 1 << 60),
    ("Pi", 1 << 50),
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
];
const DECIMAL: [(&str, u64); 6] = [
    ("E", 1_000_000_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
];

impl Bytes {
    /// An amount in bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The amount in bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The amount in mebibytes (2^20), rounded up: the unit of most clouds for memory.
    pub const fn mebibytes(self) -> u64 {
        self.0.div_ceil(1 << 20)
    }

    /// The amount in gibibytes (2^30), rounded up: the unit of most clouds for disks.
    pub const fn gibibytes(self) -> u64 {
        self.0.div_ceil(1 << 30)
    }
}

/// The largest binary unit that divides the amount, else the plain number of bytes; decimal when that divides and binary
/// does not.
impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = BINARY
            .iter()
            .chain(&DECIMAL)
            .find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size));
        match unit {
            Some((unit, size)) => write!(formatter, "{}{unit}", self.0 / size),
            None => write!(formatter, "{}", self.0),
        }
    }
}

impl FromStr for Bytes {
    type Err = String;

    /// # Errors
    /// A text that says what is wrong and, for a known slip, what was probably meant.
    fn from_str(text: &str) -> Result<Self, String> {
        let split = text
            .find(|character: char| !(character.is_ascii_digit() || character == '.'))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = unit.trim_start();
        let factor = match unit {
            "" | "B" => 1,
            unit => factor(unit)?,
        };
        let amount = decimal(number, factor)
            .ok_or_else(|| format!("`{text}` is no amount of memory, such as `512Mi` or `8GiB`"))?;
        Ok(Self(amount))
    }
}

fn factor(unit: &str) -> Result<u64, String> {
    let plain = unit.strip_suffix('B').unwrap_or(unit);
    let known = BINARY.iter().chain(&DECIMAL).find(|(name, _)| *name == plain);
    if let Some((_, size)) = known {
        return Ok(*size);
    }
    let meant = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        _ if unit == "m" => return Err("the unit `m` is a thousandth; `M` is a million".to_owned()),
        "k" => ("kB", "KiB"),
        "m" => ("MB", "MiB"),
        "g" => ("GB", "GiB"),
        "t" => ("TB", "TiB"),
        _ => return Err(format!("the unit `{unit}` is unknown; use `Mi`, `Gi`, `M` or `G`")),
    };
    let why = if unit.ends_with('b') { " (`b` would be bits)" } else { "" };
    Err(format!("the unit `{unit}` is unknown{why}; did you mean `{}` or `{}`?", meant.1, meant.0))
}

/// `number * factor`, rounded up to a whole one, exactly.
pub(super) fn decimal(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 15 || fraction.contains('.') {
        return None;
    }
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let unscaled = digits(whole)?.checked_mul(scale)?.checked_add(digits(fraction)?)?;
    u64::try_from(unscaled.checked_mul(u128::from(factor))?.div_ceil(scale)).ok()
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an amount of memory such as `8GiB`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Bytes, E> {
                u64::try_from(bytes)
                    .map(Bytes)
                    .map_err(|_| E::custom("an amount cannot be negative"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_kubernetes_and_of_people() {
        let bytes = |text: &str| text.parse::<Bytes>().unwrap().get();
        assert_eq!(bytes("8GiB"), 8 << 30);
        assert_eq!(bytes("8Gi"), 8 << 30);
        assert_eq!(bytes("8 GB"), 8_000_000_000);
        assert_eq!(bytes("1.5Gi"), 3 << 29);
        assert_eq!(bytes("0.1k"), 100);
        assert_eq!(bytes("1024"), 1024);
        for wrong in
            ["8Gb", "8gb", "8gi", "8m", "Gi", "", "1.2.3G", "-1G", "999999999999E", "8GiBB", "é"]
        {
            assert!(wrong.parse::<Bytes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn display_can_be_read_back() {
        for number in [0, 1, 1000, 1024, 1536, 8 << 30, 50_000_000_000, u64::MAX] {
            let text = Bytes::new(number).to_string();
            assert_eq!(text.parse::<Bytes>().unwrap().get(), number, "{text}");
        }
    }
}
