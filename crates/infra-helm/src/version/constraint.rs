//! Constraints: comparisons, `~`, `^`, wildcards, hyphen ranges, joined by commas, spaces and `||`.

use std::{cmp::Ordering, sync::LazyLock};

use regex::Regex;

use super::semantic::{Version, compare_prerelease};

const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

struct Patterns {
    one: Regex,
    range: Regex,
    find: Regex,
    valid: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let (version, operators) = (VERSION, OPERATORS);
    Some(Patterns {
        one: Regex::new(&format!(r"^[\t\n\f\r ]*({operators})[\t\n\f\r ]*({version})[\t\n\f\r ]*$")).ok()?,
        range: Regex::new(&format!(r"[\t\n\f\r ]*({version})[\t\n\f\r ]+-[\t\n\f\r ]+({version})[\t\n\f\r ]*")).ok()?,
        find: Regex::new(&format!(r"({operators})[\t\n\f\r ]*({version})")).ok()?,
        valid: Regex::new(&format!(
            r"^([\t\n\f\r ]*({operators})[\t\n\f\r ]*({version})[\t\n\f\r ]*)((?:[\t\n\f\r ]+|,[\t\n\f\r ]*)({operators})[\t\n\f\r ]*({version})[\t\n\f\r ]*)*$"
        ))
        .ok()?,
    })
});

/// One comparison.
#[derive(Clone, Debug)]
struct Constraint {
    operator: String,
    version: Version,
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

/// Alternatives of comparisons that must all hold.
#[derive(Clone, Debug)]
pub(crate) struct Constraints(Vec<(Vec<Constraint>, bool)>);

/// Whether a version lies in a range; `false` when either cannot be read.
pub(crate) fn is_compatible(range: &str, version: &str) -> bool {
    match (Version::parse(version), Constraints::parse(range)) {
        (Ok(version), Ok(constraints)) => constraints.check(&version),
        _ => false,
    }
}

impl Constraints {
    /// Reads constraints.
    ///
    /// # Errors
    /// Masterminds' text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some(patterns) = &*PATTERNS else { return Err("improper constraint".to_owned()) };
        let text = rewrite_ranges(patterns, text);
        let mut alternatives = Vec::new();
        for part in text.split("||") {
            if !patterns.valid.is_match(part) {
                return Err(improper(part));
            }
            let found: Vec<&str> =
                patterns.find.find_iter(part).map(|found| found.as_str()).collect();
            let found = if found.is_empty() { vec![part] } else { found };
            let mut all = Vec::new();
            for text in found {
                all.push(Constraint::parse(patterns, text)?);
            }
            let prerelease = all.iter().any(|constraint| !constraint.version.prerelease.is_empty());
            alternatives.push((all, prerelease));
        }
        Ok(Self(alternatives))
    }

    pub(crate) fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|(all, prerelease)| {
            all.iter().all(|constraint| constraint.check(version, *prerelease))
        })
    }
}

fn improper(text: &str) -> String {
    format!("improper constraint: {}", crate::format::quote(text.as_bytes(), '"', false))
}

/// `1.2 - 1.4` becomes two comparisons.
fn rewrite_ranges(patterns: &Patterns, text: &str) -> String {
    let mut out = text.to_owned();
    for found in patterns.range.captures_iter(text) {
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        out = out.replacen(part(0), &format!(">= {}, <= {} ", part(1), part(11)), 1);
    }
    out
}

fn is_wild(text: &str) -> bool {
    matches!(text, "x" | "X" | "*")
}

impl Constraint {
    fn parse(patterns: &Patterns, text: &str) -> Result<Self, String> {
        let Some(found) = patterns.one.captures(text) else {
            return Err(improper(text));
        };
        let part = |index: usize| found.get(index).map_or("", |part| part.as_str());
        let open = |text: &str| text.is_empty() || is_wild(text.trim_start_matches('.'));
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (false, false, false);
        let mut version = part(2).to_owned();
        if open(part(3)) {
            version = format!("0.0.0{}", part(6));
            dirty = true;
        } else if open(part(4)) {
            (dirty, minor_dirty) = (true, true);
            version = format!("{}.0.0{}", part(3), part(6));
        } else if open(part(5)) {
            (dirty, patch_dirty) = (true, true);
            version = format!("{}{}.0{}", part(3), part(4), part(6));
        }
        let version = Version::parse(&version).map_err(|_| "constraint parser error".to_owned())?;
        Ok(Self { operator: part(1).to_owned(), version, dirty, minor_dirty, patch_dirty })
    }

    fn check(&self, version: &Version, prerelease: bool) -> bool {
        if !version.prerelease.is_empty() && !prerelease {
            return false;
        }
        let order = version.compare(&self.version);
        match self.operator.as_str() {
            "" | "=" if self.dirty => self.tilde(version),
            "" | "=" => order == Ordering::Equal,
            "!=" => self.differs(version),
            ">" => self.above(version),
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" => self.up_to(version),
            "~" | "~>" => self.tilde(version),
            _ => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.dirty {
            if own.major != version.major || own.minor != version.minor && !self.minor_dirty {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if own.patch != version.patch && !self.patch_dirty {
                return true;
            }
            if self.patch_dirty {
                return compare_prerelease(&version.prerelease, &own.prerelease) != Ordering::Equal;
            }
        }
        version.compare(own) != Ordering::Equal
    }

    fn above(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.dirty {
            if version.major != own.major {
                return version.major > own.major;
            }
            if self.minor_dirty {
                return false;
            }
            if self.patch_dirty {
                return version.minor > own.minor;
            }
        }
        version.compare(own) == Ordering::Greater
    }

    fn up_to(&self, version: &Version) -> bool {
        let own = &self.version;
        if !self.dirty {
            return version.compare(own) != Ordering::Greater;
        }
        !(version.major > own.major
            || version.major == own.major && version.minor > own.minor && !self.minor_dirty)
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        let zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if zero && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.minor_dirty)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.minor_dirty {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_dirty {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_after_masterminds() {
        for (range, version, wanted) in [
            (">=1.19-0", "1.36.0", true),
            (">=1.19-0", "1.20.0-gke.1", true),
            (">=1.19", "1.20.0-gke.1", false),
            ("^0.2.3", "0.2.9", true),
            ("^0.2.3", "0.3.0", false),
            ("~1.2", "1.2.9", true),
            ("1.x", "1.9.9", true),
            ("1.2 - 1.4", "1.4.0", true),
            (">1.2, <2 || 5.x", "5.1.0", true),
            ("*", "0.1.0", true),
            ("!=1.2", "1.2.5", false),
            ("", "1.0.0", false),
        ] {
            assert_eq!(is_compatible(range, version), wanted, "{range} {version}");
        }
    }
}
