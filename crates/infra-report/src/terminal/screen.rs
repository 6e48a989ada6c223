//! [`Screen`]: a block of lines at the bottom of a terminal that is drawn over and over, each time in one write.

use std::io::Write;

use crate::text::Line;

/// Cursor to the first column; with [`UP`], to the beginning of the block.
const ERASE_TO_END_OF_LINE: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// A block of lines that can be drawn over.
pub(crate) struct Screen {
    out: Box<dyn Write + Send>,
    colour: bool,
    /// Widths of the lines that stand there; the cursor is at the end of the last one.
    standing: Vec<usize>,
    /// What stands there, so that nothing is written when nothing changed.
    content: String,
}

impl Screen {
    pub(crate) fn new(out: Box<dyn Write + Send>, colour: bool) -> Self {
        Self { out, colour, standing: Vec::new(), content: String::new() }
    }

    /// Draws the block anew over what stands there.
    pub(crate) fn draw(&mut self, lines: &[Line], columns: usize) {
        let rendered: Vec<String> = lines.iter().map(|line| line.render(self.colour)).collect();
        let content = rendered.join("\n");
        if content == self.content && !self.standing.is_empty() {
            return;
        }
        let mut text = self.to_begin(columns);
        text.push_str(&rendered.join(&format!("{ERASE_TO_END_OF_LINE}\n")));
        text.push_str(ERASE_TO_END_OF_LINE);
        text.push_str(ERASE_BELOW);
        self.write(&text);
        self.standing = lines.iter().map(Line::width).collect();
        self.content = content;
    }

    /// Takes the block away and prints lines that stay.
    pub(crate) fn print(&mut self, lines: &[Line], columns: usize) {
        let mut text = self.to_begin(columns);
        if !self.standing.is_empty() {
            text.push_str(ERASE_BELOW);
        }
        for line in lines {
            text.push_str(line.render(self.colour).trim_end());
            text.push('\n');
        }
        self.write(&text);
        self.standing.clear();
        self.content.clear();
    }

    /// Moves the cursor to the beginning of the block. A terminal that became narrower has broken its lines, which counts.
    fn to_begin(&self, columns: usize) -> String {
        let rows: usize =
            self.standing.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        match rows {
            0 => String::new(),
            1 => "\r".to_owned(),
            rows => format!("\r\u{1b}[{}A", rows - 1),
        }
    }

    fn write(&mut self, text: &str) {
        // A terminal that went away must not end the run.
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}
