//! Go's `fmt`: the verbs, flags, widths and error marks that `printf`, `print` and `println` show.

mod number;
mod print;
mod quote;
mod verb;

pub(crate) use number::{float_exponent, float_fixed, float_shortest};
pub(crate) use print::{display, sprint, sprintln};
pub(crate) use quote::{decode_rune, is_print, quote};
pub(crate) use verb::sprintf;

/// How deep a value may nest before printing gives up; maps can contain themselves.
pub(crate) const DEPTH_LIMIT: usize = 2_000;

/// How many bytes one printed value may have; lists can contain one another many times over.
pub(crate) const SIZE_LIMIT: usize = 1 << 25;

/// The message of writers that gave up at [`SIZE_LIMIT`].
pub(crate) const TOO_LARGE: &str = "the value is too large to be written";
