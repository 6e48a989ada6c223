//! Breaking long text into lines.

use super::line::{printable, width};

/// Breaks `text` into lines of at most `columns`, at blanks where there are any; line breaks in the text are kept. Never empty.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in printable(paragraph).split(' ') {
            let gap = usize::from(!line.is_empty());
            if width(&line) + gap + width(word) <= columns {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line = break_word(word, columns, &mut lines);
        }
        lines.push(line);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Breaks a word that is longer than a line; gives the rest that fits.
fn break_word(word: &str, columns: usize, lines: &mut Vec<String>) -> String {
    let mut rest = String::new();
    for character in word.chars() {
        let mut longer = rest.clone();
        longer.push(character);
        if width(&longer) > columns {
            lines.push(std::mem::take(&mut rest));
            rest.push(character);
        } else {
            rest = longer;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("a\nb", 8), ["a", "b"]);
        assert_eq!(wrap("0123456789abcdef01 x", 8), ["01234567", "89abcdef", "01 x"]);
        assert_eq!(wrap("", 8), [""]);
    }
}
