//! Go's regular expressions in the words of the `regex` crate.
//!
//! Both descend from RE2. Go's classes are ASCII, it takes `\Q...\E`, and characters in a class that Rust gives a meaning
//! (`[`, `&&`, `--`, `~~`) are themselves.

/// Largest count of a repetition.
const REPEAT_LIMIT: u32 = 1_000;

struct Translator {
    runes: Vec<char>,
    at: usize,
    out: String,
    open: usize,
    /// Whether the last thing was a repetition, which cannot be repeated again.
    repeated: bool,
    /// Whether there is something to repeat.
    has_operand: bool,
}

/// Translates a pattern.
///
/// # Errors
/// Go's text, without its `error parsing regexp: `.
pub(crate) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        runes: pattern.chars().collect(),
        at: 0,
        out: String::new(),
        open: 0,
        repeated: false,
        has_operand: false,
    };
    while translator.at < translator.runes.len() {
        translator.one(pattern)?;
    }
    if translator.open > 0 {
        return Err(format!("missing closing ): `{pattern}`"));
    }
    Ok(translator.out)
}

impl Translator {
    fn rest(&self) -> String {
        self.runes[self.at..].iter().collect()
    }

    fn peek(&self, offset: usize) -> Option<char> {
        self.runes.get(self.at + offset).copied()
    }

    fn operand(&mut self, text: &str, length: usize) {
        self.out.push_str(text);
        self.at += length;
        self.has_operand = true;
        self.repeated = false;
    }

    fn one(&mut self, pattern: &str) -> Result<(), String> {
        let Some(rune) = self.peek(0) else { return Ok(()) };
        match rune {
            '\\' => self.escape()?,
            '[' => self.class()?,
            '(' => self.group(pattern)?,
            ')' => {
                if self.open == 0 {
                    return Err(format!("unexpected ): `{pattern}`"));
                }
                self.open -= 1;
                self.operand(")", 1);
            }
            '|' => {
                self.operand("|", 1);
                self.has_operand = false;
            }
            '*' | '+' | '?' => self.repeat(1, rune.to_string())?,
            '{' => match self.counts() {
                Some((length, low, high)) => {
                    let text: String = self.runes[self.at..self.at + length].iter().collect();
                    let beyond =
                        |count: Option<u32>| count.is_some_and(|count| count > REPEAT_LIMIT);
                    if beyond(Some(low)) || beyond(high) || high.is_some_and(|high| high < low) {
                        return Err(format!("invalid repeat count: `{text}`"));
                    }
                    self.repeat(length, text)?;
                }
                None => self.operand("\\{", 1),
            },
            '}' | ']' => self.operand(&format!("\\{rune}"), 1),
            '^' | '$' => self.operand(&rune.to_string(), 1),
            rune => self.operand(&rune.to_string(), 1),
        }
        Ok(())
    }

