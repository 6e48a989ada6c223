//! A time as templates see it: printed, formatted, with Go's methods.

use std::{rc::Rc, sync::LazyLock};

use jiff::{
    SignedDuration, Timestamp, Zoned,
    civil::Weekday,
    tz::{Offset, TimeZone, TimeZoneDatabase},
};

use super::layout::{Element, MONTHS, Part, WEEKDAYS, parts};
use crate::value::{IntegerKind, Object, Parameter, Signature, Value};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Go's `time.LoadLocation`; the local zone is UTC, since a render knows no machine.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "" | "UTC" | "Local" => Some(TimeZone::UTC),
        name => ZONES.get(name).ok(),
    }
}

/// A `time.Time`.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    pub(crate) at: Zoned,
}

impl Time {
    /// A time from seconds and nanoseconds; the nearest that can be told when out of range.
    pub(crate) fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let nanoseconds = i32::try_from(nanoseconds).unwrap_or(0);
        let at = Timestamp::new(seconds, nanoseconds).unwrap_or(if seconds < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        Self { at: at.to_zoned(TimeZone::UTC) }
    }

    /// Go's zero time, the first of January of the year 1.
    pub(crate) fn zero() -> Self {
        Self::from_unix(-62_135_596_800, 0)
    }

    /// The time of a value that [`Time`] made.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else { return None };
        if object.type_name() != "time.Time" {
            return None;
        }
        let number = |name: &[u8]| match object.call(name, &[]) {
            Ok(Value::Integer(_, number)) => Some(number),
            _ => None,
        };
        let mut time =
            Self::from_unix(number(b"Unix")?, u32::try_from(number(b"Nanosecond")?).ok()?);
        if let Ok(Value::String(zone_name)) = object.call(b" zone", &[]) {
            let name = String::from_utf8_lossy(&zone_name).into_owned();
            let fixed =
                name.parse::<i32>().ok().and_then(|seconds| Offset::from_seconds(seconds).ok());
            let own = fixed.map(TimeZone::fixed).or_else(|| zone(&name));
            time.at = time.at.with_time_zone(own.unwrap_or(TimeZone::UTC));
        }
        Some(time)
    }

    pub(crate) fn value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    pub(crate) fn in_zone(&self, zone: TimeZone) -> Self {
        Self { at: self.at.with_time_zone(zone) }
    }

    /// Later by nanoseconds.
    pub(crate) fn plus(&self, nanoseconds: i64) -> Self {
        let later = self.at.timestamp().checked_add(SignedDuration::from_nanos(nanoseconds));
        match later {
            Ok(at) => Self { at: at.to_zoned(self.at.time_zone().clone()) },
            Err(_) => self.clone(),
        }
    }

    /// Nanoseconds since another time.
    pub(crate) fn since(&self, other: &Self) -> i64 {
        let span = self.at.timestamp().duration_since(other.at.timestamp()).as_nanos();
        i64::try_from(span).unwrap_or(if span < 0 { i64::MIN } else { i64::MAX })
    }

    fn zone_name(&self) -> String {
        let zone = self.at.time_zone();
        if zone == &TimeZone::UTC {
            return "UTC".to_owned();
        }
        if zone.iana_name().is_none() {
            return offset(self.at.offset().seconds(), false, false, true, false);
        }
        zone.to_offset_info(self.at.timestamp()).abbreviation().to_owned()
    }

    /// The time in a layout of Go's.
    pub(crate) fn format(&self, layout: &str) -> String {
        let mut out = String::new();
        for part in parts(layout) {
            match part {
                Part::Text(text) => out.push_str(&text),
                Part::Element(element) => self.write(&mut out, element),
            }
        }
        out
    }

    fn write(&self, out: &mut String, element: Element) {
        let at = &self.at;
        let month = usize::try_from(at.month()).unwrap_or(1).saturating_sub(1);
        let weekday = WEEKDAYS[usize::try_from(at.weekday().to_sunday_zero_offset()).unwrap_or(0)];
        let half = match at.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let text = match element {
            Element::LongMonth => MONTHS[month].to_owned(),
            Element::Month => MONTHS[month][..3].to_owned(),
            Element::NumberMonth => at.month().to_string(),
            Element::ZeroMonth => format!("{:02}", at.month()),
            Element::LongWeekday => weekday.to_owned(),
            Element::Weekday => weekday[..3].to_owned(),
            Element::Day => at.day().to_string(),
            Element::UnderDay => format!("{:2}", at.day()),
            Element::ZeroDay => format!("{:02}", at.day()),
            Element::UnderYearDay => format!("{:3}", at.day_of_year()),
            Element::ZeroYearDay => format!("{:03}", at.day_of_year()),
            Element::Hour => format!("{:02}", at.hour()),
            Element::Hour12 => half.to_string(),
            Element::ZeroHour12 => format!("{half:02}"),
            Element::Minute => at.minute().to_string(),
            Element::ZeroMinute => format!("{:02}", at.minute()),
            Element::Second => at.second().to_string(),
            Element::ZeroSecond => format!("{:02}", at.second()),
            Element::LongYear if at.year() < 0 => format!("-{:04}", at.year().unsigned_abs()),
            Element::LongYear => format!("{:04}", at.year()),
            Element::Year => format!("{:02}", at.year().rem_euclid(100)),
            Element::UpperHalf => if at.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
            Element::LowerHalf => if at.hour() >= 12 { "pm" } else { "am" }.to_owned(),
            Element::Zone => self.zone_name(),
            Element::Offset(z, colons, minutes, seconds) => {
                offset(at.offset().seconds(), z, colons, minutes, seconds)
            }
            Element::Fraction(mark, count, trims) => self.fraction(mark, count, trims),
        };
        out.push_str(&text);
    }

    fn fraction(&self, mark: char, count: usize, trims: bool) -> String {
        let digits = format!("{:09}", self.at.subsec_nanosecond());
        let digits: String = digits.chars().chain(std::iter::repeat('0')).take(count).collect();
        let digits = if trims { digits.trim_end_matches('0') } else { &digits };
        if digits.is_empty() { String::new() } else { format!("{mark}{digits}") }
    }
}

