//! Processors: whole, fractional (`0.5`) or in thousandths (`500m`), as Kubernetes writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::bytes::decimal;

/// An amount of processors, kept in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cpus(u64);

impl Cpus {
    /// An amount in thousandths of a processor.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The amount in thousandths of a processor.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// The amount in whole processors, rounded up.
    pub const fn whole(self) -> u64 {
        self.0.div_ceil(1000)
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1000) {
            write!(formatter, "{}", self.0 / 1000)
        } else {
            write!(formatter, "{}m", self.0)
        }
    }
}

impl FromStr for Cpus {
    type Err = String;

    /// # Errors
    /// A text that says what is expected.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, factor) = match text.strip_suffix('m') {
            Some(number) => (number, 1),
            None => (text, 1000),
        };
        decimal(number, factor).map(Self).ok_or_else(|| {
            format!("`{text}` is no number of processors, such as `4`, `0.5` or `500m`")
        })
    }
}

impl Serialize for Cpus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cpus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Cpus;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of processors such as `4` or `500m`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Cpus, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Cpus, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Cpus, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Cpus, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Cpus;

    #[test]
    fn whole_fractional_and_thousandths() {
        let millis = |text: &str| text.parse::<Cpus>().map(Cpus::millis);
        assert_eq!(millis("4"), Ok(4000));
        assert_eq!(millis("0.5"), Ok(500));
        assert_eq!(millis("250m"), Ok(250));
        for wrong in ["", "m", "-1", "four", "1e3", "1G"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Cpus::from_millis(1500).to_string(), "1500m");
        assert_eq!(Cpus::from_millis(2000).to_string(), "2");
    }
}
