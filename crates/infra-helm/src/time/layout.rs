//! Go's layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` in any spelling.

/// An element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperHalf,
    LowerHalf,
    Zone,
    /// `Z` for UTC?, colons?, minutes?, seconds?
    Offset(bool, bool, bool, bool),
    /// Digits behind the second, and whether trailing zeros are dropped; the mark is `.` or `,`.
    Fraction(char, usize, bool),
}

/// Elements by their spelling, longest first where one begins another.
const SPELLINGS: &[(&str, Element)] = &[
    ("January", Element::LongMonth),
    ("Jan", Element::Month),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::Weekday),
    ("MST", Element::Zone),
    ("002", Element::ZeroYearDay),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("15", Element::Hour),
    ("1", Element::NumberMonth),
    ("2006", Element::LongYear),
    ("2", Element::Day),
    ("__2", Element::UnderYearDay),
    ("_2006", Element::LongYear),
    ("_2", Element::UnderDay),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::UpperHalf),
    ("pm", Element::LowerHalf),
    ("-07:00:00", Element::Offset(false, true, true, true)),
    ("-070000", Element::Offset(false, false, true, true)),
    ("-07:00", Element::Offset(false, true, true, false)),
    ("-0700", Element::Offset(false, false, true, false)),
    ("-07", Element::Offset(false, false, false, false)),
    ("Z07:00:00", Element::Offset(true, true, true, true)),
    ("Z070000", Element::Offset(true, false, true, true)),
    ("Z07:00", Element::Offset(true, true, true, false)),
    ("Z0700", Element::Offset(true, false, true, false)),
    ("Z07", Element::Offset(true, false, false, false)),
];

/// A literal text, or an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Element(Element),
}

fn element(rest: &str) -> Option<(usize, Element)> {
    for (spelling, element) in SPELLINGS {
        if !rest.starts_with(spelling) {
            continue;
        }
        // "Jan" and "Mon" count only when no lower-case letter follows.
        let next = rest[spelling.len()..].chars().next();
        let short = matches!(element, Element::Month | Element::Weekday);
        if short && next.is_some_and(|rune| rune.is_ascii_lowercase()) {
            continue;
        }
        return Some((spelling.len(), *element));
    }
    fraction(rest)
}

/// `.000` or `,999`, with no digit behind.
fn fraction(rest: &str) -> Option<(usize, Element)> {
    let mark = rest.chars().next().filter(|mark| matches!(mark, '.' | ','))?;
    let digit = rest[1..].chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let count = rest[1..].chars().take_while(|rune| *rune == digit).count();
    let next = rest[1 + count..].chars().next();
    if next.is_some_and(|rune| rune.is_ascii_digit()) {
        return None;
    }
    Some((1 + count, Element::Fraction(mark, count, digit == '9')))
}

/// A layout in its parts.
pub(super) fn parts(layout: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut text, mut rest) = (String::new(), layout);
    while let Some(rune) = rest.chars().next() {
        match element(rest) {
            Some((length, found)) => {
                // The underscore of `_2006` is text.
                if rest.starts_with("_2006") {
                    text.push('_');
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Element(found));
                rest = &rest[length..];
            }
            None => {
                text.push(rune);
                rest = &rest[rune.len_utf8()..];
            }
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
