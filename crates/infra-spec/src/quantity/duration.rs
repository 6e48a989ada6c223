//! Durations such as `90s`, `10m`, `1h30m`. A bare number is refused: its unit would be a guess.

use std::time::Duration;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a duration.
///
/// # Errors
/// A text that says what is expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration, such as `90s`, `10m` or `1h30m`");
    if !text.is_empty() && text.chars().all(|character| character.is_ascii_digit()) {
        return Err(format!("`{text}` has no unit; write `{text}s`, `{text}m` or `{text}h`"));
    }
    let mut seconds: u64 = 0;
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let (_, size) = UNITS.iter().find(|(unit, _)| *unit == character).ok_or_else(wrong)?;
        let amount: u64 = number.parse().map_err(|_| wrong())?;
        seconds = amount
            .checked_mul(*size)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(wrong)?;
        number.clear();
    }
    if text.is_empty() || !number.is_empty() {
        return Err(wrong());
    }
    Ok(Duration::from_secs(seconds))
}

/// Writes a duration as it is read; parts of a second are dropped.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(format_duration(Duration::from_secs(5400)), "1h30m");
        assert_eq!(format_duration(Duration::ZERO), "0s");
        for wrong in ["", "10", "m", "10x", "1h30", "-1s", "99999999999999999999s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
