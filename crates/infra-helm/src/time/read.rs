//! Text to a time by a layout: Go's `time.ParseInLocation`.

use jiff::{
    civil::DateTime,
    tz::{Offset, TimeZone},
};

use super::{
    layout::{Element, MONTHS, Part, WEEKDAYS, parts},
    object::Time,
};

#[derive(Default)]
struct Found {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    offset: Option<i32>,
}

/// Reads up to `most` digits, at least `least`.
fn digits(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// A name, its case ignored, or its first three letters.
fn name<'a>(text: &'a str, names: &[&str], short: bool) -> Option<(i8, &'a str)> {
    for (index, full) in names.iter().enumerate() {
        let wanted = if short { &full[..3] } else { full };
        if text.get(..wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted)) {
            return Some((i8::try_from(index).ok()? + 1, &text[wanted.len()..]));
        }
    }
    None
}

fn small(value: i32) -> Option<i8> {
    i8::try_from(value).ok()
}

fn zone_offset<'a>(
    text: &'a str,
    z: bool,
    colons: bool,
    minutes: bool,
    seconds: bool,
) -> Option<(i32, &'a str)> {
    if z && let Some(rest) = text.strip_prefix('Z') {
        return Some((0, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let part = |text: &'a str, colon: bool| -> Option<(i32, &'a str)> {
        let text = if colon { text.strip_prefix(':')? } else { text };
        digits(text, 2, 2)
    };
    let (hours, mut rest) = part(&text[1..], false)?;
    let mut total = hours * 3600;
    if minutes {
        let (value, after) = part(rest, colons)?;
        total += value * 60;
        rest = after;
    }
    if seconds {
        let (value, after) = part(rest, colons)?;
        total += value;
        rest = after;
    }
    Some((sign * total, rest))
}

/// The abbreviation of a zone, three to five capitals.
fn zone_name(text: &str) -> Option<&str> {
    let count = text.bytes().take_while(u8::is_ascii_uppercase).count();
    (3..=5).contains(&count).then(|| &text[count..])
}

/// A fraction that the layout does not mention is taken behind the second.
fn unmentioned_fraction<'a>(text: &'a str, found: &mut Found) -> &'a str {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return text };
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return text;
    }
    let padded: String = rest[..count].chars().chain(std::iter::repeat('0')).take(9).collect();
    found.nanosecond = padded.parse().unwrap_or(0);
    &rest[count..]
}

/// Hours, minutes and seconds.
fn clock<'a>(
    text: &'a str,
    element: Element,
    found: &mut Found,
    fraction_next: bool,
) -> Option<&'a str> {
    let padded = matches!(element, Element::ZeroHour12 | Element::ZeroMinute | Element::ZeroSecond);
    let (number, rest) = digits(text, if padded { 2 } else { 1 }, 2)?;
    let number = small(number)?;
    let limit = match element {
        Element::Hour => 23,
        Element::Hour12 | Element::ZeroHour12 => 12,
        _ => 59,
    };
    if number > limit {
        return None;
    }
    match element {
        Element::Hour | Element::Hour12 | Element::ZeroHour12 => found.hour = number,
        Element::Minute | Element::ZeroMinute => found.minute = number,
        _ => {
            found.second = number;
            return Some(if fraction_next { rest } else { unmentioned_fraction(rest, found) });
        }
    }
    Some(rest)
}

