//! What a key may look like: segments that are legal in file names and in object stores alike.

use super::StoreError;

/// Longest key accepted, in bytes; S3 allows 1024.
const LONGEST: usize = 512;

/// Refuses keys that some store could not keep, or that could leave a directory.
///
/// A key is one or more segments of `A-Z a-z 0-9 . _ -`, joined by `/`; no segment begins with a dot.
///
/// # Errors
/// [`StoreError::InvalidKey`].
pub fn check_key(key: &str) -> Result<(), StoreError> {
    let legal = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if key.len() <= LONGEST && key.split('/').all(legal) {
        Ok(())
    } else {
        Err(StoreError::InvalidKey { key: key.chars().take(80).collect() })
    }
}

/// Refuses prefixes that are neither empty nor a key followed by `/`.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), StoreError> {
    match prefix.strip_suffix('/') {
        Some(key) => check_key(key),
        None if prefix.is_empty() => Ok(()),
        None => Err(StoreError::InvalidKey { key: prefix.chars().take(80).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_store() {
        for key in ["head", "journal/0000000001", "runs/0-a/events.jsonl", "a_b.c"] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in ["", "/", "a/", "/a", "..", "a/../b", ".lock", "a//b", "a b", "a\\b", "ä", "a\0"]
        {
            assert!(check_key(key).is_err(), "{key}");
        }
        assert!(check_key(&"a".repeat(600)).is_err());
        assert!(check_prefix("").is_ok() && check_prefix("a/b/").is_ok());
        assert!(check_prefix("a").is_err() && check_prefix("../").is_err());
    }
}
