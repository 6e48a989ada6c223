//! Durations as people read them.

/// Seconds as `0.4s`, `12s`, `1m12s`, `2h05m`, `3d04h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds <= 0.0 {
        return "0s".to_owned();
    }
    if seconds < 0.95 {
        let tenths = (seconds * 10.0).round() / 10.0;
        return if tenths == 0.0 { "0s".to_owned() } else { format!("{tenths:.1}s") };
    }
    let whole = whole_seconds(seconds.round());
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match whole {
        0..60 => format!("{whole}s"),
        60..3_600 => format!("{minutes}m{:02}s", whole % 60),
        3_600..86_400 => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

/// An expected duration: `about 20s`, `about 3m`, `about 1h05m`; rounded so that it promises no more than it knows.
pub fn about(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 1.0 {
        return "about 1s".to_owned();
    }
    let step = match seconds {
        s if s < 10.0 => 1.0,
        s if s < 57.5 => 5.0,
        s if s < 285.0 => 30.0,
        s if s < 3_570.0 => 60.0,
        _ => 300.0,
    };
    let rounded = whole_seconds((seconds / step).round() * step);
    let text = match (rounded / 60, rounded % 60) {
        (0, rest) => format!("{rest}s"),
        (minutes @ 1..60, 0) => format!("{minutes}m"),
        (minutes @ 1..60, rest) => format!("{minutes}m{rest:02}s"),
        (minutes, _) if minutes % 60 == 0 => format!("{}h", minutes / 60),
        (minutes, _) => format!("{}h{:02}m", minutes / 60, minutes % 60),
    };
    format!("about {text}")
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole_seconds(seconds: f64) -> u64 {
    // A cast of a float saturates; a hundred years are enough for any run.
    seconds.clamp(0.0, 3.2e9) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        let texts: Vec<_> = [0.0, 0.04, 0.44, 0.97, 12.4, 59.6, 72.0, 3_599.7, 7_500.0, 273_600.0]
            .map(duration)
            .into();
        assert_eq!(
            texts,
            ["0s", "0s", "0.4s", "1s", "12s", "1m00s", "1m12s", "1h00m", "2h05m", "3d04h"]
        );
        for odd in [f64::NAN, f64::INFINITY, -3.0] {
            assert_eq!(duration(odd), "0s");
        }
        assert_eq!(duration(1e300), duration(3.2e9));
    }

    #[test]
    fn expectations_are_rounded() {
        let texts: Vec<_> =
            [0.2, 7.2, 12.0, 58.0, 100.0, 181.0, 284.0, 400.0, 3_580.0, 4_000.0].map(about).into();
        let expected = [
            "about 1s",
            "about 7s",
            "about 10s",
            "about 1m",
            "about 1m30s",
            "about 3m",
            "about 4m30s",
            "about 7m",
            "about 1h",
            "about 1h05m",
        ];
        assert_eq!(texts, expected);
    }
}
