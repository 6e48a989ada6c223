//! The functions templates can call: those of text/template, sprig and Helm.

mod address;
mod builtin;
mod cast;
mod collection;
mod date;
mod decimal;
mod encoding;
mod list;
mod math;
mod path;
mod pattern;
mod random;
mod release;
mod secret;
mod serial;
mod text;
mod toml;
mod version;
mod words;

pub(crate) use release::without_no_value;

use std::{collections::HashMap, sync::LazyLock};

use crate::{
    exec::{Failure, Session},
    value::{Parameter, Signature, Value},
};

/// A function's outcome.
pub(crate) type Outcome = Result<Value, Failure>;

/// A function and the types it takes.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) signature: Signature,
    pub(crate) body: fn(&mut Session, &[Value]) -> Outcome,
}

/// A function that returns a value of its own type.
const fn typed(
    name: &'static str,
    fixed: &'static [Parameter],
    variadic: Option<Parameter>,
    body: fn(&mut Session, &[Value]) -> Outcome,
) -> Function {
    Function { name, signature: Signature { fixed, variadic, returns_interface: false }, body }
}

/// A function that returns `interface {}`.
const fn any(
    name: &'static str,
    fixed: &'static [Parameter],
    variadic: Option<Parameter>,
    body: fn(&mut Session, &[Value]) -> Outcome,
) -> Function {
    Function { name, signature: Signature { fixed, variadic, returns_interface: true }, body }
}

static TABLE: LazyLock<HashMap<&'static [u8], &'static Function>> = LazyLock::new(|| {
    [
        address::FUNCTIONS,
        builtin::FUNCTIONS,
        cast::FUNCTIONS,
        collection::FUNCTIONS,
        date::FUNCTIONS,
        decimal::FUNCTIONS,
        encoding::FUNCTIONS,
        list::FUNCTIONS,
        math::FUNCTIONS,
        path::FUNCTIONS,
        pattern::FUNCTIONS,
        random::FUNCTIONS,
        release::FUNCTIONS,
        secret::FUNCTIONS,
        serial::FUNCTIONS,
        text::FUNCTIONS,
        toml::FUNCTIONS,
        version::FUNCTIONS,
        words::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
    .map(|function| (function.name.as_bytes(), function))
    .collect()
});

pub(crate) fn find(name: &[u8]) -> Option<&'static Function> {
    TABLE.get(name).copied()
}

pub(crate) fn is_known(name: &[u8]) -> bool {
    TABLE.contains_key(name)
}

/// How many functions exist, for the coverage report.
pub(crate) fn count() -> usize {
    TABLE.len()
}

/// The bytes of an argument whose parameter is a string.
fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::String(text) | Value::Bytes(text) => text,
        _ => b"",
    }
}

/// The text of an argument, invalid bytes replaced as Go's rune loops do.
fn lossy(value: &Value) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes(value))
}

fn integer(value: &Value) -> i64 {
    match value {
        Value::Integer(_, value) => *value,
        _ => 0,
    }
}

/// Go's `time.Duration.String()` of nanoseconds.
pub(crate) fn duration_text(nanoseconds: i64) -> String {
    let negative = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let fraction = |value: u64, digits: usize| {
        let text = format!("{value:0digits$}");
        let text = text.trim_end_matches('0');
        if text.is_empty() { String::new() } else { format!(".{text}") }
    };
    if total == 0 {
        return "0s".to_owned();
    }
    if total < 1_000 {
        return format!("{negative}{total}ns");
    }
    if total < 1_000_000 {
        return format!("{negative}{}{}µs", total / 1_000, fraction(total % 1_000, 3));
    }
    if total < 1_000_000_000 {
        return format!("{negative}{}{}ms", total / 1_000_000, fraction(total % 1_000_000, 6));
    }
    let seconds = total / 1_000_000_000;
    let rest = fraction(total % 1_000_000_000, 9);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{negative}{seconds}{rest}s"),
        (0, minutes, seconds) => format!("{negative}{minutes}m{seconds}{rest}s"),
        (hours, minutes, seconds) => format!("{negative}{hours}h{minutes}m{seconds}{rest}s"),
    }
}
