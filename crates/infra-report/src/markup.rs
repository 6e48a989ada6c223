//! [`Markup`]: HTML and SVG text in which nothing that comes from outside can become markup.

use crate::text::printable;

/// Markup under construction. Literal markup must be known when the program is compiled; whatever comes from events is escaped.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    text: String,
}

impl Markup {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds markup.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Adds text, which may stand between tags or in a quoted attribute.
    pub(crate) fn text(&mut self, text: impl AsRef<str>) -> &mut Self {
        for character in printable(text.as_ref()).chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                other => self.text.push(other),
            }
        }
        self
    }

    /// Adds a line break within a quoted attribute.
    pub(crate) fn line_break(&mut self) -> &mut Self {
        self.raw("&#10;")
    }

    /// Adds a number with at most two digits after the point; what is no number becomes 0.
    pub(crate) fn number(&mut self, number: f64) -> &mut Self {
        let number = if number.is_finite() { number } else { 0.0 };
        let text = format!("{number:.2}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        self.text.push_str(if text == "-0" { "0" } else { text });
        self
    }

    /// Adds a whole number.
    pub(crate) fn integer(&mut self, number: usize) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// Adds markup that was built the same way.
    pub(crate) fn append(&mut self, other: Markup) -> &mut Self {
        self.text.push_str(&other.text);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds JSON for a `script` element of a data type: nothing in it can end the element.
    pub(crate) fn json(&mut self, json: &str) -> &mut Self {
        // In JSON these characters stand only in strings, where the escape means the same.
        for character in json.chars() {
            match character {
                '<' => self.text.push_str("\\u003c"),
                '>' => self.text.push_str("\\u003e"),
                '&' => self.text.push_str("\\u0026"),
                '\u{2028}' => self.text.push_str("\\u2028"),
                '\u{2029}' => self.text.push_str("\\u2029"),
                other => self.text.push(other),
            }
        }
        self
    }

    /// Adds Base64 text, which holds no character that means anything in markup.
    pub(crate) fn base64(&mut self, bytes: &[u8]) -> &mut Self {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode_string(bytes, &mut self.text);
        self
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let mut markup = Markup::new();
        markup.raw("<b title=\"").text("\" onload='x'").raw("\">").text("<script>&\u{1b}[0m");
        assert_eq!(
            markup.finish(),
            "<b title=\"&quot; onload=&#39;x&#39;\">&lt;script&gt;&amp;?[0m"
        );
    }

    #[test]
    fn numbers_are_short() {
        let mut markup = Markup::new();
        for number in [1.0, 2.5, 3.14629, -0.001, f64::NAN, f64::INFINITY, 1200.0] {
            markup.number(number).raw(" ");
        }
        assert_eq!(markup.finish(), "1 2.5 3.15 0 0 0 1200 ");
    }

    #[test]
    fn json_cannot_end_its_element() {
        let mut markup = Markup::new();
        let json = serde_json::json!({"name": "</script><!--", "and": "&"}).to_string();
        markup.json(&json);
        let text = markup.finish();
        assert!(!text.contains('<') && !text.contains('>') && !text.contains('&'));
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["name"], "</script><!--");
    }
}