fn element<'a>(
    text: &'a str,
    element: Element,
    found: &mut Found,
    fraction_next: bool,
) -> Option<&'a str> {
    let rest = match element {
        Element::LongYear => {
            let (year, rest) = digits(text, 4, 4)?;
            found.year = i16::try_from(year).ok();
            rest
        }
        Element::Year => {
            let (year, rest) = digits(text, 2, 2)?;
            found.year = i16::try_from(if year >= 69 { year + 1900 } else { year + 2000 }).ok();
            rest
        }
        Element::LongMonth | Element::Month => {
            let (month, rest) = name(text, &MONTHS, element == Element::Month)?;
            found.month = Some(month);
            rest
        }
        Element::NumberMonth | Element::ZeroMonth => {
            let (month, rest) = digits(text, if element == Element::ZeroMonth { 2 } else { 1 }, 2)?;
            found.month = small(month);
            rest
        }
        Element::LongWeekday | Element::Weekday => {
            name(text, &WEEKDAYS, element == Element::Weekday)?.1
        }
        Element::Day | Element::UnderDay | Element::ZeroDay => {
            let text = if element == Element::UnderDay {
                text.strip_prefix(' ').unwrap_or(text)
            } else {
                text
            };
            let (day, rest) = digits(text, if element == Element::ZeroDay { 2 } else { 1 }, 2)?;
            found.day = small(day);
            rest
        }
        Element::Hour
        | Element::Hour12
        | Element::ZeroHour12
        | Element::Minute
        | Element::ZeroMinute
        | Element::Second
        | Element::ZeroSecond => clock(text, element, found, fraction_next)?,
        Element::UpperHalf | Element::LowerHalf => {
            let (am, pm) = if element == Element::UpperHalf { ("AM", "PM") } else { ("am", "pm") };
            let part = text.get(..2)?;
            found.afternoon = Some(part == pm).filter(|_| part == am || part == pm);
            found.afternoon?;
            &text[2..]
        }
        Element::Offset(z, colons, minutes, seconds) => {
            let (offset, rest) = zone_offset(text, z, colons, minutes, seconds)?;
            found.offset = Some(offset);
            rest
        }
        Element::Zone => zone_name(text)?,
        Element::Fraction(_, _, true) => unmentioned_fraction(text, found),
        Element::Fraction(mark, count, false) => {
            let rest = text.strip_prefix(mark)?;
            let part =
                rest.get(..count).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
            let padded: String = part.chars().chain(std::iter::repeat('0')).take(9).collect();
            found.nanosecond = padded.parse().ok()?;
            &rest[count..]
        }
        Element::UnderYearDay | Element::ZeroYearDay => digits(text.trim_start(), 1, 3)?.1,
    };
    Some(rest)
}

impl Time {
    /// Reads a time; without an offset in the text it is UTC.
    pub(crate) fn parse(layout: &str, text: &str) -> Result<Self, String> {
        let wrong = || {
            let [text, layout] =
                [text, layout].map(|part| crate::format::quote(part.as_bytes(), '"', false));
            format!("parsing time {text} as {layout}: cannot parse {text} as {layout}")
        };
        let (mut found, mut rest) = (Found::default(), text);
        let layout_parts = parts(layout);
        for (index, part) in layout_parts.iter().enumerate() {
            match part {
                Part::Text(literal) => {
                    rest = rest.strip_prefix(literal.as_str()).ok_or_else(wrong)?
                }
                Part::Element(own) => {
                    let next = layout_parts.get(index + 1);
                    let fraction = matches!(next, Some(Part::Element(Element::Fraction(..))));
                    rest = element(rest, *own, &mut found, fraction).ok_or_else(wrong)?;
                }
            }
        }
        if !rest.is_empty() {
            return Err(wrong());
        }
        match found.afternoon {
            Some(true) if found.hour < 12 => found.hour += 12,
            Some(false) if found.hour == 12 => found.hour = 0,
            _ => {}
        }
        let date = DateTime::new(
            found.year.unwrap_or(0),
            found.month.unwrap_or(1),
            found.day.unwrap_or(1),
            found.hour,
            found.minute,
            found.second,
            found.nanosecond,
        )
        .map_err(|_| wrong())?;
        let zone = match found.offset {
            Some(seconds) if seconds != 0 => {
                TimeZone::fixed(Offset::from_seconds(seconds).map_err(|_| wrong())?)
            }
            _ => TimeZone::UTC,
        };
        date.to_zoned(zone).map(|at| Self { at }).map_err(|_| wrong())
    }
}
