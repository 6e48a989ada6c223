//! Ages as people read them.

use jiff::Timestamp;
use serde_json::Value;

/// Age of a time of the wire: `5m`, or `<unknown>` without one.
pub(super) fn since(time: &Value, now: Timestamp) -> String {
    match time.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(then) => human_duration(now.as_second() - then.as_second()),
        None => "<unknown>".to_owned(),
    }
}

/// A duration in seconds in the two units that matter: `90s`, `5m30s`, `3h`, `2d5h`, `400d`.
pub fn human_duration(seconds: i64) -> String {
    let pair = |large: i64, unit: char, small: i64, lesser: char| {
        if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit}{small}{lesser}") }
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (seconds, minutes, hours) {
        (..-1, ..) => "<invalid>".to_owned(),
        (-1, ..) => "0s".to_owned(),
        (0..120, ..) => format!("{seconds}s"),
        (_, 0..10, _) => pair(minutes, 'm', seconds % 60, 's'),
        (_, 0..180, _) => format!("{minutes}m"),
        (_, _, 0..8) => pair(hours, 'h', minutes % 60, 'm'),
        (_, _, 0..48) => format!("{hours}h"),
        (_, _, 0..192) => pair(hours / 24, 'd', hours % 24, 'h'),
        (_, _, 0..17520) => format!("{}d", hours / 24),
        (_, _, 0..70080) => pair(hours / 8760, 'y', hours / 24 % 365, 'd'),
        _ => format!("{}y", hours / 8760),
    }
}

#[cfg(test)]
mod tests {
    use super::human_duration;

    #[test]
    fn durations() {
        for (seconds, expected) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (330, "5m30s"),
            (3600, "60m"),
            (10800, "3h"),
            (11100, "3h5m"),
            (36000, "10h"),
            (180_000, "2d2h"),
            (864_000, "10d"),
            (-5, "<invalid>"),
            (63_072_000 + 86_400, "2y1d"),
        ] {
            assert_eq!(human_duration(seconds), expected);
        }
    }
}
