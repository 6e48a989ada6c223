//! Arithmetic on floats by way of decimals, as sprig does it.

use num_bigint::BigInt;

use super::{Function, Outcome, cast::to_float, typed};
use crate::{
    format::float_exponent,
    value::{Parameter::Any, Value},
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("add1f", &[Any], None, |_, v| calculate(&[v[0].clone(), Value::int(1)], Decimal::plus)),
    typed("addf", &[], Some(Any), |_, v| {
        let mut all = vec![Value::int(0)];
        all.extend_from_slice(v);
        calculate(&all, Decimal::plus)
    }),
    typed("subf", &[Any], Some(Any), |_, v| calculate(v, Decimal::minus)),
    typed("mulf", &[Any], Some(Any), |_, v| calculate(v, Decimal::times)),
    typed("divf", &[Any], Some(Any), |_, v| calculate(v, Decimal::over)),
];

/// A whole number of tenths, hundredths and so on: `digits * 10^exponent`.
#[derive(Clone, Debug)]
struct Decimal {
    digits: BigInt,
    exponent: i64,
}

/// Places behind the point that a division keeps.
const DIVISION_PLACES: i64 = 16;

type Fault = std::string::String;

fn power(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(0))
}

impl Decimal {
    fn of(value: f64) -> Result<Self, Fault> {
        if !value.is_finite() {
            return Err("Cannot create a Decimal from NaN".to_owned());
        }
        let text = float_exponent(value, None);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits: std::string::String = mantissa.chars().filter(|rune| *rune != '.').collect();
        let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap_or(0);
        let fraction = i64::try_from(fraction).unwrap_or(0);
        Ok(Self { digits: digits.parse().unwrap_or_default(), exponent: exponent - fraction })
    }

    /// The digits at a lower exponent.
    fn at(&self, exponent: i64) -> BigInt {
        &self.digits * power(self.exponent - exponent)
    }

    fn plus(self, other: &Self) -> Result<Self, Fault> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.at(exponent) + other.at(exponent), exponent })
    }

    fn minus(self, other: &Self) -> Result<Self, Fault> {
        let exponent = self.exponent.min(other.exponent);
        Ok(Self { digits: self.at(exponent) - other.at(exponent), exponent })
    }

    fn times(self, other: &Self) -> Result<Self, Fault> {
        let exponent = self.exponent + other.exponent;
        Ok(Self { digits: self.digits * &other.digits, exponent })
    }

    /// Rounds half away from zero.
    fn over(self, other: &Self) -> Result<Self, Fault> {
        let zero = BigInt::from(0);
        if other.digits == zero {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exponent - other.exponent + DIVISION_PLACES;
        let (mut above, mut below) = (self.digits, other.digits.clone());
        if shift >= 0 {
            above *= power(shift);
        } else {
            below *= power(-shift);
        }
        let negative = (above < zero) != (below < zero);
        let (above, below) =
            (BigInt::from(above.magnitude().clone()), BigInt::from(below.magnitude().clone()));
        let (mut quotient, rest) = (&above / &below, &above % &below);
        if rest * 2 >= below {
            quotient += 1;
        }
        Ok(Self { digits: if negative { -quotient } else { quotient }, exponent: -DIVISION_PLACES })
    }

    fn float(&self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(0.0)
    }
}

fn calculate(
    values: &[Value],
    operation: fn(Decimal, &Decimal) -> Result<Decimal, Fault>,
) -> Outcome {
    let mut total = Decimal::of(to_float(&values[0]))?;
    for value in &values[1..] {
        total = operation(total, &Decimal::of(to_float(value))?)?;
        // Products of many extreme factors would grow without bound; beyond this they are nothing or too large to be told.
        if total.exponent.abs() > 20_000 {
            return Ok(Value::Float(if total.exponent < 0 { 0.0 } else { f64::INFINITY }));
        }
    }
    Ok(Value::Float(total.float()))
}
