//! Versions: up to three numbers, a leading `v`, a pre-release and metadata.

use std::cmp::Ordering;

/// A version and the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) prerelease: String,
    pub(crate) metadata: String,
    pub(crate) original: String,
}

const INVALID: &str = "invalid semantic version";

fn identifiers_are_words(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn number(text: &str) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(INVALID.to_owned());
    }
    text.parse().map_err(|_| format!("error parsing version segment: strconv.ParseUint: parsing \"{text}\": value out of range"))
}

impl Version {
    /// Reads a version, filling what is missing with zeros.
    ///
    /// # Errors
    /// Masterminds' text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || INVALID.to_owned();
        let body = text.strip_prefix('v').unwrap_or(text);
        let (body, metadata) = match body.split_once('+') {
            Some((_, metadata)) if !identifiers_are_words(metadata) => return Err(invalid()),
            Some((body, metadata)) => (body, metadata),
            None => (body, ""),
        };
        let (numbers, prerelease) = match body.split_once('-') {
            Some((_, prerelease)) if !identifiers_are_words(prerelease) => return Err(invalid()),
            Some((numbers, prerelease)) => (numbers, prerelease),
            None => (body, ""),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        if parts.len() > 3 {
            return Err(invalid());
        }
        let mut segments = [0; 3];
        for (segment, part) in segments.iter_mut().zip(&parts) {
            *segment = number(part)?;
        }
        let zero_led = |part: &str| {
            part.len() > 1
                && part.starts_with('0')
                && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if prerelease.split('.').any(zero_led) {
            return Err("version segment starts with 0".to_owned());
        }
        let [major, minor, patch] = segments;
        Ok(Self {
            major,
            minor,
            patch,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// The canonical text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}.{}.{}", self.major, self.minor, self.patch);
        if !self.prerelease.is_empty() {
            text.push('-');
            text.push_str(&self.prerelease);
        }
        if !self.metadata.is_empty() {
            text.push('+');
            text.push_str(&self.metadata);
        }
        text
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self)
            .cmp(&numbers(other))
            .then_with(|| compare_prerelease(&self.prerelease, &other.prerelease))
    }
}

/// No pre-release is above any; else part by part, numbers below words.
pub(super) fn compare_prerelease(left: &str, right: &str) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (first, second) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (Some(first), Some(second)) => (first, second),
        };
        let order = match (first.parse::<u64>(), second.parse::<u64>()) {
            (Ok(first), Ok(second)) => first.cmp(&second),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => first.cmp(second),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