fn offset(seconds: i32, z: bool, colons: bool, minutes: bool, with_seconds: bool) -> String {
    if z && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let colon = if colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}", seconds / 3600);
    if minutes {
        text.push_str(&format!("{colon}{:02}", seconds / 60 % 60));
    }
    if with_seconds {
        text.push_str(&format!("{colon}{:02}", seconds % 60));
    }
    text
}

const NONE: &[Parameter] = &[];
const TEXT: &[Parameter] = &[Parameter::String];
const NUMBERS: &[Parameter] = &[Parameter::Int, Parameter::Int, Parameter::Int];
const TIME: &[Parameter] = &[Parameter::Named("time.Time")];
const SPAN: &[Parameter] = &[Parameter::Named("time.Duration")];

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.format("2006-01-02 15:04:05.999999999 -0700 MST").into_bytes())
    }

    fn json_text(&self) -> Option<Vec<u8>> {
        Some(self.format("2006-01-02T15:04:05.999999999Z07:00").into_bytes())
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        let fixed = match name {
            b"Unix" | b"UnixNano" | b"UnixMilli" | b"UnixMicro" | b"Year" | b"Month" | b"Day"
            | b"Hour" | b"Minute" | b"Second" | b"Nanosecond" | b"Weekday" | b"YearDay"
            | b"UTC" | b"Local" | b"IsZero" | b"String" => NONE,
            b"Format" => TEXT,
            b"AddDate" => NUMBERS,
            b"Sub" | b"Before" | b"After" | b"Equal" => TIME,
            b"Add" | b"Round" | b"Truncate" => SPAN,
            _ => return None,
        };
        Some(Signature { fixed, variadic: None, returns_interface: false })
    }

    fn call(&self, name: &[u8], arguments: &[Value]) -> Result<Value, String> {
        let number = |index: usize| match arguments.get(index) {
            Some(Value::Integer(_, number)) => *number,
            _ => 0,
        };
        let other = || arguments.first().and_then(Self::of).unwrap_or_else(Self::zero);
        let at = self.at.timestamp();
        let nanoseconds = at.as_nanosecond();
        let int = |value: i64| Ok(Value::int(value));
        match name {
            b"Unix" => {
                Ok(Value::int64(i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(0)))
            }
            b"UnixNano" => Ok(Value::int64(i64::try_from(nanoseconds).unwrap_or(0))),
            b"UnixMilli" => {
                Ok(Value::int64(i64::try_from(nanoseconds.div_euclid(1_000_000)).unwrap_or(0)))
            }
            b"UnixMicro" => {
                Ok(Value::int64(i64::try_from(nanoseconds.div_euclid(1_000)).unwrap_or(0)))
            }
            b"Year" => int(i64::from(self.at.year())),
            b"Month" => Ok(Named::value("time.Month", MONTHS, i64::from(self.at.month()), 1)),
            b"Weekday" => {
                let day = i64::from(Weekday::to_sunday_zero_offset(self.at.weekday()));
                Ok(Named::value("time.Weekday", WEEKDAYS, day, 0))
            }
            b"Day" => int(i64::from(self.at.day())),
            b"Hour" => int(i64::from(self.at.hour())),
            b"Minute" => int(i64::from(self.at.minute())),
            b"Second" => int(i64::from(self.at.second())),
            b"Nanosecond" => int(i64::try_from(nanoseconds.rem_euclid(1_000_000_000)).unwrap_or(0)),
            b"YearDay" => int(i64::from(self.at.day_of_year())),
            b"UTC" | b"Local" => Ok(self.in_zone(TimeZone::UTC).value()),
            b"IsZero" => Ok(Value::Bool(at == Self::zero().at.timestamp())),
            b"String" => Ok(Value::string(self.text().unwrap_or_default())),
            b"Format" => {
                let Some(Value::String(layout)) = arguments.first() else {
                    return Ok(Value::string(""));
                };
                Ok(Value::string(self.format(&String::from_utf8_lossy(layout))))
            }
            b"AddDate" => Ok(self.add_date(number(0), number(1), number(2)).value()),
            b"Sub" => Ok(Value::Integer(IntegerKind::Duration, self.since(&other()))),
            b"Before" => Ok(Value::Bool(at < other().at.timestamp())),
            b"After" => Ok(Value::Bool(at > other().at.timestamp())),
            b"Equal" => Ok(Value::Bool(at == other().at.timestamp())),
            b"Add" => Ok(self.plus(number(0)).value()),
            b"Round" | b"Truncate" => {
                let since = self.since(&Self::from_unix(0, 0));
                let span = number(0);
                let whole = if name == b"Round" {
                    super::rounded(since, span)
                } else if span > 0 {
                    since - since.rem_euclid(span)
                } else {
                    since
                };
                Ok(self.plus(whole.saturating_sub(since)).value())
            }
            // Not a name a template can spell: how a copy finds its zone again.
            b" zone" => Ok(Value::string(match self.at.time_zone().iana_name() {
                Some(name) => name.to_owned(),
                None => self.at.offset().seconds().to_string(),
            })),
            _ => Err("no such method".to_owned()),
        }
    }
}