    fn repeat(&mut self, length: usize, text: String) -> Result<(), String> {
        if !self.has_operand {
            return Err(format!("missing argument to repetition operator: `{text}`"));
        }
        if self.repeated {
            let before: String = self.runes[..self.at].iter().rev().take(1).collect();
            return Err(format!("invalid nested repetition operator: `{before}{text}`"));
        }
        self.out.push_str(&text);
        self.at += length;
        if self.peek(0) == Some('?') {
            self.out.push('?');
            self.at += 1;
        }
        self.repeated = true;
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}`: its length and counts.
    fn counts(&self) -> Option<(usize, u32, Option<u32>)> {
        let end = self.runes[self.at..].iter().position(|rune| *rune == '}')?;
        let inside: String = self.runes[self.at + 1..self.at + end].iter().collect();
        let number = |text: &str| -> Option<u32> {
            let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            (good && !(text.len() > 1 && text.starts_with('0')))
                .then(|| text.parse().unwrap_or(u32::MAX))
        };
        let (low, high) = match inside.split_once(',') {
            None => {
                let count = number(&inside)?;
                (count, Some(count))
            }
            Some((low, "")) => (number(low)?, None),
            Some((low, high)) => (number(low)?, Some(number(high)?)),
        };
        Some((end + 1, low, high))
    }

    fn group(&mut self, pattern: &str) -> Result<(), String> {
        self.open += 1;
        self.has_operand = false;
        self.repeated = false;
        if self.peek(1) != Some('?') {
            self.out.push('(');
            self.at += 1;
            return Ok(());
        }
        let rest = self.rest();
        if rest.starts_with("(?P<") || rest.starts_with("(?<") {
            let Some(end) = rest.find('>') else {
                return Err(format!("invalid named capture: `{rest}`"));
            };
            let name = rest[..end].rsplit('<').next().unwrap_or("");
            let word = |rune: char| rune.is_ascii_alphanumeric() || rune == '_';
            if name.is_empty() || !name.chars().all(word) {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            self.out.push_str(&format!("(?P<{name}>"));
            self.at += rest[..=end].chars().count();
            return Ok(());
        }
        let flags: String = self.runes[self.at + 2..]
            .iter()
            .take_while(|rune| !matches!(rune, ':' | ')'))
            .collect();
        let end = self.at + 2 + flags.chars().count();
        let known = flags.chars().all(|flag| matches!(flag, 'i' | 'm' | 's' | 'U' | '-'));
        let Some(last) = self.runes.get(end).filter(|_| known) else {
            let shown: String = rest.chars().take(3).collect();
            let _ = pattern;
            return Err(format!("invalid or unsupported Perl syntax: `{shown}`"));
        };
        self.out.push_str(&format!("(?{flags}{last}"));
        if *last == ')' {
            self.open -= 1;
        }
        self.at = end + 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let Some(next) = self.peek(1) else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        match next {
            'd' => self.operand("[0-9]", 2),
            'D' => self.operand("[^0-9]", 2),
            's' => self.operand("[\\t\\n\\x0c\\r ]", 2),
            'S' => self.operand("[^\\t\\n\\x0c\\r ]", 2),
            'w' => self.operand("[0-9A-Za-z_]", 2),
            'W' => self.operand("[^0-9A-Za-z_]", 2),
            'b' => self.operand("(?-u:\\b)", 2),
            'B' => self.operand("(?-u:\\B)", 2),
            'A' | 'z' => self.operand(&format!("\\{next}"), 2),
            'Q' => {
                let rest: String = self.runes[self.at + 2..].iter().collect();
                let (inside, skip) = match rest.find("\\E") {
                    Some(end) => (&rest[..end], 2),
                    None => (rest.as_str(), 0),
                };
                let length = 2 + inside.chars().count() + skip;
                self.operand(&regex::escape(inside), length);
            }
            'p' | 'P' => {
                let (text, length) = self.property()?;
                self.operand(&text, length);
            }
            _ => {
                let (text, length) = self.character()?;
                self.operand(&text, length);
            }
        }
        Ok(())
    }

    fn property(&self) -> Result<(String, usize), String> {
        let length = if self.peek(2) == Some('{') {
            match self.runes[self.at..].iter().position(|rune| *rune == '}') {
                Some(end) => end + 1,
                None => return Err(format!("invalid character class range: `{}`", self.rest())),
            }
        } else {
            3
        };
        let text: String = self.runes[self.at..].iter().take(length).collect();
        Ok((text, length))
    }

    /// An escape that stands for one character.
    fn character(&self) -> Result<(String, usize), String> {
        let next = self.peek(1).unwrap_or(' ');
        let code = |digits: &str, radix: u32| {
            u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)
        };
        let (rune, length) = match next {
            'a' => (Some('\x07'), 2),
            'f' => (Some('\x0c'), 2),
            't' => (Some('\t'), 2),
            'n' => (Some('\n'), 2),
            'r' => (Some('\r'), 2),
            'v' => (Some('\x0b'), 2),
            'x' if self.peek(2) == Some('{') => {
                let inside: String =
                    self.runes[self.at + 3..].iter().take_while(|rune| **rune != '}').collect();
                (code(&inside, 16), 4 + inside.chars().count())
            }
            'x' => {
                let digits: String = self.runes[self.at + 2..].iter().take(2).collect();
                (code(&digits, 16).filter(|_| digits.len() == 2), 4)
            }
            '0'..='7' => {
                let digits: String = self.runes[self.at + 1..]
                    .iter()
                    .take(3)
                    .take_while(|rune| rune.is_digit(8))
                    .collect();
                // A single digit other than zero would refer back, which RE2 has not.
                let lone = next != '0' && digits.len() == 1;
                (code(&digits, 8).filter(|_| !lone), 1 + digits.len())
            }
            rune if rune.is_ascii_punctuation() => (Some(rune), 2),
            rune if !rune.is_ascii() => (None, 2),
            _ => (None, 2),
        };
        match rune {
            Some(rune) => Ok((format!("\\x{{{:x}}}", u32::from(rune)), length)),
            None => {
                let shown: String = self.runes[self.at..].iter().take(2).collect();
                Err(format!("invalid escape sequence: `{shown}`"))
            }
        }
    }

    fn class(&mut self) -> Result<(), String> {
        let whole = self.rest();
        let missing = || format!("missing closing ]: `{whole}`");
        let mut out = String::from("[");
        self.at += 1;
        if self.peek(0) == Some('^') {
            out.push('^');
            self.at += 1;
        }
        let mut first = true;
        loop {
            let rune = self.peek(0).ok_or_else(missing)?;
            if rune == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if rune == '[' && self.peek(1) == Some(':') {
                let rest = self.rest();
                if let Some(end) = rest.find(":]") {
                    let name = &rest[..end + 2];
                    let word = name[2..end].trim_start_matches('^');
                    if !word.is_empty() && word.chars().all(|rune| rune.is_ascii_lowercase()) {
                        out.push_str(name);
                        self.at += name.chars().count();
                        continue;
                    }
                }
            }
            if rune == '\\'
                && matches!(self.peek(1), Some('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P'))
            {
                let (text, length) = self.inner_class()?;
                out.push_str(&text);
                self.at += length;
                continue;
            }
            let low = self.member().map_err(|fault| fault.unwrap_or_else(missing))?;
            out.push_str(&low);
            if self.peek(0) == Some('-') && self.peek(1).is_some_and(|rune| rune != ']') {
                self.at += 1;
                let high = self.member().map_err(|fault| fault.unwrap_or_else(missing))?;
                out.push('-');
                out.push_str(&high);
            }
        }
        out.push(']');
        self.operand(&out, 0);
        Ok(())
    }

    fn inner_class(&self) -> Result<(String, usize), String> {
        let text = match self.peek(1) {
            Some('d') => "0-9",
            Some('D') => "[^0-9]",
            Some('s') => "\\t\\n\\x0c\\r ",
            Some('S') => "[^\\t\\n\\x0c\\r ]",
            Some('w') => "0-9A-Za-z_",
            Some('W') => "[^0-9A-Za-z_]",
            _ => return self.property(),
        };
        Ok((text.to_owned(), 2))
    }

    /// One character of a class; no text means the class does not end.
    fn member(&mut self) -> Result<String, Option<String>> {
        let rune = self.peek(0).ok_or(None)?;
        if rune == '\\' {
            if self.peek(1).is_none() {
                return Err(Some("trailing backslash at end of expression: ``".to_owned()));
            }
            let (text, length) = self.character().map_err(Some)?;
            self.at += length;
            return Ok(text);
        }
        self.at += 1;
        Ok(format!("\\x{{{:x}}}", u32::from(rune)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        regex::Regex::new(&translate(pattern).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn go_patterns_mean_the_same() {
        for (pattern, text, wanted) in [
            (r"^\d+$", "٣", false),
            (r"^[\w.]+$", "a.b", true),
            (r"[[]x", "[x", true),
            (r"^[a&&b]+$", "&", true),
            (r"\Qa.b\E", "axb", false),
            (r"a\/b", "a/b", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"[[:alpha:]]+", "é", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern}");
        }
        for refused in ["(", "a**", "*", "[a", r"\8", "a{1001}", "(?x)", "a)", r"\"] {
            assert!(translate(refused).is_err(), "{refused}");
        }
    }
}
