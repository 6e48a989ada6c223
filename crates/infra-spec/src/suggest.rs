//! "Did you mean": the closest of the known words, if it is close enough to be a slip.

/// The known word that a misspelt one was probably meant to be.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A very long word is no slip, and comparing it would cost its length times that of every known word.
    if word.len() > 100 {
        return None;
    }
    let plain = normalise(word);
    known
        .into_iter()
        .map(|candidate| (distance(&plain, &normalise(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= tolerance(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// camelCase, kebab-case and snake_case of one word are the same.
fn normalise(word: &str) -> String {
    word.chars()
        .filter(|character| !matches!(character, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

fn distance(word: &str, candidate: &str) -> usize {
    strsim::damerau_levenshtein(word, candidate)
}

fn tolerance(candidate: &str) -> usize {
    match candidate.chars().count() {
        0..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        assert_eq!(closest("pool", ["pools", "labels"]), Some("pools"));
        assert_eq!(closest("maxCount", ["max_count", "min"]), Some("max_count"));
        assert_eq!(closest("providers", ["pools", "labels"]), None);
        assert_eq!(closest("x", ["on"]), None);
    }
}