impl Time {
    /// Years, months and days added, overflowing days into the next month as Go does.
    fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let date = self.at.date();
        let total = (i64::from(date.year()).saturating_add(years))
            .saturating_mul(12)
            .saturating_add(i64::from(date.month()) - 1)
            .saturating_add(months);
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
        let (Ok(year), Ok(month)) = (i16::try_from(year), i8::try_from(month)) else {
            return self.clone();
        };
        let first = jiff::civil::Date::new(year, month, 1);
        let days = i64::from(date.day()) - 1 + days;
        let moved = first.and_then(|first| {
            first.checked_add(SignedDuration::from_hours(days.clamp(-4_000_000, 4_000_000) * 24))
        });
        let zoned = moved.and_then(|date| {
            date.to_datetime(self.at.time()).to_zoned(self.at.time_zone().clone())
        });
        zoned.map_or_else(|_| self.clone(), |at| Self { at })
    }
}

/// A named integer with a text: a month, a weekday.
#[derive(Debug)]
struct Named {
    kind: &'static str,
    name: &'static str,
}

impl Named {
    fn value(
        kind: &'static str,
        names: impl AsRef<[&'static str]>,
        number: i64,
        first: i64,
    ) -> Value {
        let place = usize::try_from(number - first).unwrap_or(0);
        let name = names.as_ref().get(place).copied().unwrap_or("");
        Value::Object(Rc::new(Self { kind, name }))
    }
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.kind
    }

    fn kind_name(&self) -> &str {
        "int"
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(self.name.as_bytes().to_vec())
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        (name == b"String").then_some(Signature {
            fixed: NONE,
            variadic: None,
            returns_interface: false,
        })
    }

    fn call(&self, _: &[u8], _: &[Value]) -> Result<Value, String> {
        Ok(Value::string(self.name))
    }
}
