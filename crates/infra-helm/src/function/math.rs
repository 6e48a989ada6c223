//! Whole numbers and floats.

use super::{
    Function, Outcome,
    cast::{to_float, to_integer},
    typed,
};
use crate::value::{
    Parameter::{Any, Int},
    Value,
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("add", &[], Some(Any), |_, v| {
        Ok(Value::int64(v.iter().fold(0, |sum, item| i64::wrapping_add(sum, to_integer(item)))))
    }),
    typed("add1", &[Any], None, |_, v| Ok(Value::int64(to_integer(&v[0]).wrapping_add(1)))),
    typed("sub", &[Any, Any], None, |_, v| {
        Ok(Value::int64(to_integer(&v[0]).wrapping_sub(to_integer(&v[1]))))
    }),
    typed("div", &[Any, Any], None, |_, v| divided(&v[0], &v[1], i64::wrapping_div)),
    typed("mod", &[Any, Any], None, |_, v| divided(&v[0], &v[1], i64::wrapping_rem)),
    typed("mul", &[Any], Some(Any), |_, v| {
        Ok(Value::int64(
            v.iter().fold(1, |product, item| i64::wrapping_mul(product, to_integer(item))),
        ))
    }),
    typed("max", &[Any], Some(Any), |_, v| {
        Ok(Value::int64(v.iter().map(to_integer).max().unwrap_or(0)))
    }),
    typed("biggest", &[Any], Some(Any), |_, v| {
        Ok(Value::int64(v.iter().map(to_integer).max().unwrap_or(0)))
    }),
    typed("min", &[Any], Some(Any), |_, v| {
        Ok(Value::int64(v.iter().map(to_integer).min().unwrap_or(0)))
    }),
    typed("maxf", &[Any], Some(Any), |_, v| {
        Ok(Value::Float(v.iter().map(to_float).fold(f64::NEG_INFINITY, f64::max)))
    }),
    typed("minf", &[Any], Some(Any), |_, v| {
        Ok(Value::Float(v.iter().map(to_float).fold(f64::INFINITY, f64::min)))
    }),
    typed("floor", &[Any], None, |_, v| Ok(Value::Float(to_float(&v[0]).floor()))),
    typed("ceil", &[Any], None, |_, v| Ok(Value::Float(to_float(&v[0]).ceil()))),
    typed("round", &[Any, Int], Some(crate::value::Parameter::Float64), |_, v| Ok(round(v))),
];

fn divided(left: &Value, right: &Value, operation: fn(i64, i64) -> i64) -> Outcome {
    match to_integer(right) {
        0 => Err("runtime error: integer divide by zero".into()),
        divisor => Ok(Value::int64(operation(to_integer(left), divisor))),
    }
}

fn round(values: &[Value]) -> Value {
    let value = to_float(&values[0]);
    let threshold = values.get(2).map_or(0.5, to_float);
    let places = i32::try_from(to_integer(&values[1])).unwrap_or(0);
    let power = 10.0_f64.powi(places);
    let digit = power * value;
    let fraction = digit.fract();
    let rounded = if fraction >= threshold { digit.ceil() } else { digit.floor() };
    Value::Float(rounded / power)
}
