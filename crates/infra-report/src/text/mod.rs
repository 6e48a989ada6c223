//! Styled lines, symbols and durations: what all textual output is made of.

mod appearance;
mod duration;
mod line;
mod symbols;
mod words;
mod wrap;

pub use appearance::Appearance;
pub use duration::{about, duration};
pub use line::{Line, Span, Style};
pub(crate) use line::{printable, width};
pub(crate) use symbols::Symbols;
pub(crate) use words::{count, doing, done, money, totals};
pub(crate) use wrap::wrap;
