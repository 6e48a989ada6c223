//! Go's `filepath.Match`.

/// A pattern that is not well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether a whole path matches: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\` escapes.
///
/// # Errors
/// The pattern is malformed, as far as matching came to see it.
pub(super) fn matches(pattern: &str, path: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    check(&pattern)?;
    Ok(here(&pattern, &path))
}

/// Finds malformed classes and escapes.
fn check(pattern: &[char]) -> Result<(), BadPattern> {
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            '\\' => {
                if at + 1 >= pattern.len() {
                    return Err(BadPattern);
                }
                at += 2;
            }
            '[' => at = class(&pattern[at..], None).ok_or(BadPattern)?.1 + at,
            _ => at += 1,
        }
    }
    Ok(())
}

/// Whether a class holds a character, and its length.
fn class(pattern: &[char], rune: Option<char>) -> Option<(bool, usize)> {
    let mut at = 1;
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let (mut found, mut ranges) = (false, 0);
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            return Some((found != negated, at + 1));
        }
        let low = member(pattern, &mut at)?;
        let mut high = low;
        if pattern.get(at) == Some(&'-') {
            at += 1;
            high = member(pattern, &mut at)?;
        }
        found |= rune.is_some_and(|rune| (low..=high).contains(&rune));
        ranges += 1;
    }
}

fn member(pattern: &[char], at: &mut usize) -> Option<char> {
    let mut rune = *pattern.get(*at)?;
    if matches!(rune, '-' | ']') {
        return None;
    }
    if rune == '\\' {
        *at += 1;
        rune = *pattern.get(*at)?;
    }
    *at += 1;
    // A class that ends with its text is not closed.
    pattern.get(*at).map(|_| rune)
}

/// Matches with one place to come back to: the last star.
fn here(pattern: &[char], path: &[char]) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(at) {
            None if place == path.len() => return true,
            None => None,
            Some('*') => {
                star = Some((at, place));
                at += 1;
                continue;
            }
            Some('?') => path.get(place).filter(|rune| **rune != '/').map(|_| 1),
            Some('[') => path.get(place).and_then(|rune| {
                class(&pattern[at..], Some(*rune))
                    .filter(|(found, _)| *found)
                    .map(|(_, length)| length)
            }),
            Some('\\') => {
                (path.get(place).is_some() && path.get(place) == pattern.get(at + 1)).then_some(2)
            }
            Some(rune) => (path.get(place) == Some(rune)).then_some(1),
        };
        if let Some(length) = step {
            at += length;
            place += 1;
            continue;
        }
        // Let the last star take one more character.
        match star {
            Some((from, taken)) if path.get(taken).is_some_and(|rune| *rune != '/') => {
                star = Some((from, taken + 1));
                at = from + 1;
                place = taken + 1;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, path, wanted) in [
            ("*.txt", "a.txt", Ok(true)),
            ("*.txt", "a/b.txt", Ok(false)),
            ("templates/.?*", "templates/.hidden", Ok(true)),
            ("a[b-d]e", "ace", Ok(true)),
            ("a[^b-d]e", "ace", Ok(false)),
            ("a\\*b", "a*b", Ok(true)),
            ("a*b*c", "aXXbYYc", Ok(true)),
            ("[", "a", Err(BadPattern)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
        ] {
            assert_eq!(matches(pattern, path), wanted, "{pattern} {path}");
        }
    }
}
