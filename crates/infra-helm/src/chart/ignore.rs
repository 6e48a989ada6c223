//! `.helmignore`: Helm's own rules, where the first match decides and negation keeps only what it names.

use super::pattern::matches;

struct Rule {
    pattern: String,
    negated: bool,
    folders_only: bool,
    /// The whole path is matched, and not the last part alone.
    whole: bool,
}

/// The rules of one chart.
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    /// Reads a file of rules; without one, only the rule that hides dot files in `templates`.
    ///
    /// # Errors
    /// A pattern that Helm refuses.
    pub(super) fn parse(text: Option<&[u8]>) -> Result<Self, String> {
        let mut rules = Self(Vec::new());
        let text = text.unwrap_or_default();
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in String::from_utf8_lossy(text).lines() {
            rules.add(line)?;
        }
        rules.add("templates/.?*")?;
        Ok(rules)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let mut rule = line.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            return Err("double-star (**) syntax is not supported".to_owned());
        }
        if matches(rule, "abc").is_err() {
            return Err("syntax error in pattern".to_owned());
        }
        let negated = rule.starts_with('!');
        rule = rule.strip_prefix('!').unwrap_or(rule);
        let folders_only = rule.ends_with('/');
        rule = rule.strip_suffix('/').unwrap_or(rule);
        let rooted = rule.starts_with('/');
        let whole = rooted || rule.contains('/');
        let pattern = rule.strip_prefix('/').unwrap_or(rule).to_owned();
        self.0.push(Rule { pattern, negated, folders_only, whole });
        Ok(())
    }

    /// Whether a path from the chart's root is left out.
    pub(super) fn ignores(&self, path: &str, is_folder: bool) -> bool {
        if path.is_empty() || path == "." || path == "./" {
            return false;
        }
        let base = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.0 {
            let found = || matches(&rule.pattern, if rule.whole { path } else { base }) == Ok(true);
            if rule.negated {
                if rule.folders_only && !is_folder || !found() {
                    return true;
                }
            } else if (is_folder || !rule.folders_only) && found() {
                return true;
            }
        }
        false
    }
}
