//! Dates and durations.

use super::{Function, lossy, typed};
use crate::{
    exec::Session,
    time::{Time, parse_duration, rounded, zone},
    value::{
        IntegerKind,
        Parameter::{Any, Named, String},
        Value,
    },
};

const TIME: crate::value::Parameter = Named("time.Time");

pub(super) const FUNCTIONS: &[Function] = &[
    typed("now", &[], None, |session, _| Ok(now(session).value())),
    typed("date", &[String, Any], None, |session, v| Ok(in_zone(session, &v[0], &v[1], "Local"))),
    typed("dateInZone", &[String, Any, String], None, |session, v| {
        Ok(in_zone(session, &v[0], &v[1], &lossy(&v[2])))
    }),
    typed("date_in_zone", &[String, Any, String], None, |session, v| {
        Ok(in_zone(session, &v[0], &v[1], &lossy(&v[2])))
    }),
    typed("htmlDate", &[Any], None, |session, v| {
        Ok(in_zone(session, &Value::string("2006-01-02"), &v[0], "Local"))
    }),
    typed("htmlDateInZone", &[Any, String], None, |session, v| {
        Ok(in_zone(session, &Value::string("2006-01-02"), &v[0], &lossy(&v[1])))
    }),
    typed("dateModify", &[String, TIME], None, |_, v| Ok(modified(v).unwrap_or(v[1].clone()))),
    typed("date_modify", &[String, TIME], None, |_, v| Ok(modified(v).unwrap_or(v[1].clone()))),
    typed("mustDateModify", &[String, TIME], None, |_, v| Ok(modified(v)?)),
    typed("must_date_modify", &[String, TIME], None, |_, v| Ok(modified(v)?)),
    typed("ago", &[Any], None, |session, v| {
        let now = now(session);
        let then = moment(session, &v[0]);
        Ok(Value::string(super::duration_text(rounded(now.since(&then), 1_000_000_000))))
    }),
    typed("duration", &[Any], None, |_, v| {
        let seconds = match &v[0] {
            Value::String(_) => lossy(&v[0]).parse().unwrap_or(0),
            Value::Integer(IntegerKind::Int64, seconds) => *seconds,
            _ => 0_i64,
        };
        Ok(Value::string(super::duration_text(seconds.wrapping_mul(1_000_000_000))))
    }),
    typed("durationRound", &[Any], None, |session, v| Ok(Value::string(coarse(session, &v[0])))),
    typed("unixEpoch", &[TIME], None, |_, v| {
        let at = Time::of(&v[0]).unwrap_or_else(Time::zero);
        Ok(Value::string(at.at.timestamp().as_second().to_string()))
    }),
    typed("toDate", &[String, String], None, |_, v| {
        Ok(Time::parse(&lossy(&v[0]), &lossy(&v[1])).unwrap_or_else(|_| Time::zero()).value())
    }),
    typed("mustToDate", &[String, String], None, |_, v| {
        Ok(Time::parse(&lossy(&v[0]), &lossy(&v[1]))?.value())
    }),
];

fn now(session: &Session) -> Time {
    let moment = session.environment.now();
    Time::from_unix(moment.seconds, moment.nanoseconds)
}

/// A time, seconds since 1970, or else now.
fn moment(session: &Session, value: &Value) -> Time {
    match value {
        Value::Integer(IntegerKind::Int | IntegerKind::Int64, seconds) => {
            Time::from_unix(*seconds, 0)
        }
        other => Time::of(other).unwrap_or_else(|| now(session)),
    }
}

fn in_zone(session: &Session, layout: &Value, date: &Value, name: &str) -> Value {
    let zone = zone(name).or_else(|| zone("UTC"));
    let at = moment(session, date);
    let at = zone.map_or(at.clone(), |zone| at.in_zone(zone));
    Value::string(at.format(&lossy(layout)))
}

fn modified(values: &[Value]) -> Result<Value, std::string::String> {
    let span = parse_duration(&lossy(&values[0]))?;
    Ok(Time::of(&values[1]).unwrap_or_else(Time::zero).plus(span).value())
}

/// The largest unit alone.
fn coarse(session: &Session, value: &Value) -> std::string::String {
    let nanoseconds = match value {
        Value::String(_) => parse_duration(&lossy(value)).unwrap_or(0),
        Value::Integer(IntegerKind::Int64, nanoseconds) => *nanoseconds,
        other => Time::of(other).map_or(0, |then| now(session).since(&then)),
    };
    let total = nanoseconds.unsigned_abs();
    let (second, day) = (1_000_000_000_u64, 86_400_000_000_000_u64);
    for (name, unit) in [
        ("y", day * 365),
        ("mo", day * 30),
        ("d", day),
        ("h", second * 3600),
        ("m", second * 60),
        ("s", second),
    ] {
        if total > unit {
            return format!("{}{name}", total / unit);
        }
    }
    "0s".to_owned()
}
